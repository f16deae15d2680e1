"""Files that are whole or not there, and what the operating system says of them as errors of our own."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .errors import ChainruleError, FileError, ResourceError, UsageError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_whole(path: Path, content: bytes, way: str = "a path") -> None:
    """Write a file, as `whole` does.

    way:  how the user says where, for the error: "--out"
    Raises ResourceError for a full disk, FileError for a place that cannot be written.
    """
    with whole(path, way) as file:
        file.write(content)


@contextmanager
def whole(path: Path, way: str = "a path") -> Iterator[BinaryIO]:
    """A file to write, which comes to its place when the block ends well; what stood there stays until then.

    It is written beside its place, flushed to the disk and moved, and then the folder is flushed: whatever happens in
    between, and be it that the current fails, the place holds the old file or the new one, whole.
    way:  how the user says where, for the error: "--out"
    Raises ResourceError for a full disk, FileError for a place that cannot be written.
    """
    beside = path.parent / f".{path.name}.part"
    with told(path, way):
        try:
            with open(beside, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        keep_names(path.parent)


def append_whole(path: Path, lines: bytes, way: str = "a path") -> int:
    """Add lines to a file, flushed to the disk: all of them, or none where the disk is full; return its length then.

    A process that is killed can leave the beginning of them, as the last line of the file, without its end.
    way:  how the user says where, for the error
    Raises ResourceError for a full disk, FileError for a place that cannot be written.
    """
    with told(path, way), open(path, "ab", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        try:
            if file.write(lines) < len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(before)  # half a line would spoil those before it
            raise
    if before == 0:
        keep_names(path.parent)
    return before + len(lines)


def keep_names(folder: Path) -> None:
    """Flush a folder to the disk: the names of its files, where the system can do so."""
    with suppress(OSError):  # some systems do not open folders
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def take_away(files: Iterable[Path], folders: Iterable[Path]) -> None:
    """Remove files, and folders that are empty then; what is not there, or cannot be removed, stays as it is."""
    for file in files:
        with suppress(OSError):
            file.unlink()
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Inside, a folder is closed to whoever else comes this way; the lock ends with the process, however that ends.

    A system without such locks keeps nobody out.
    Raises UsageError if somebody is in it already.
    """
    held = lock(folder)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def lock(folder: Path) -> int | None:
    """A folder, opened and locked until it is closed; None where the system cannot do so."""
    if fcntl is None:
        return None
    try:
        held = os.open(folder, os.O_RDONLY)
    except OSError:  # whoever needs the folder says what is wrong with it
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        came, expected = "another process is at work in it", "a folder that nobody works in"
        raise UsageError(str(folder), came, expected, "wait until it is done, or stop it") from None
    except OSError:  # some network disks have no locks
        os.close(held)
        return None
    return held


@contextmanager
def told(path: Path, way: str = "a path") -> Iterator[None]:
    """Errors of the operating system, from writing, as our own, with the path.

    way:  how the user says where
    """
    try:
        yield
    except ChainruleError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in FULL:
            hint = f"free some, or {way} on another disk"
            raise ResourceError(str(path), reason, "room on the disk", hint) from None
        raise FileError(
            str(path), reason, "a place that can be written", f"{way} in another folder"
        ) from None
