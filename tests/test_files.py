"""A file is whole or not there, and a place that cannot be written says so."""

import os

import pytest

from chainrule.errors import FileError, ResourceError
from chainrule.files import told, write_whole


def test_a_file_is_written_and_written_over(tmp_path):
    place = tmp_path / "a.bin"
    write_whole(place, b"first")
    write_whole(place, b"second")
    assert place.read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_what_breaks_off_leaves_the_old_file(tmp_path, monkeypatch):
    place = tmp_path / "a.bin"
    write_whole(place, b"first")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(place, b"second")
    assert place.read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_errors_name_the_path_and_the_way_to_say_it(tmp_path):
    with pytest.raises(FileError, match=r"nowhere.*: No such file.*; try: a path in another folder"):
        write_whole(tmp_path / "nowhere" / "a.bin", b"")
    with pytest.raises(ResourceError, match="free some, or --out on another disk"), told(tmp_path, "--out"):
        raise OSError(28, "No space left on device")
