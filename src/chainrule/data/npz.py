"""Arrays in npz files, read without NumPy's own reader, which takes memory for whatever a header says.

An npz file is a zip archive of npy files; an npy file is a version, a header that is a dictionary of Python in its text
(never run here), and the numbers.  Nothing but plain arrays of numbers, truth values and texts is read.
Source: numpy.lib.format.
"""

from __future__ import annotations

import encodings.cp437  # noqa: F401  (of names in archives: nothing is loaded while a file is read)
import io
import math
import re
import reprlib
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FileError
from .stream import FETCH_AGAIN, Stream, fault, reading

_MAGIC, _NPY = b"PK", b"\x93NUMPY"
_MOST_HEADER = 10_000
_MOST_CONTENTS = 1 << 15
_MOST_AXES = 32
_PLAIN = re.compile(r"([<>|=]?)(b1|[iu][1248]|f[248]|[US][1-9]\d{0,5})")
_ITEM = re.compile(r" ?'(\w{5,13})': ?('[^'\\]{0,40}'|True|False|\([\dL, ]{0,999}\)),?")
_EXPECTED = "a whole npz file of plain arrays"


class Npz:
    """An open npz file.

    names:  of its arrays
    """

    def __init__(self, path: str | PathLike[str], archive: zipfile.ZipFile, size: int) -> None:
        self.path, self.archive, self.size, self.made = path, archive, size, 0
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        self.members = {info.filename.removesuffix(".npy"): info for info in members}
        if len(self.members) < len(members):
            raise self.fault("two arrays of one name")

    @property
    def names(self) -> list[str]:
        """The names of the arrays, sorted."""
        return sorted(self.members)

    @property
    def shown(self) -> str:
        """The same for a message: nothing in them steers a terminal."""
        return f"arrays named {reprlib.repr(self.names)}"

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One array.

        Raises FileError where it is damaged, or no plain array.
        """
        info = self.members[name]
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self.fault(f"{name}: packed in a way that np.savez does not use")
        with self.archive.open(info) as member:
            stream = Stream(self.path, member.read, self.size)
            stream.made = self.made
            dtype, fortran, shape, header = self._header(name, stream)
            size = math.prod(shape) * dtype.itemsize
            if info.file_size != header + size:
                came = f"{name}: {info.file_size - header:,} bytes of numbers for shape {shape} of {dtype}"
                raise fault(self.path, came, f"{size:,} bytes", FETCH_AGAIN)
            expected = f"{size:,} bytes for {name}"
            there = info.compress_type == zipfile.ZIP_STORED and info.file_size <= self.size
            array = stream.array(dtype, shape[::-1] if fortran else shape, expected, there)
            stream.check_end(expected)
            self.made = stream.made
        if dtype == np.bool_ and array.size and array.view(np.uint8).max() > 1:
            raise self.fault(f"{name}: a byte that is neither 0 nor 1 as a truth value")
        if dtype.kind == "U" and array.size and native_codes(array).max() > sys.maxunicode:
            raise self.fault(f"{name}: a letter that there is not")
        return array.T if fortran else array

    def _header(self, name: str, stream: Stream) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
        """What an npy file says of its numbers: dtype, whether the first axis is the fastest, shape; and its length."""
        start = stream.take(8)
        wide = 2 if start[6:7] == b"\1" else 4
        if len(start) < 8 or start[:6] != _NPY or start[6] not in (1, 2, 3):
            raise self.fault(f"{name}: it begins with the bytes {start.hex(' ') or '(none)'}")
        length = int.from_bytes(stream.take(wide), "little")
        if length > _MOST_HEADER:
            raise self.fault(f"{name}: a header of {length:,} bytes")
        text = stream.take(length).decode("latin1")
        facts = _facts(text)
        plain = _PLAIN.fullmatch(facts["descr"]) if facts else None
        if facts and facts["descr"] == "|O":
            came, hint = f"{name} is an array of Python objects", f'{name}.astype("int64") before it is saved'
            raise fault(self.path, came, _EXPECTED, hint)
        if not facts or not plain:
            raise self.fault(f"{name}: the header {reprlib.repr(text)}")
        shape = tuple(int(n) for n in re.findall(r"\d+", facts["shape"]))
        dtype = np.dtype("".join(plain.groups()))
        if len(shape) > _MOST_AXES or math.prod(n for n in shape if n) * dtype.itemsize >> 62:
            raise self.fault(f"{name}: the shape {reprlib.repr(shape)}")
        return dtype, facts["fortran_order"] == "True", shape, 8 + wide + length

    def fault(self, came: str) -> FileError:
        """The error of what is wrong in it."""
        return fault(self.path, f"it cannot be read ({came})", _EXPECTED, FETCH_AGAIN)


def _facts(text: str) -> dict[str, str]:
    """The three entries of the header's dictionary, as texts; none where it is another."""
    inside = text.strip()
    if not (inside.startswith("{") and inside.endswith("}")):
        return {}
    inside = inside[1:-1].rstrip()
    found, at = {}, 0
    while item := _ITEM.match(inside, at):
        found[item[1]], at = item[2].strip("'"), item.end()
    whole = at == len(inside) and {"descr", "fortran_order", "shape"} == set(found)
    right = whole and found["fortran_order"] in ("True", "False") and found["shape"].startswith("(")
    return found if right and re.fullmatch(r"\((\d+L?, ?)*(\d+L?)?\)", found["shape"]) else {}


def native_codes(array: NDArray[Any]) -> NDArray[np.uint32]:
    """The numbers of the letters in texts, without a copy."""
    return array.reshape(-1).view(np.uint32)


@contextmanager
def npz(path: str | PathLike[str]) -> Iterator[Npz]:
    """An npz file to read arrays from; what goes wrong inside the block is its fault.

    Raises FileError.
    """
    with reading(path, _EXPECTED) as (file, size):
        magic = file.read(len(_MAGIC))
        if magic != _MAGIC:
            raise fault(
                path,
                f"it begins with the bytes {magic.hex(' ') or '(none)'}",
                f"an npz file, which begins with {_MAGIC.hex(' ')}",
                "np.savez(path, x=images, y=labels)",
            )
        door = _Door(file)
        with zipfile.ZipFile(door) as archive:
            door.most = None
            yield Npz(path, archive, size)


class _Door:
    """A file through which zipfile reads a table of contents of limited size: each entry costs it 20 times as much.

    most:  bytes of the table; None once it is read
    """

    def __init__(self, file: io.FileIO) -> None:
        self.file = file
        self.most: int | None = _MOST_CONTENTS

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self.file.seek(offset, whence)

    def read(self, count: int = -1, /) -> bytes:
        """As of a file; reading to the end looks for the table, and is short."""
        if self.most is not None and count > self.most:
            raise ValueError(f"a table of contents of {count:,} bytes")
        return self.file.read(count)
