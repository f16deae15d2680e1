"""Sealed files: facts and named arrays in one safetensors file, with a checksum over every byte.

metadata    {name of the kind: facts as JSON, "format", "version", "chainrule" and "sha256" among them}
the rest    arrays, as in every safetensors file

The checksum is over the whole file with zeros in its own place.  There is one entry of metadata, because several would
come in another order each time, and the same content has to give the same bytes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from .digest import digest
from .errors import FileError
from .files import whole
from .graph.foreign import Foreign
from .notation import from_json
from .reading import Refusal, opened
from .tensorfile import CODES, Header, arrays_in, header_of, read_header, read_rest, read_tensors
from .version import __version__

NOTHING = "0" * 64
"""What stands in the place of the checksum while it is computed."""

OWN = ("format", "version", "chainrule", "sha256")
"""The facts of the format itself."""


class Kind(NamedTuple):
    """What a file is.

    name, version:  of the format;  what: a file of it in words;  source: what writes it;  again: how to get it anew
    """

    name: str
    version: int
    what: str
    source: str
    again: str

    def alien(self, path: str, came: str) -> FileError:
        """The error of a file that is no such thing."""
        return FileError(path, came, self.what, self.source)


class Sealed(NamedTuple):
    """What a file holds.  facts: without those of the format;  chainrule: the version that wrote it."""

    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]
    chainrule: str


def seal(
    path: Path, kind: Kind, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray], way: str = "a path"
) -> None:
    """Write a file, whole or not at all; the checksum is computed while the arrays go to the disk.

    way:  how the user says where, for the error
    Raises ResourceError for a full disk, FileError for a place that cannot be written, and for what could not be read
    again: tens of thousands of arrays of a few numbers, or facts that are far larger than the arrays.
    """
    head, pieces = written(kind, facts, arrays)
    check_readable(path, kind, head, sum(piece.nbytes for piece in pieces))
    found: list[bytes] = []
    with whole(path, way) as file:
        summing = threading.Thread(target=lambda: found.append(digest(head, *pieces)))
        summing.start()
        try:
            for piece in (head, *pieces):
                write_all(file, piece)
        finally:
            summing.join()
        file.seek(head.index(NOTHING.encode()))
        file.write(found[0].hex().encode())


def written(
    kind: Kind, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> tuple[bytes, list[memoryview]]:
    """The header, with zeros for the checksum, and the bytes of the arrays: wide numbers first, then by name."""
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    # the checksum before all that others say, which may hold as many zeros
    own = {"format": kind.name, "version": kind.version, "chainrule": __version__, "sha256": NOTHING}
    stated = json.dumps({**own, **facts}, separators=(",", ":"), allow_nan=False)
    header: dict[str, Any] = {"__metadata__": {kind.name: stated}}
    pieces, end = [], 0
    for name, array in ordered:
        begin, end = end, end + array.nbytes
        code = CODES[array.dtype.name]
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [begin, end]}
        pieces.append(bytes_of(array))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, pieces


def check_readable(path: Path, kind: Kind, head: bytes, size: int) -> None:
    """Nothing is written that `unseal` would refuse: too much beside the numbers, names that are too long."""
    foreign = Foreign(str(path))
    try:
        facts_of(header_of(bytearray(head), len(head) + size, foreign), kind, foreign)
    except FileError as error:
        hint = "fewer and larger arrays, fewer facts"
        came = f"content that could not be read again ({error.came})"
        raise FileError(str(path), came, error.expected, hint) from None


def bytes_of(array: np.ndarray) -> memoryview:
    """The bytes of an array in order, its own memory where they lie so."""
    little = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    return little.reshape(-1).view(np.uint8).data


def write_all(file: BinaryIO, piece: Any) -> None:
    """Write a buffer; the system takes at most 2 GiB at once."""
    view = memoryview(piece)
    while len(view):
        view = view[file.write(view[: 1 << 30]) :]


def unseal(path: Path, kind: Kind) -> Sealed:
    """The content of a file, once its checksum agrees.

    The arrays are read-only.  Raises FileError for a file that is missing, damaged, foreign, or of a newer version.
    """
    foreign = Foreign(str(path), kind.again)
    refuse = partial(kind.alien, str(path))
    digest()  # so that nothing is loaded while the file is read
    with opened(path, refuse) as (file, size):
        header = read_header(file, size, refuse, foreign)
        facts = facts_of(header, kind, foreign)
        check_version(facts, kind, foreign)
        rest = read_rest(file, size - len(header.content), refuse)
        check_whole(header.content, rest, facts, kind, foreign)
        arrays = arrays_in(rest, header.places, foreign)
    own = {name: fact for name, fact in facts.items() if name not in OWN}
    return Sealed(own, arrays, foreign.text(facts.get("chainrule"), "the version"))


def arrays_of(path: Path, kind: Kind, refuse: Refusal) -> dict[str, np.ndarray]:
    """The arrays of a file of this kind, once its checksum agrees, or of any other safetensors file, which has none.

    refuse:  the error of what is no safetensors file
    """
    digest()  # so that nothing is loaded while the file is read

    def check(header: Header, rest: memoryview, foreign: Foreign) -> None:
        if kind.name in header.metadata:
            facts = facts_of(header, kind, foreign)
            check_version(facts, kind, foreign)
            check_whole(header.content, rest, facts, kind, foreign)

    return read_tensors(path, refuse, kind.again, check)


def facts_of(header: Header, kind: Kind, foreign: Foreign) -> dict[str, Any]:
    """What the header says of the file."""
    stated = header.metadata.get(kind.name)
    if stated is not None:
        facts = parsed(stated.encode(errors="replace"), "the header", foreign, header.room)
        if isinstance(facts, dict) and facts.get("format") == kind.name:
            return facts
    raise kind.alien(foreign.who, f"a safetensors file that is not {kind.what}")


def parsed(text: bytes | bytearray, what: str, foreign: Foreign, room: int) -> Any:
    """JSON as data, which may take so many bytes of memory."""
    try:
        return from_json(text, room)
    except ValueError as error:
        raise foreign.refuse(what, str(error), "JSON") from None


def check_version(facts: dict[str, Any], kind: Kind, foreign: Foreign) -> None:
    """This chainrule reads the format."""
    version = foreign.whole(facts.get("version"), "the version of the format", 1)
    if version > kind.version:
        maker = foreign.text(facts.get("chainrule"), "the version")
        came = f"{kind.what} that chainrule {maker:.40} wrote, in format {version}"
        expected = f"format {kind.version}, which this chainrule ({__version__}) reads"
        raise FileError(foreign.who, came, expected, "pip install --upgrade chainrule")


def check_whole(
    head: bytearray, rest: memoryview, facts: dict[str, Any], kind: Kind, foreign: Foreign
) -> None:
    """No byte is another one than when the file was written."""
    checksum = foreign.text(facts.get("sha256"), "the checksum").encode()
    before, _, after = head.partition(checksum or b"none")
    if (
        len(checksum) != len(NOTHING)
        or digest(before, NOTHING.encode(), after, rest).hex() != checksum.decode()
    ):
        came = f"damaged: its {len(head) + len(rest):,} bytes do not have the checksum that it states"
        hint = f"the original file, or {kind.again}"
        raise FileError(foreign.who, came, "the bytes that were written", hint)
