"""The values of a plan by path: what can be watched, with shape, gate and the line of the user's code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from ..graph import Program, Spec, select
from .arrange import Arrangement

INPUT, STATE = "input", "state"
"""What stands in the place of a gate for values that no gate makes."""
WIDTH = 44
"""Columns for the paths."""


class Known(NamedTuple):
    """A value of a program.

    gate:  the gate that makes it, `INPUT` or `STATE`;  phase: forward, backward, update, or ""
    layer:  the path of the module that ran;  line: the user's line, for people
    """

    number: int
    spec: Spec
    gate: str
    phase: str = ""
    layer: str = ""
    line: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        return self.spec.shape

    @property
    def dtype(self) -> np.dtype:
        return self.spec.dtype


class Values(Mapping[str, Known]):
    """Values by path, in the order of the program; prints itself."""

    def __init__(self, known: Mapping[str, Known]) -> None:
        self._known = dict(known)

    def __getitem__(self, path: str) -> Known:
        return self._known[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def __str__(self) -> str:
        rows = [("value", "shape", "gate", "phase", "line")]
        rows += [(path, str(k.spec), k.gate, k.phase, k.line) for path, k in self.items()]
        wide = [min(WIDTH, max(len(row[i]) for row in rows)) for i in range(4)]
        return "\n".join(
            "  ".join(f"{x:<{w}}" for x, w in zip(row, (*wide, 0), strict=True)).rstrip() for row in rows
        )


def values_of(program: Program, made: Arrangement) -> dict[str, int]:
    """The number of every value that a plan computes or reads, by path, in the order of the program."""
    names, groups = program.names(), made.groups
    alive = set(program.inputs) | set(program.cells) | set(groups.flow.constants)
    alive |= {n for number in made.order for n in groups.groups[number].makes()}
    return {
        name: number
        for number, name in sorted(names.items())
        if number not in program.constants and groups.view(number).base in alive
    }


def about(program: Program, numbers: Mapping[str, int]) -> Values:
    """What there is to say of values."""
    makers = program.makers()
    known = {}
    for path, n in numbers.items():
        if n in makers:
            line = program.lines[makers[n]]
            facts = line.gate.label, line.phase, line.place.layer, str(line.place)
            known[path] = Known(n, program.specs[n], *facts)
        else:
            known[path] = Known(n, program.specs[n], STATE if n in program.cells else INPUT)
    return Values(known)


def matching(values: Mapping[str, int], patterns: Iterable[str], who: str) -> dict[str, int]:
    """The values whose paths match: a path, or a pattern with * and ?."""
    return {path: n for pattern in patterns for path, n in select(values, pattern, who).items()}
