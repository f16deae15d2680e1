"""A file from a server that breaks off, lies, or is not there."""

import hashlib
import socket

import numpy as np
import pytest

from chainrule.data import fetch as fetching
from chainrule.data.fetch import TRIES, fetch
from chainrule.data.published import Published
from chainrule.errors import FileError

from .server import serving

CONTENT = np.random.default_rng(0).integers(0, 256, 600_000).astype(np.uint8).tobytes()


@pytest.fixture
def site():
    with serving({"a.bin": CONTENT}) as (base, found):
        found.base = base
        yield found


SUM = hashlib.md5(CONTENT).hexdigest()


def published(*bases, size=600_000, md5=SUM):
    return Published("a.bin", size, md5, bases)


def fetched(file, folder, listen=lambda *_: None):
    return fetch(file, folder, listen).read_bytes()


def test_a_file_comes_whole_and_is_counted(site, tmp_path):
    told = []
    assert fetched(published(site.base), tmp_path, lambda *facts: told.append(facts)) == CONTENT
    assert told[0] == ("a.bin", 0, len(CONTENT)) and told[-1] == ("a.bin", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_what_breaks_off_is_gone_on_with(site, tmp_path):
    site.breaks = [100_000, 200_000]
    assert fetched(published(site.base), tmp_path) == CONTENT
    assert site.asked == ["", "bytes=100000-", "bytes=300000-"]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(site, tmp_path):
    site.breaks = [1000] * TRIES
    with pytest.raises(FileError, match="broke off after 4,000 bytes.*4,000 of 600,000 bytes are there"):
        fetch(published(site.base), tmp_path, lambda *_: None)
    assert fetched(published(site.base), tmp_path) == CONTENT
    assert site.asked[-1] == "bytes=4000-"


def test_a_server_without_ranges_begins_anew(site, tmp_path):
    site.ranges, site.breaks = False, [100_000]
    assert fetched(published(site.base), tmp_path) == CONTENT


def test_a_server_that_gives_another_range_is_not_believed(site, tmp_path):
    site.liar, site.breaks = True, [100_000]
    with pytest.raises(FileError, match="another part of the file than it was asked for"):
        fetch(published(site.base), tmp_path, lambda *_: None)


def test_other_bytes_than_published_are_taken_away(site, tmp_path):
    with pytest.raises(
        FileError, match="other bytes than were published .*expected 600,000 bytes with the MD5"
    ):
        fetch(published(site.base, md5="0" * 32), tmp_path, lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_no_more_is_written_than_the_file_has(site, tmp_path):
    short = published(site.base, size=1000, md5=hashlib.md5(CONTENT[:1000]).hexdigest())
    assert fetched(short, tmp_path) == CONTENT[:1000]


def test_what_is_there_and_wrong_is_fetched_anew(site, tmp_path):
    (tmp_path / ".a.bin.part").write_bytes(b"x" * 5000)
    assert fetched(published(site.base), tmp_path) == CONTENT


def test_the_next_address_is_tried(site, tmp_path):
    closed = "http://127.0.0.1:9/"
    assert fetched(published(site.base + "elsewhere/none", closed, site.base), tmp_path) == CONTENT


def test_a_missing_file_and_no_server_say_so(site, tmp_path):
    site.files = {}
    with pytest.raises(FileError, match="the server says 404 Not Found"):
        fetch(published(site.base), tmp_path, lambda *_: None)
    with pytest.raises(FileError, match="no connection .*; try: the same command again"):
        fetch(published("http://127.0.0.1:9/"), tmp_path, lambda *_: None)


def test_a_server_leads_to_other_servers_only(site, tmp_path):
    site.moved = {"a.bin": f"{site.base}other.bin"}
    site.files["other.bin"] = CONTENT
    assert fetched(published(site.base), tmp_path) == CONTENT
    site.moved = {"a.bin": f"file://{__file__}"}
    (tmp_path / ".a.bin.part").unlink()
    with pytest.raises(FileError, match="a.bin: "):
        fetch(published(site.base), tmp_path, lambda *_: None)


def test_a_silent_server_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT", 0.05)
    monkeypatch.setattr(fetching, "TRIES", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        base = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(FileError, match="no answer|no connection"):
            fetch(published(base), tmp_path, lambda *_: None)
