"""Two trainings in lockstep: the first step, and in it the first value, at which they part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from ..check.lines import Place
from ..compiler.compiled import differing
from ..errors import DivergedError
from ..graph import Line, Value
from ..train import Job, StepEnd
from .bits import Gap, gap, same
from .walk import End, Moment, Values, Walk, copied, put_back

SETTING = re.compile(r"optimizer/group\d+/[^/]+")
"""The path of a rate or another number that a person or a schedule sets: not what was learned, but a cause."""


@dataclass(frozen=True)
class Parting:
    """Where two trainings part: the first value that is not the same, in the order of the program.

    epoch, step:  count from 1; both are still alike before it
    kind:  "batch", what they are given; "state", what they begin with; "line", what a line computes; "program", what
           the line is; "loss" or "after", where the step that is looked at again shows no such line
    gap:  the value with its worst element;  lines: for a program, the line as it is written in each
    place:  the line, and kernels: what computed it in each
    reads:  what the line reads and was not the same before: rates
    state:  the first state that the step leaves different
    """

    epoch: int
    step: int
    kind: str
    gap: Gap | None = None
    lines: tuple[str, str] = ("", "")
    place: Place | None = None
    kernels: tuple[str, str] = ("", "")
    reads: tuple[Gap, ...] = ()
    state: Gap | None = None


def part(
    first: Job,
    second: Job,
    *,
    steps: int | None = None,
    listen: Callable[[End, End], None] = lambda one, other: None,
) -> Parting | None:
    """Train both from their beginning until a bit differs; None if none does in so many steps.

    steps:  how many to take; None takes all of the shorter training
    listen:  called after each step with how it ended in both
    The state before each step is kept once, so that the step at which they part is looked at again, line by line.

    >>> from chainrule import zoo
    >>> from chainrule.data import Dataset
    >>> from chainrule.random import Generator
    >>> from chainrule.train import Config, prepared
    >>> pictures = Dataset(np.arange(256, dtype=np.uint8).reshape(16, 1, 4, 4), np.arange(16) % 2, ("a", "b"))
    >>> def job(seed):
    ...     config = Config(model="linear", batch_size=8, epochs=1)
    ...     return prepared(zoo.build("linear", (1, 4, 4), 2, Generator(seed)), config, pictures)
    >>> print(part(job(0), job(0)))
    None
    >>> part(job(0), job(1)).gap.path
    'linear1.weight'
    """
    one, other = Walk(first), Walk(second)
    for count, moments in enumerate(islice(zip(one.moments(), other.moments(), strict=False), steps)):
        pair = Pair(one, other, *moments)
        parting = (pair.begun() if count == 0 else None) or pair.given() or pair.taken(listen)
        if parting is not None:
            return parting
    return None


class Pair:
    """One step of two trainings that were alike until here."""

    def __init__(self, one: Walk, other: Walk, here: Moment, there: Moment) -> None:
        self.one, self.other, self.here, self.there = one, other, here, there

    def parting(self, kind: str, **found: Any) -> Parting:
        """They part in this step."""
        return Parting(self.here.epoch, self.here.step, kind, **found)

    def given(self) -> Parting | None:
        """What they are given is not the same."""
        for path, a, b in zip(("images", "labels"), self.here.batch, self.there.batch, strict=True):
            if found := gap(path, a, b):
                return self.parting("batch", gap=found)
        return None

    def begun(self) -> Parting | None:
        """What they begin with is not the same: weights, or layers that only one of them has."""
        mine, theirs = self.one.cells(self.here), self.other.cells(self.there)
        for path in (path for path in {**mine, **theirs} if not path.startswith("optimizer/")):
            if path not in mine or path not in theirs:
                one, other = (str(cells[path].spec) if path in cells else "none" for cells in (mine, theirs))
                return self.parting("state", gap=Gap(path, (), one, other, 0, 0))
            if found := gap(path, mine[path].data, theirs[path].data):
                return self.parting("state", gap=found)
        return None

    def taken(self, listen: Callable[[End, End], None]) -> Parting | None:
        """Take the step in both, and compare what came of it."""
        mine, theirs = self.one.cells(self.here), self.other.cells(self.there)
        own = {path: cell for path, cell in theirs.items() if SETTING.fullmatch(path) or path not in mine}
        before, kept = copied(mine), copied(own)
        ends = self.one.take(self.here), self.other.take(self.there)
        listen(*ends)
        after = first_gap(learned(mine), learned(theirs))
        if after is None and alike(*ends):
            return None
        put_back(mine, before)
        put_back(theirs, before | kept)
        return self.looked(after, ends)

    def looked(self, after: Gap | None, ends: tuple[End, End]) -> Parting:
        """The step once more, line by line."""
        mine, theirs = self.one.values(self.here), self.other.values(self.there)
        program, twin = self.one.program(self.here), self.other.program(self.there)
        unlike = differing(program, twin)
        for k, line in enumerate(program.lines[:unlike]):
            for n in line.outputs:
                if found := self.apart(n, mine, theirs):
                    return self.at(line, k, found, mine, theirs, after)
        if unlike is not None:
            written = self.one.written(program, unlike), self.other.written(twin, unlike)
            return self.parting("program", lines=written, state=after)
        if after is not None:
            return self.parting("after", gap=after)
        one, other = (end.loss if isinstance(end, StepEnd) else float("nan") for end in ends)
        return self.parting("loss", gap=Gap("loss", (), one, other, 1, 1))

    def at(self, line: Line, k: int, found: Gap, mine: Values, theirs: Values, state: Gap | None) -> Parting:
        """The line that computes another value, and what it reads that was another before."""
        kernels = mine.kernel(k), theirs.kernel(k)
        read = (self.apart(n, mine, theirs) for n in line.inputs)
        reads, origin = tuple(found for found in read if found), line.place
        place = Place(found.path, line.gate.label, origin.layer, str(origin), line.phase, kernels[0])
        return self.parting("line", gap=found, place=place, kernels=kernels, reads=reads, state=state)

    def apart(self, number: int, mine: Values, theirs: Values) -> Gap | None:
        """Where a value of both is not the same."""
        if number not in mine.arrays or number not in theirs.arrays:
            return None
        return gap(self.one.names[number], mine.arrays[number], theirs.arrays[number])


def learned(cells: Mapping[str, Value]) -> dict[str, np.ndarray]:
    """The numbers of all state but what a person or a schedule sets."""
    return {path: cell.data for path, cell in cells.items() if not SETTING.fullmatch(path)}


def first_gap(mine: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> Gap | None:
    """The first of the paths that both have whose bits are not the same."""
    for path, array in mine.items():
        if path in theirs and not same(array, theirs[path]):
            return gap(path, array, theirs[path])
    return None


def alike(one: End, other: End) -> bool:
    """Whether a step ended alike.  Raises DivergedError where both ran away: there is no next step."""
    if isinstance(one, DivergedError) and isinstance(other, DivergedError):
        raise one
    if isinstance(one, DivergedError) or isinstance(other, DivergedError):
        return False
    return (one.loss, one.accuracy) == (other.loss, other.accuracy)
