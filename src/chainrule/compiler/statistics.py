"""Statistics of values while a step runs: a kernel reads a value right after it was made, and nothing is copied."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..kernels.moments import FIELDS, Moments
from .groups import Groups
from .looks import Look, there
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


class Summary(Look):
    """A look that sums a value up.

    parts:  what each piece has found, filled by each step
    """

    def __init__(self, groups: Groups, number: int, view: View) -> None:
        *outer, inner = axes = in_memory(view)
        rows = math.prod(axis.size for axis in outer)
        self.there, self.size = rows * inner.size, view.size
        pieces = share_out(self.there)
        self.parts = np.zeros((pieces, len(FIELDS)))
        arguments: list[Argument] = [int(self.parts.ctypes.data), pieces, *(axis.size for axis in axes)]
        arguments += [address(groups, view), *(axis.strides[0] for axis in outer), rows]
        kernel = Moments(groups.flow.specs[view.base].dtype, len(outer))
        super().__init__(groups, number, [Task(kernel, arguments, pieces, (view.base,), (), "look")])

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


def summary(groups: Groups, number: int) -> Summary | None:
    """A look at a value; None where there is none without a copy: of what is no float, or has gaps everywhere."""
    view = there(groups, number)
    if view is None or view.size == 0 or not groups.flow.specs[view.base].floating:
        return None
    return Summary(groups, number, view) if in_memory(view)[-1].strides[0] == 1 else None


def in_memory(view: View) -> list[Axis]:
    """The axes of a view in the order of memory, whatever their order in the value, without stretched ones."""
    axes = sorted(
        ((s, n) for s, n in zip(view.strides, view.shape, strict=True) if s and n > 1), reverse=True
    )
    found = collapsed(tuple(n for _, n in axes), [tuple(s for s, _ in axes)], ())
    return found or [Axis(1, (1,), False)]
