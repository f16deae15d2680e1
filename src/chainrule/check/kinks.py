"""Which gate took another branch between two points: a relu that switched, a maximum that found another winner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ChainruleError
from ..graph import Gate, Line
from .numbers import first
from .wide import Arrays, Wide, computed, handed, weights_for, wide

JUMP = 0.1
"""A slope that changes by this share of the largest one over a tiny step has jumped."""
SMALLEST = 1e-9
"""Slopes below it are what rounding leaves of 0."""


@dataclass(frozen=True)
class Switched:
    """The first line that took another branch.

    index:  where it did: in what it makes, or in the input whose slope jumps;  count: of its numbers that did
    """

    path: str
    gate: str
    layer: str
    line: str
    index: tuple[int, ...]
    count: int

    def __str__(self) -> str:
        more = f", and {self.count - 1:,} more of its numbers" if self.count > 1 else ""
        at = f" at {self.line}" if self.line else ""
        return f"{self.gate} ({self.path}{list(self.index) or ''}{more}){at}"


def switched(at: Wide, below: Mapping[int, np.ndarray], above: Mapping[int, np.ndarray]) -> Switched | None:
    """The first line of the way forward that takes another branch at one of two points than at the other.

    below, above:  the values that are moved, by number, at both points
    """
    lines = [line for line in at.reading(below) if not at.values.keys().isdisjoint(line.outputs)]
    keep = {n for line in lines for n in line.outputs}
    low, high = ({**at.values, **moved, **at.changed(moved, keep)} for moved in (below, above))
    for line in lines:
        where = parted(line, low, high)
        if where is not None:
            path = at.sketch.program.names()[line.outputs[0]]
            place, count = line.place, int(where.sum())
            return Switched(path, line.gate.label, place.layer, str(place), first(where), count)
    return None


def parted(line: Line, low: Arrays, high: Arrays) -> np.ndarray | None:
    """Where a line takes another branch: another mask or index, or a slope that jumps."""
    for n in line.outputs:
        if low[n].dtype.kind != "f" and (low[n] != high[n]).any():
            return np.asarray(low[n] != high[n])
    jumps = jumped(line.gate, [low[n] for n in line.inputs], [high[n] for n in line.inputs])
    return next((where for where in jumps if where is not None), None)


def jumped(gate: Gate, low: Sequence[np.ndarray], high: Sequence[np.ndarray]) -> list[np.ndarray | None]:
    """For each input of a gate where its slope jumps between two points; None where it nowhere does."""
    slopes = [sent_back(gate, given) for given in (low, high)]
    return [None if a is None or b is None else jump(a, b) for a, b in zip(*slopes, strict=True)]


def sent_back(gate: Gate, given: Sequence[np.ndarray]) -> list[np.ndarray | None]:
    """What a gate hands back of fixed numbers; nothing where it cannot."""
    wants = [a.dtype.kind == "f" for a in given]
    gate = wide(gate)
    if not hasattr(gate, "backward") or not any(wants):
        return [None] * len(given)
    try:
        return handed(gate, given, weights_for(computed(gate, given)), wants)
    except ChainruleError:
        return [None] * len(given)


def jump(low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """Where two slopes are not nearly the same."""
    with np.errstate(all="ignore"):
        largest = max(float(np.abs(low).max(initial=0)), float(np.abs(high).max(initial=0)))
        where = np.asarray(np.abs(low - high) > JUMP * largest)
    return where if largest > SMALLEST and where.any() else None
