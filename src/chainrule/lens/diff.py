"""The first step and line at which two runs part: recorded in their folders, and trained again in lockstep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..train import Job, StepEnd
from .bits import Gap, gap
from .lockstep import Parting, part
from .rerun import Rerun, unlike
from .walk import End


@dataclass(frozen=True)
class Recorded:
    """The first recorded step that is not the same.

    number:  from 1, through all epochs;  epoch, step: its place
    what:  "loss", "accuracy", "lr", or "end" where one run has no such step;  first, second: its numbers, or None
    """

    number: int
    epoch: int
    step: int
    what: str
    first: float | None
    second: float | None


@dataclass(frozen=True)
class Diff:
    """How two runs compare.

    facts:  settings, versions and how they began, where they differ: name -> both
    steps:  how many recorded steps are the same;  recorded: the first that is not
    replayed:  how many steps, trained again, are the same to the bit; None if none was tried
    parting:  the first value, trained again, that is not;  weights: the first saved weights that are not
    """

    first: Rerun
    second: Rerun
    facts: dict[str, tuple[Any, Any]]
    steps: int
    recorded: Recorded | None
    replayed: int | None
    parting: Parting | None
    weights: Gap | None

    @property
    def same(self) -> bool:
        """Whether nothing parts."""
        return self.recorded is None and self.parting is None and self.weights is None

    @property
    def seen_again(self) -> bool:
        """Whether training again parts where the records do, or before."""
        if self.parting is None or self.replayed is None:
            return False
        return self.recorded is None or self.replayed < self.recorded.number


def diff(
    first: Rerun,
    second: Rerun,
    *,
    steps: int | None = None,
    listen: Callable[[int, int], None] = lambda done, total: None,
) -> Diff:
    """Compare two runs: what was asked, what was recorded and, where they have jobs, what becomes of them again.

    steps:  how many to look at; None takes all that both recorded, and then the saved weights
    listen:  called after each step that was taken again, with how many there are
    Raises DivergedError where both run away alike.
    """
    one, other = first.rows[:steps], second.rows[:steps]
    recorded = compared(one, other)
    alike = min(len(one), len(other)) if recorded is None else recorded.number - 1
    replayed, parting = None, None
    if first.job is not None and second.job is not None:
        ahead = alike if recorded is None or recorded.what == "end" else recorded.number
        replayed, parting = again((first, first.job), (second, second.job), ahead, listen)
    whole = recorded is None and steps is None
    weights = saved(first, second) if whole else None
    return Diff(first, second, facts(first, second), alike, recorded, replayed, parting, weights)


def compared(one: list[StepEnd], other: list[StepEnd]) -> Recorded | None:
    """The first recorded step that is not the same, or that only one run has."""
    for number, (a, b) in enumerate(zip(one, other, strict=False), 1):
        if what := unlike(a, b):
            return Recorded(number, a.epoch, a.step, what, getattr(a, what), getattr(b, what))
    if len(one) == len(other):
        return None
    number = min(len(one), len(other))
    row = max(one, other, key=len)[number]
    losses = (rows[number].loss if len(rows) > number else None for rows in (one, other))
    return Recorded(number + 1, row.epoch, row.step, "end", *losses)


def again(
    first: tuple[Rerun, Job], second: tuple[Rerun, Job], ahead: int, listen: Callable[[int, int], None]
) -> tuple[int, Parting | None]:
    """Train both again, hold each to its record, and say how many steps are the same, and where they part."""
    taken = 0

    def hear(one: End, other: End) -> None:
        nonlocal taken
        first[0].hold(taken, one)
        second[0].hold(taken, other)
        taken += 1
        listen(taken, ahead)

    parting = part(first[1], second[1], steps=ahead, listen=hear)
    before = parting is None or parting.kind in ("batch", "state")
    return taken if before else taken - 1, parting


def facts(first: Rerun, second: Rerun) -> dict[str, tuple[Any, Any]]:
    """Settings and beginnings that differ; what only one folder says is None in the other."""
    one, other = first.facts(), second.facts()
    return {k: (one.get(k), other.get(k)) for k in {**one, **other} if one.get(k) != other.get(k)}


def saved(first: Rerun, second: Rerun) -> Gap | None:
    """The first weights in the folders that are not the same to the bit, or that only one of them has."""
    one, other = first.run.weights(), second.run.weights()
    nothing = np.zeros(0, np.float32)
    names = sorted({*one, *other})
    found = (gap(name, one.get(name, nothing), other.get(name, nothing)) for name in names)
    return next((g for g in found if g), None)
