"""The safetensors format, read: a header that says where each array lies, and their bytes, which nothing is a copy of.

8 bytes       the length of the header, lowest byte first
the header    JSON: {name: {"dtype", "shape", "data_offsets": [begin, end]}}, and texts under "__metadata__"
the rest      the arrays, without a gap and without an overlap

Source: the format's description at huggingface.co/docs/safetensors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from io import FileIO
from os import PathLike, fspath
from typing import Any, NamedTuple

import numpy as np

from .errors import FileError
from .graph.foreign import MOST_AXES, Foreign
from .notation import Reader
from .reading import ROOM, Refusal, check_end, fill, opened

CODES = {
    "bool": "BOOL",
    "float16": "F16",
    "float32": "F32",
    "float64": "F64",
    **{f"{sign}int{bits}": f"{sign or 'I'}{bits}".upper() for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
"""The dtypes of arrays by NumPy's names, as safetensors writes them."""
DTYPES = {code: np.dtype(name) for name, code in CODES.items()}

METADATA = "__metadata__"
EACH, AXIS = 512, 96
"""Bytes of memory that an array takes beside its numbers and its name, and each axis of it."""
MOST_HEADER = 100_000_000
MOST_NAME = 500


class Place(NamedTuple):
    """Where an array lies among the bytes after the header."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


class Header(NamedTuple):
    """What a file says of itself.

    content: its first bytes, with the length;  room: bytes of memory that are left for what is read from its texts
    """

    content: bytearray
    metadata: dict[str, str]
    places: dict[str, Place]
    room: int


Check = Callable[[Header, memoryview, Foreign], None]
"""Looks at a header and the bytes behind it."""


def read_tensors(
    path: str | PathLike[str], refuse: Refusal, again: str, check: Check = lambda header, rest, foreign: None
) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file by name, which nobody writes to.

    refuse:  the error of what is no such file;  again: how to get a damaged one anew;  check: what else has to hold
    Raises FileError for a file that is missing, damaged or foreign.
    """
    foreign = Foreign(fspath(path), again)
    with opened(path, refuse) as (file, size):
        header = read_header(file, size, refuse, foreign)
        rest = read_rest(file, size - len(header.content), refuse)
        check(header, rest, foreign)
        return arrays_in(rest, header.places, foreign)


def read_header(file: FileIO, size: int, refuse: Refusal, foreign: Foreign) -> Header:
    """What stands before the arrays; their places are those of the rest of the file."""
    start = bytearray(min(8, size))
    fill(file, start, refuse)
    length = int.from_bytes(start, "little")
    if size < 8 or not 2 <= length <= min(size - 8, MOST_HEADER):
        raise refuse(f"{size:,} bytes that are no whole safetensors file")
    content = start + bytes(length)
    fill(file, memoryview(content)[8:], refuse)
    return header_of(content, size, foreign)


def header_of(content: bytearray, size: int, foreign: Foreign) -> Header:
    """What the first bytes of a file of this size say."""
    # as a text, and once more as the names in it: four times as much where a letter is not of ASCII
    room = size + ROOM - 2 * len(content) * (1 if content[8:].isascii() else 4)
    try:
        metadata, places, room = parsed_header(content, foreign, room)
    except FileError:
        raise
    except ValueError as error:
        raise foreign.refuse("the header", str(error), "JSON as safetensors has it") from None
    check_places(places, size - len(content), foreign)
    return Header(content, metadata, places, room)


def parsed_header(
    content: bytearray, foreign: Foreign, room: int
) -> tuple[dict[str, str], dict[str, Place], int]:
    """The texts and the places that a header names, and the memory that is left."""
    if room < 0:
        raise foreign.refuse("the header", f"{len(content):,} bytes", "a shorter one in a file of this size")
    reader = Reader(str(memoryview(content)[8:], "utf-8"))
    metadata: dict[str, str] | None = None
    places: dict[str, Place] = {}
    for name in reader.entries():
        if name in places or (name == METADATA and metadata is not None):
            raise foreign.refuse("the header", f"the key {name!r} twice", "each name once")
        if name == METADATA:
            metadata = texts(reader, foreign)
            room -= EACH * len(metadata)
        else:
            places[name] = place(name, reader.small(), foreign)
            room -= EACH + AXIS * len(places[name].shape)
        if room < 0:
            raise foreign.refuse("the header", f"{len(places):,} arrays", "fewer in a file of this size")
    reader.end()
    return metadata or {}, places, room


