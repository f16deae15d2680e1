"""Picking rows and elements by number, adding them back, finding the largest: kernels with indices.

An array is seen as (A, L, B): axes before the indexed one, the axis itself, axes behind it.  Every index is
checked: one outside of -L … L - 1 sets the status byte, and nothing outside is touched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .formula import NEXT, SAME, Arguments, Operand, Place
from .language.machine import Machine
from .language.types import BOOL, I64, U8
from .language.values import Index, Pointer, Vector


class Numbers:
    """Integers that are used as places on an axis: wrapped if negative, checked, kept inside."""

    def __init__(self, k: Machine, size: Index, status: Pointer) -> None:
        self.k, self.size, self.status = k, size, status
        self.bad = k.variable(k.constant(False, BOOL))

    def inside(self, given: Vector, mask: Vector | None) -> Vector:
        """The places, int64; 0 for a wrong one."""
        k, size = self.k, self.k.splat(self.size)
        number = k.int64(given)
        wrapped = k.where(number < 0, number + size, number)
        wrong = (wrapped < 0) | (wrapped >= size)
        self.bad.set(self.bad.get() | (wrong if mask is None else wrong & mask))
        return k.where(wrong, k.constant(0, I64), wrapped)

    def close(self) -> None:
        self.k.raise_flag(self.status, self.bad.get())


@dataclass(frozen=True)
class Take:
    """out[a, j, b] = x[a, i[a, j, b], b].

    Arguments: pieces, A, J, B, L; x with strides along a, l, b; the indices and out with strides along a, j, b;
    status.  The vector runs along b.
    """

    dtype: np.dtype
    index: Operand
    x_along: int

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, count, width, size = (take.integer() for _ in range(5))
        x = take.place(Operand(self.dtype, self.x_along), 2)
        index = take.place(self.index, 2)
        out = take.place(Operand(self.dtype, NEXT), 2)
        numbers = Numbers(k, size, take.pointer(U8))
        for row in k.range(*k.share(high * count, pieces)):
            a, j = row // count, row % count
            source, place, target = x.at(0, a), index.at(0, a).at(1, j), out.at(0, a).at(1, j)
            for b, mask in k.lanes(0, width):
                where = numbers.inside(place.load(b, mask), mask)
                for _ in k.when(size > 0):
                    target.store(b, self.fetch(k, source, where, b, mask), mask)
        numbers.close()

    def fetch(self, k: Machine, x: Place, where: Vector, b: Index, mask: Vector | None) -> Vector:
        """Neighbours where one index serves them all; else one by one."""
        if self.index.along == SAME:
            return x.at(1, k.first(where)).load(b, mask)
        beside = k.positions(x.offset + b) if self.x_along == NEXT else x.lanes(b)
        return k.gather(x.pointer, where * k.splat(x.strides[1]) + beside, mask)


@dataclass(frozen=True)
class Add:
    """out[a, i[a, j, b], b] += x[a, j, b], in the order of j; pieces share out a alone.

    Arguments: pieces, A, J, B, L; out with strides along a, l (b: neighbours); the indices and x with strides
    along a, j, b; status.  The vector runs along b, so no two lanes add to one place.
    """

    dtype: np.dtype
    index: Operand
    x: Operand

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, count, width, size = (take.integer() for _ in range(5))
        out = take.place(Operand(self.dtype, NEXT), 2)
        index = take.place(self.index, 2)
        x = take.place(self.x, 2)
        numbers = Numbers(k, size, take.pointer(U8))
        for a in k.range(*k.share(high, pieces)):
            target, places, source = out.at(0, a), index.at(0, a), x.at(0, a)
            for b, mask in k.lanes(0, width):
                for j in k.range(count):
                    where = numbers.inside(places.at(1, j).load(b, mask), mask)
                    for _ in k.when(size > 0):
                        value = source.at(1, j).load(b, mask)
                        self.add(k, target, where, value, b, mask)
        numbers.close()

    def add(
        self, k: Machine, out: Place, where: Vector, value: Vector, b: Index, mask: Vector | None
    ) -> None:
        if self.index.along == SAME:
            row = out.at(1, k.first(where))
            row.store(b, row.load(b, mask) + value, mask)
            return
        places = where * k.splat(out.strides[1]) + k.positions(out.offset + b)
        k.scatter(out.pointer, places, k.gather(out.pointer, places, mask) + value, mask)


@dataclass(frozen=True)
class Largest:
    """out[a, b] = the first l at which x[a, l, b] is largest, or smallest, int64; NaN beats them all.

    Arguments: pieces, A, L, B; x with strides along a, l (and b); out with its stride along a.
    """

    x: Operand
    smallest: bool = False

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, size, width = (take.integer() for _ in range(4))
        x = take.place(self.x, 2)
        out = take.place(Operand(I64, NEXT), 1)
        for a in k.range(*k.share(high, pieces)):
            source, target = x.at(0, a), out.at(0, a)
            for b, mask in k.lanes(0, width):
                best = k.variable(source.load(b, mask))
                winner = k.variable(k.constant(0, I64))
                for place in k.range(1, size):
                    value, held = source.at(1, place).load(b, mask), best.get()
                    better = value < held if self.smallest else value > held
                    if value.dtype.kind == "f":
                        better = better | ((value != value) & (held == held))
                    best.set(k.where(better, value, held))
                    winner.set(k.where(better, k.splat(place), winner.get()))
                target.store(b, winner.get(), mask)


@dataclass(frozen=True)
class Within:
    """Check that every integer lies in 0 … size - 1.  Arguments: pieces, count, size; the integers; status."""

    dtype: np.dtype

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, count, size = (take.integer() for _ in range(3))
        labels = take.pointer(self.dtype)
        status = take.pointer(U8)
        bad = k.variable(k.constant(False, BOOL))
        for i, mask in k.lanes(*k.share(count, pieces, 64)):
            number = k.int64(k.load(labels, i, mask))
            wrong = (number < 0) | (number >= k.splat(size))
            bad.set(bad.get() | (wrong if mask is None else wrong & mask))
        k.raise_flag(status, bad.get())
