"""Files that are whole or not there, and what the operating system says of them as errors of our own."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import ChainruleError, FileError, ResourceError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def write_whole(path: Path, content: bytes, way: str = "a path") -> None:
    """Write a file: beside its place, flushed to the disk, then moved there; what stood there stays until then.

    way:  how the user says where, for the error: "--out"
    Raises ResourceError for a full disk, FileError for a place that cannot be written.
    """
    beside = path.parent / f".{path.name}.part"
    with told(path, way):
        try:
            with open(beside, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


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
