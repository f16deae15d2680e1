"""Bytes that come one after the other, most often unpacked on the way: memory for them is taken once they are there."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import FileIO
from os import PathLike, fspath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileError
from ..reading import EXPANSION, MB, opened
from ..words import printable

FETCH_AGAIN = "fetch it again; a download may have broken off"

_PIECE, _LONG = 1 << 18, 160
# What gzip, zipfile and zlib raise of damaged files, beside OSError.
_FAULTS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, LookupError)


def fault(path: str | PathLike[str], came: str, expected: str, hint: str) -> FileError:
    """The error of a file that is not what its reader wants."""
    return FileError(fspath(path), came, expected, hint)


@contextmanager
def reading(path: str | PathLike[str], expected: str) -> Iterator[tuple[FileIO, int]]:
    """A regular file and its size; what goes wrong inside the block, of whatever kind, is the file's fault.

    Raises FileError, and ResourceError where memory ends.
    """

    def refuse(came: str) -> FileError:
        if came.startswith("No such file"):
            return fault(path, "no such file", "a file", "check the path")
        short = printable(came if len(came) < _LONG else f"{came[:_LONG]} …")
        return fault(path, f"it cannot be read ({short})", expected, FETCH_AGAIN)

    try:
        with opened(path, refuse) as found:
            yield found
    except (FileError, MemoryError):
        raise
    except _FAULTS as error:
        raise refuse(str(error)) from error


class Stream:
    """The content of a file, or of one part of it, in order.

    read:  gives the next bytes, at most so many;  size: of the packed file, which sets how much it may unpack to
    """

    def __init__(self, path: str | PathLike[str], read: Callable[[int], bytes], size: int) -> None:
        self.path, self.read = path, read
        self.most, self.made = max(MB, EXPANSION * size), 0

    def take(self, count: int) -> bytes:
        """The next bytes; fewer at the end.  Raises FileError where a packed file unpacks to far more than itself."""
        found = []
        while count and (piece := self.read(count)):
            found.append(piece)
            count -= len(piece)
            self.made += len(piece)
        if self.made > self.most:
            raise fault(
                self.path,
                f"it unpacks to more than {EXPANSION} times its size",
                "a file of pictures",
                "unpack it yourself if you trust it, and give the unpacked one",
            )
        return b"".join(found) if len(found) != 1 else found[0]

    def array(
        self, dtype: np.dtype[Any], shape: tuple[int, ...], expected: str, there: bool = False
    ) -> NDArray[Any]:
        """The next numbers, all of them, in the machine's own byte order.

        expected:  how many bytes there should be, for the error
        there:  whether the file is known to be as long; else they are gathered before there is an array for them
        """
        size = math.prod(shape) * dtype.itemsize
        pieces = self.pieces(size, expected)
        return native(spread(pieces if there else gathered(pieces), dtype, shape))

    def pieces(self, left: int, expected: str) -> Iterator[bytes]:
        """So many bytes, a few at a time."""
        begin = self.made
        while left:
            piece = self.take(min(left, _PIECE))
            if not piece:
                came = f"{self.made - begin:,} bytes of numbers (truncated)"
                raise fault(self.path, came, expected, FETCH_AGAIN)
            left -= len(piece)
            yield piece

    def check_end(self, expected: str) -> None:
        """Nothing follows."""
        if self.take(1):
            came = "something follows the numbers"
            raise fault(self.path, came, expected, "give the file as it was published")


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same once they are all there; each is given back when the next one is asked for."""
    found = deque(pieces)
    while found:
        yield found.popleft()


def spread(pieces: Iterable[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """An array of these bytes; it is made when the first of them is there."""
    array: NDArray[Any] | None = None
    at = 0
    for piece in pieces:
        array = np.empty(shape, dtype) if array is None else array
        array.reshape(-1).view(np.uint8)[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    return np.empty(shape, dtype) if array is None else array


def native(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in the machine's own byte order, in the same memory."""
    if array.dtype.isnative:
        return array
    return array.byteswap(inplace=True).view(array.dtype.newbyteorder("="))
