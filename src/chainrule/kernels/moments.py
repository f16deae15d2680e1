"""What is said of many numbers in one pass: the least and the largest, sums of them and of their squares, zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .language.machine import Machine
from .language.types import F64
from .language.values import Index, Vector

FIELDS = ("min", "max", "pivot", "shift", "square", "norm", "zeros")
"""What a piece leaves: float64 each.  pivot: the first number of all, p;  shift, square: sums of x - p and (x - p)²;
norm: of x².
"""
GRAIN = 4096
"""Numbers of a stretch that lie side by side, from which on it is shared out."""


@dataclass(frozen=True)
class Moments:
    """The numbers of a view whose last axis has its neighbours side by side.

    outer:  how many axes stand before the last
    Arguments: results (`FIELDS` for each piece, float64), pieces; the sizes of all axes; the first number, and strides
    of the outer axes; the product of their sizes.  Sums are in float64, in an order that the shape decides.
    """

    dtype: np.dtype
    outer: int

    def __call__(self, k: Machine) -> None:
        results, pieces = k.pointer(0, F64), k.integer(1)
        sizes = [k.integer(2 + axis) for axis in range(self.outer + 1)]
        x = k.pointer(3 + self.outer, self.dtype)
        strides = [k.integer(4 + self.outer + axis) for axis in range(self.outer)]
        *outer, inner = sizes
        rows = k.integer(4 + 2 * self.outer)
        stretches = (inner + (GRAIN - 1)) // GRAIN
        sums = Sums(k, k.spread(x, 0))
        start, stop = k.share(rows * stretches, pieces)
        for unit in k.range(start, stop):
            row, begin = unit // stretches, unit % stretches * GRAIN
            base: Index | int = 0
            for size, stride in reversed([*zip(outer, strides, strict=True)]):
                base, row = row % size * stride + base, row // size
            for i, mask in k.lanes(begin, (begin + GRAIN).at_most(inner)):
                sums.add(k.load(x, i + base, mask), mask)
        for n, value in enumerate(sums.totals()):
            k.put(results, k.piece * len(FIELDS) + n, value)


class Sums:
    """What a piece has seen."""

    def __init__(self, k: Machine, first: Vector) -> None:
        self.k, dtype = k, first.dtype
        self.low, self.high = (k.variable(k.constant(end, dtype)) for end in (np.inf, -np.inf))
        self.zeros = k.variable(k.constant(0, dtype))
        self.shift, self.square, self.norm = (k.variable(k.constant(0, F64)) for _ in range(3))
        finite = k.unary("abs", first) < np.inf  # else the mean of what has an infinity would be NaN
        self.pivot = k.convert(k.where(finite, first, k.constant(0, dtype)), F64)

    def add(self, x: Vector, mask: Vector | None) -> None:
        k, dtype = self.k, x.dtype
        low, high, zero = self.low.get(), self.high.get(), x == 0
        wide = k.convert(x, F64)
        moved = wide - self.pivot
        if mask is not None:
            zero, moved = zero & mask, k.where(mask, moved, k.constant(0, F64))
        less, more = (x < low, x > high) if mask is None else ((x < low) & mask, (x > high) & mask)
        self.low.set(k.where(less, x, low))
        self.high.set(k.where(more, x, high))
        self.zeros.set(self.zeros.get() + k.where(zero, k.constant(1, dtype), k.constant(0, dtype)))
        self.shift.set(self.shift.get() + moved)
        self.square.set(k.fma(moved, moved, self.square.get()))
        self.norm.set(k.fma(wide, wide, self.norm.get()))

    def totals(self) -> list[Vector]:
        """All lanes together, in the order of `FIELDS`."""
        k = self.k
        least = -k.reduce(-self.low.get(), "maximum")
        most = k.reduce(self.high.get(), "maximum")
        sums = [k.reduce(v.get(), "add") for v in (self.shift, self.square, self.norm)]
        zeros = k.reduce(k.convert(self.zeros.get(), F64), "add")
        return [k.convert(least, F64), k.convert(most, F64), self.pivot, *sums, zeros]