def texts(reader: Reader, foreign: Foreign) -> dict[str, str]:
    """The metadata: texts by name."""
    found: dict[str, str] = {}
    for name in reader.entries():
        if name in found:
            raise foreign.refuse("the header", f"the key {name!r} twice", "each name once")
        found[name] = reader.string()
    return found


def place(name: str, facts: Any, foreign: Foreign) -> Place:
    """Where an array lies: as many bytes as its shape has numbers."""
    short = repr(name if len(name) <= 40 else f"{name[:39]}…")
    if len(name) > MOST_NAME:
        raise foreign.refuse("the header", f"a name of {len(name):,} letters", f"{MOST_NAME} at most")
    code, shape, offsets = foreign.fields(facts, f"the array {short}", "dtype", "shape", "data_offsets")
    if type(code) is not str or code not in DTYPES:
        raise foreign.refuse(f"the dtype of {short}", code, f"one of {', '.join(DTYPES)}")
    sizes = [foreign.whole(n, f"a size of {short}") for n in foreign.row(shape, f"the shape of {short}")]
    ends = foreign.row(offsets, f"the place of {short}", 2)
    begin, end = (foreign.whole(n, f"the place of {short}") for n in ends)
    bytes_ = math.prod(sizes) * DTYPES[code].itemsize
    if len(sizes) > MOST_AXES or math.prod(n for n in sizes if n) >> 62:
        raise foreign.refuse(f"the shape of {short}", shape, "an array that there could be")
    if end - begin != bytes_:
        came = f"{end - begin:,} bytes for the shape {tuple(sizes)} of {code}"
        raise foreign.refuse(f"the place of {short}", came, f"{bytes_:,} bytes")
    return Place(DTYPES[code], tuple(sizes), begin, end)


def check_places(places: Mapping[str, Place], size: int, foreign: Foreign) -> None:
    """The arrays cover the rest of the file, each byte once."""
    at = 0
    for name, found in sorted(places.items(), key=lambda item: item[1][2:]):
        if found.begin != at:
            came = f"{name!r:.40} begins at byte {found.begin:,} of the numbers"
            raise foreign.refuse("the header", came, f"byte {at:,}, where those before it end")
        at = found.end
    if at != size:
        came = f"{size:,} bytes of numbers ({'truncated' if size < at else 'something follows'})"
        raise foreign.refuse("the file", came, f"{at:,} bytes, as its header says")


def read_rest(file: FileIO, size: int, refuse: Refusal) -> memoryview:
    """All bytes after the header, once; nobody writes to them."""
    rest = np.empty(size, np.uint8)  # begins where any kind of number may
    fill(file, rest, refuse)
    check_end(file, refuse)
    return rest.data.toreadonly()


def arrays_in(rest: memoryview, places: Mapping[str, Place], foreign: Foreign) -> dict[str, np.ndarray]:
    """The arrays: views of these bytes where they lie as the processor wants them, which nobody writes to."""
    arrays = {}
    for name, (dtype, shape, begin, end) in places.items():
        array: np.ndarray = np.ndarray(shape, dtype.newbyteorder("<"), rest, begin if end > begin else 0)
        if dtype == np.bool_ and array.size and array.view(np.uint8).max() > 1:
            raise foreign.refuse(f"the array {name!r:.40}", "a byte that is neither 0 nor 1", "true or false")
        arrays[name] = np.require(array, dtype, ("C", "A"))
        arrays[name].flags.writeable = False
    return arrays
