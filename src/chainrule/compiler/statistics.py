"""Statistics of values while a step runs: a kernel reads a value right after it was made, and nothing is copied."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..kernels.moments import FIELDS, Moments
from .groups import Groups
from .schedule import Schedule, Step
from .tasks import Argument, Task, address, share_out
from .views import Axis, View, collapsed


class Statistics(NamedTuple):
    """What is said of a value without a copy of it.  zeros: the share of numbers that are 0;  norm: √Σx²."""

    min: float
    max: float
    mean: float
    std: float
    zeros: float
    norm: float

    @classmethod
    def of(cls, array: np.ndarray) -> Statistics:
        """The statistics of an array; NaN of nothing."""
        if array.size == 0:
            return UNKNOWN
        with np.errstate(all="ignore"):
            wide = array.astype(np.float64)
            zeros, norm = (array == 0).mean(), np.sqrt((wide * wide).sum())
            found = (wide.min(), wide.max(), wide.mean(), wide.std(), zeros, norm)
        return cls(*map(float, found))

    def __str__(self) -> str:
        return " ".join(f"{name} {value:.4g}" for name, value in self._asdict().items())


UNKNOWN = Statistics(*[math.nan] * 6)
FIRST, LAST = -2, -3
"""Before and behind all groups."""


class Look:
    """A look at one value.

    task:  the record that looks;  behind: the group after which it runs, or `FIRST` or `LAST`
    parts:  what each piece has found, filled by each step
    """

    def __init__(self, groups: Groups, view: View, behind: int) -> None:
        *outer, inner = axes = in_memory(view)
        rows = math.prod(axis.size for axis in outer)
        self.there, self.size = rows * inner.size, view.size
        pieces = share_out(self.there)
        self.parts, self.behind, self.base = np.zeros((pieces, len(FIELDS))), behind, view.base
        arguments: list[Argument] = [int(self.parts.ctypes.data), pieces, *(axis.size for axis in axes)]
        arguments += [address(groups, view), *(axis.strides[0] for axis in outer), rows]
        kernel = Moments(groups.flow.specs[view.base].dtype, len(outer))
        self.task = Task(kernel, arguments, pieces, (view.base,), (), "look")

    def found(self) -> Statistics:
        """What the last step has found."""
        low, high, pivot, shift, square, norm, zeros = self.parts.T
        total, zero = float(norm.sum()), float(zeros.sum()) / self.there
        if math.isnan(total):  # one of the numbers is NaN
            return UNKNOWN._replace(zeros=zero)
        with np.errstate(all="ignore"):
            away = shift.sum() / self.there
            spread = square.sum() / self.there - away * away
        std = math.nan if math.isnan(spread) else math.sqrt(max(float(spread), 0.0))
        norm_of_all = math.sqrt(total / self.there * self.size)
        return Statistics(float(low.min()), float(high.max()), float(pivot[0] + away), std, zero, norm_of_all)


def look_at(groups: Groups, number: int) -> Look | None:
    """A look at a value; None where that takes a copy: of what is no float, or lies in memory with gaps everywhere.

    State is seen as it is after the step, other views of it as the step reads it.
    """
    view = groups.view(number)
    placed, base = groups.place(view), view.base
    uneven = placed is view and base in groups.homes
    if uneven or view.size == 0 or not groups.flow.specs[base].floating:
        return None
    if in_memory(placed)[-1].strides[0] != 1:
        return None
    return Look(groups, placed, groups.maker.get(base, LAST if base == number else FIRST))


def in_memory(view: View) -> list[Axis]:
    """The axes of a view in the order of memory, whatever their order in the value, without stretched ones."""
    axes = sorted(
        ((s, n) for s, n in zip(view.strides, view.shape, strict=True) if s and n > 1), reverse=True
    )
    found = collapsed(tuple(n for _, n in axes), [tuple(s for s, _ in axes)], ())
    return found or [Axis(1, (1,), False)]


def looking(plan: Schedule, looks: Iterable[Look]) -> Schedule:
    """The same steps with the looks among them; what no step makes by itself, since its parts lie in place, is seen at
    the end.
    """
    waiting: dict[int, list[tuple[Step, int]]] = {}
    for look in looks:
        waiting.setdefault(look.behind, []).append((look.task, look.behind))
    ends = {group: place for place, (_, group) in enumerate(plan.steps)}
    steps = [*plan.steps[: plan.ahead], *waiting.pop(FIRST, [])]
    for place, (step, group) in enumerate(plan.steps[plan.ahead :], plan.ahead):
        steps.append((step, group))
        if ends[group] == place:
            steps += waiting.pop(group, [])
    return Schedule([*steps, *(look for left in waiting.values() for look in left)], plan.ahead)
