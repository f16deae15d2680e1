"""Files from strangers, read: regular ones only, each to its end and no further, whatever happens to them meanwhile.

A refusal is a function of the reader: it makes the FileError of what came, with the path, what was expected and what to
try.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from os import PathLike
from typing import Any

from .errors import FileError, ResourceError

Refusal = Callable[[str], FileError]

MB = 1 << 20
ROOM = MB - (1 << 17)
"""Bytes of memory that reading may take beside twice the file; the rest of a megabyte is for what is too small to
count."""
EXPANSION = 100
"""So many times its size, beyond a megabyte, is what a packed file may unpack to."""

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def opened(path: str | PathLike[str], refuse: Refusal) -> Iterator[tuple[FileIO, int]]:
    """A file and its size, without a buffer of its own.

    Raises what `refuse` makes of a file that is missing, is no regular one, or cannot be read, also inside the block;
    ResourceError where memory ends there.
    """
    try:
        check_kind(os.stat(path), refuse)  # looked at before: opening a device may do something
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        number = os.open(path, flags | getattr(os, "O_BINARY", 0))
        with FileIO(number, "rb") as file:
            found = os.fstat(number)
            check_kind(found, refuse)
            yield file, found.st_size
    except (FileError, ResourceError):
        raise
    except MemoryError:
        raise ResourceError(
            os.fspath(path), "more than fits into memory", "room for its content", "another machine"
        ) from None
    except OSError as error:
        raise refuse(error.strerror or str(error)) from None
    except ValueError as error:  # a path with a zero byte
        raise refuse(str(error)) from None


def check_kind(found: os.stat_result, refuse: Refusal) -> None:
    """A regular file, or a link to one: a pipe would be waited for, a device has no end."""
    if not stat.S_ISREG(found.st_mode):
        raise refuse(KINDS.get(stat.S_IFMT(found.st_mode), "no regular file"))


def fill(file: FileIO, buffer: Any, refuse: Refusal) -> None:
    """Read as many bytes as a buffer holds."""
    view = memoryview(buffer).cast("B")
    while len(view):
        read = file.readinto(view[: 1 << 30])  # the system gives at most 2 GiB at once
        if not read:
            raise refuse("a file that became shorter while it was read")
        view = view[read:]


def check_end(file: FileIO, refuse: Refusal) -> None:
    """Nothing follows."""
    if file.read(1):
        raise refuse("a file that became longer while it was read")


def whole_file(path: str | PathLike[str], most: int, refuse: Refusal) -> bytearray:
    """All bytes of a small file, of so many at most."""
    with opened(path, refuse) as (file, size):
        if size > most:
            raise refuse(f"{size:,} bytes, more than the {most:,} that such a file has")
        content = bytearray(size)
        fill(file, content, refuse)
        check_end(file, refuse)
        return content
