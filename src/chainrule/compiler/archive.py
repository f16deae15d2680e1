"""The file of a saved step: named arrays, the program as text, and who made it; one sealed file.

facts         chainrule, processor, threads, watched
program       the program as JSON, bytes
inputs/…, state/…, constants/…, values/…    arrays, by their paths
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..graph.foreign import Foreign
from ..sealed import Kind, parsed, seal, unseal
from ..words import many

STEP = Kind("chainrule step", 1, "a saved step", "a file that step.save(batch, path) wrote", "save again")
PROGRAM = "program"
PROGRAMS = 1 << 30
"""Bytes of memory that a program may take as data: of some 40 MB of text, a hundred times the largest network's."""


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


def pack(path: Path, archive: Archive) -> None:
    """Write the file: the same bytes for the same archive."""
    text = json.dumps(archive.program, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    arrays = {PROGRAM: np.frombuffer(text, np.uint8), **archive.arrays}
    seal(path, STEP, {**archive.made_by._asdict(), "watched": archive.watched}, arrays)


def unpack(path: Path) -> Archive:
    """The archive in a file, once its checksum agrees; the program in it is still only data.

    Raises FileError for a file that is missing, damaged, foreign, or of a newer version.
    """
    sealed = unseal(path, STEP)
    foreign = Foreign(str(path))
    processor, threads, watched = foreign.fields(
        sealed.facts, "the header", "processor", "threads", "watched"
    )
    made_by = MadeBy(
        sealed.chainrule,
        foreign.text(processor, "the processor"),
        foreign.whole(threads, "the number of threads"),
    )
    text = sealed.arrays.pop(PROGRAM, np.zeros(0, np.uint8)).tobytes()
    program = parsed(text, "the program", foreign, PROGRAMS)
    return Archive(made_by, foreign.row(watched, "the watched values"), program, sealed.arrays)
