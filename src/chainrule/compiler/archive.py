"""The file of a saved step: named arrays, the program as text, and who made it; one safetensors file.

metadata      {"chainrule step": facts}: format, version, chainrule, processor, threads, watched, sha256
program       the program as JSON, bytes
inputs/…, state/…, constants/…, values/…    arrays, by their paths

The checksum is over the whole file with zeros in its own place.  There is one entry of metadata, because several would
come in another order each time, and the same step has to give the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..errors import FileError
from ..graph.foreign import Foreign
from ..kernels.language.digest import digest
from ..version import __version__
from ..words import many

FORMAT, VERSION = "chainrule step", 1
PROGRAM = "program"
NOTHING = "0" * 64
"""What stands in the place of the checksum while it is computed."""
HINT = "a file that step.save(batch, path) wrote"


class MadeBy(NamedTuple):
    """Where a saved step comes from.

    chainrule: its version;  processor: as LLVM names it;  threads: of the compiled step
    """

    chainrule: str
    processor: str
    threads: int

    def __str__(self) -> str:
        return f"chainrule {self.chainrule} on {self.processor}, {many(self.threads, 'thread')}"


class Archive(NamedTuple):
    """What the file holds; `watched`: the numbers of the values that are kept."""

    made_by: MadeBy
    watched: list[int]
    program: Any
    arrays: dict[str, np.ndarray]


def pack(archive: Archive) -> bytes:
    """The bytes of the file, the same for the same archive."""
    text = json.dumps(archive.program, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    arrays = {PROGRAM: np.frombuffer(text, np.uint8), **archive.arrays}
    facts = {"format": FORMAT, "version": VERSION, **archive.made_by._asdict(), "watched": archive.watched}
    stated = json.dumps({**facts, "sha256": NOTHING}, separators=(",", ":"))
    content = save({n: np.asarray(a, order="C") for n, a in arrays.items()}, {FORMAT: stated})
    return content.replace(NOTHING.encode(), digest(content).hex().encode(), 1)


def unpack(path: Path) -> Archive:
    """The archive in a file, once its checksum agrees; the program in it is still only data.

    Raises FileError for a file that is missing, damaged, foreign, or of a newer version.
    """
    foreign = Foreign(str(path))
    content = content_of(path)
    facts = facts_of(content, foreign)
    check_version(facts, foreign)
    chainrule, processor, threads, watched, checksum = foreign.fields(
        {name: facts[name] for name in facts if name not in ("format", "version")},
        "the header",
        *(*MadeBy._fields, "watched", "sha256"),
    )
    check_whole(content, foreign.text(checksum, "the checksum"), foreign)
    made_by = MadeBy(
        foreign.text(chainrule, "the version"),
        foreign.text(processor, "the processor"),
        foreign.whole(threads, "the number of threads"),
    )
    arrays = arrays_of(content, foreign)
    program = parsed(arrays.pop(PROGRAM, np.zeros(0, np.uint8)).tobytes(), "the program", foreign)
    return Archive(made_by, foreign.row(watched, "the watched values"), program, arrays)


def content_of(path: Path) -> bytes:
    """All bytes of a file."""
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or str(error)
        raise FileError(str(path), reason, "a saved step", HINT) from None


def facts_of(content: bytes, foreign: Foreign) -> dict[str, Any]:
    """What the header says of the file: eight bytes with its length, then JSON."""
    length = int.from_bytes(content[:8], "little")
    if not content[7:8] or not 2 <= length <= len(content) - 8:
        raise not_ours(foreign, f"{len(content)} bytes that are no whole safetensors file")
    header = parsed(content[8 : 8 + length], "the header", foreign)
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    stated = metadata.get(FORMAT) if isinstance(metadata, dict) else None
    if not isinstance(stated, str):
        raise not_ours(foreign, "a safetensors file without a step in it")
    facts = parsed(stated.encode(errors="replace"), "the header", foreign)
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise not_ours(foreign, "a safetensors file without a step in it")
    return facts


def not_ours(foreign: Foreign, came: str) -> FileError:
    return FileError(foreign.who, came, "a saved step", HINT)


def parsed(text: bytes, what: str, foreign: Foreign) -> Any:
    """JSON as data."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise foreign.refuse(what, str(error), "JSON") from None


def check_version(facts: dict[str, Any], foreign: Foreign) -> None:
    """This chainrule reads the format."""
    version = foreign.whole(facts.get("version"), "the version of the format", 1)
    if version > VERSION:
        maker = foreign.text(facts.get("chainrule"), "the version")
        came = f"a step that chainrule {maker:.40} wrote, in format {version}"
        expected = f"format {VERSION}, which this chainrule ({__version__}) reads"
        raise FileError(foreign.who, came, expected, "pip install --upgrade chainrule")


def check_whole(content: bytes, checksum: str, foreign: Foreign) -> None:
    """No byte is another one than when the file was written."""
    if digest(content.replace(checksum.encode(), NOTHING.encode(), 1)).hex() != checksum:
        came = f"damaged: its {len(content):,} bytes do not have the checksum that it states"
        raise FileError(foreign.who, came, "the bytes that were written", "the original file, or save again")


def arrays_of(content: bytes, foreign: Foreign) -> dict[str, np.ndarray]:
    """The arrays by name, which nobody writes to."""
    try:
        arrays = {name: np.require(a, requirements=("C", "A")) for name, a in load(content).items()}
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise foreign.refuse("the file", str(error), "a whole safetensors file") from None
    for array in arrays.values():
        array.flags.writeable = False
    return arrays
