"""Only regular files are read, to their end and no further."""

import os
import socket
import threading

import pytest

from chainrule import reading
from chainrule.errors import FileError, ResourceError
from chainrule.reading import fill, opened, whole_file


def refuse(came):
    return FileError("who", came, "a file", "another")


def read(path, most=100):
    return whole_file(path, most, refuse)


def test_a_file_and_a_link_to_it_are_read(tmp_path):
    path, link = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"abc")
    link.symlink_to(path)
    assert read(path) == read(link) == b"abc"
    path.write_bytes(b"")
    assert read(path, 0) == b""


def place(kind, folder):
    """A path at which there is no file."""
    path = folder / "a"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(os.path.relpath(path))  # such paths are short
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "dangling":
        path.symlink_to(folder / "nothing")
    elif kind == "zero byte":
        return folder / "a\0b"
    return path


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipe", "a named pipe"),
        ("folder", "a folder"),
        ("device", "a device"),
        ("socket", "a socket"),
        ("circle", "symbolic links"),
        ("dangling", "No such file"),
        ("nothing", "No such file"),
        ("zero byte", "null"),
    ],
)
def test_what_is_no_file_is_refused_at_once(kind, said, tmp_path):
    with pytest.raises(FileError, match=said):
        read(place(kind, tmp_path))


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path, monkeypatch):
    path = place("pipe", tmp_path)
    checks = []

    def late(found, refuse):
        checks.append(found)
        if len(checks) > 1:  # it was exchanged after the first look
            check(found, refuse)

    check = reading.check_kind
    monkeypatch.setattr(reading, "check_kind", late)
    said = []

    def attempt():
        with pytest.raises(FileError) as caught:
            read(path)
        said.append(caught.value.came)

    trying = threading.Thread(target=attempt, daemon=True)
    trying.start()
    trying.join(20)  # for ever, where a pipe is waited for
    assert said == ["a named pipe"] and len(checks) == 2


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_what_is_no_file_is_not_even_opened(kind, tmp_path, monkeypatch):
    path = place(kind, tmp_path)
    monkeypatch.setattr(os, "open", None)
    with pytest.raises(FileError):
        read(path)


def test_a_large_file_is_not_read(tmp_path):
    path = tmp_path / "a"
    with open(path, "wb") as file:
        file.truncate(1 << 40)  # a hole: there is nothing on the disk
    with pytest.raises(FileError, match="1,099,511,627,776 bytes, more than the 100"):
        read(path)


def test_a_file_that_changes_while_it_is_read(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(10))
    with pytest.raises(FileError, match="shorter while"), opened(path, refuse) as (file, size):
        os.truncate(path, 5)
        fill(file, bytearray(size), refuse)
    path.write_bytes(bytes(10))
    with pytest.raises(FileError, match="longer while"), opened(path, refuse) as (file, size):
        fill(file, bytearray(size), refuse)
        path.write_bytes(bytes(11))
        reading.check_end(file, refuse)


def test_errors_inside_the_block(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    for error, kind in ((MemoryError(), ResourceError), (OSError(5, "Input/output error"), FileError)):
        with pytest.raises(kind), opened(path, refuse):
            raise error
    with pytest.raises(ResourceError) as caught, opened(path, refuse):
        raise ResourceError("a", "b", "c", "d")
    assert caught.value.who == "a"


def test_the_file_is_closed_again(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"")
    with opened(path, refuse) as (file, _):
        pass
    assert file.closed
