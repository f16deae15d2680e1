"""Picking rows and elements by number, adding them back, finding the largest: kernels with indices.

An array is seen as (A, L, B): axes before the indexed one, the axis itself, axes behind it; or with several axes L
side by side.  Every index is checked: one outside of -L … L - 1 sets the status byte, and nothing outside is touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .formula import NEXT, SAME, Arguments, Operand, Place
from .language.machine import Machine
from .language.types import BOOL, I64, LANES, U8
from .language.values import Index, Pointer, Vector


class Numbers:
    """Integers that are used as places on axes: wrapped if negative, checked, kept inside.

    size:  of all axes together: places on several are one place on all of them, in row-major order
    """

    def __init__(self, k: Machine, sizes: Sequence[Index], status: Pointer) -> None:
        self.k, self.sizes, self.status = k, sizes, status
        self.size = sizes[0]
        for size in sizes[1:]:
            self.size = self.size * size
        self.bad = k.variable(k.constant(False, BOOL))

    def places(self, indices: Sequence[Place], i: Index, mask: Vector | None) -> Vector:
        """The places that the indices of all axes name together, int64."""
        first, *rest = (
            self.inside(index.load(i, mask), self.k.splat(size), mask)
            for index, size in zip(indices, self.sizes, strict=True)
        )
        for place, size in zip(rest, self.sizes[1:], strict=True):
            first = first * self.k.splat(size) + place
        return first

    def inside(self, given: Vector, size: Vector, mask: Vector | None) -> Vector:
        """The places on one axis, int64; 0 for a wrong one."""
        k, number = self.k, self.k.int64(given)
        wrapped = k.where(number < 0, number + size, number)
        wrong = (wrapped < 0) | (wrapped >= size)
        self.bad.set(self.bad.get() | (wrong if mask is None else wrong & mask))
        return k.where(wrong, k.constant(0, I64), wrapped)

    def close(self) -> None:
        self.k.raise_flag(self.status, self.bad.get())


Stretch = tuple[Index, Index]


def shared(k: Machine, rows: Index, width: Index, pieces: Index, across: bool) -> tuple[Stretch, Stretch]:
    """The rows and the columns of this piece: some of the columns of all rows if it goes across, else some rows."""
    start = k.whole("add", 0, 0)
    return ((start, rows), k.share(width, pieces, 64)) if across else (k.share(rows, pieces), (start, width))


@dataclass(frozen=True)
class Take:
    """out[a, j, b] = x[a, i[a, j, b], b], with an index i for each of the axes L.

    Arguments: pieces, A, J, B, each L; x with strides along a, l, b; the indices and out with strides along a, j, b;
    status.  The vector runs along b.  across: pieces share out b.
    """

    dtype: np.dtype
    indices: tuple[Operand, ...]
    x_along: int
    across: bool = False

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, count, width = (take.integer() for _ in range(4))
        sizes = [take.integer() for _ in self.indices]
        x = take.place(Operand(self.dtype, self.x_along), 2)
        indices = [take.place(index, 2) for index in self.indices]
        out = take.place(Operand(self.dtype, NEXT), 2)
        numbers = Numbers(k, sizes, take.pointer(U8))
        rows, columns = shared(k, high * count, width, pieces, self.across)
        for row in k.range(*rows):
            a, j = row // count, row % count
            source, target = x.at(0, a), out.at(0, a).at(1, j)
            places = [index.at(0, a).at(1, j) for index in indices]
            for b, mask in k.lanes(*columns):
                where = numbers.places(places, b, mask)
                for _ in k.when(numbers.size > 0):
                    target.store(b, self.fetch(k, source, where, b, mask), mask)
        numbers.close()

    def fetch(self, k: Machine, x: Place, where: Vector, b: Index, mask: Vector | None) -> Vector:
        """Neighbours where one index serves them all; else one by one."""
        if all(index.along == SAME for index in self.indices):
            return x.at(1, k.first(where)).load(b, mask)
        return k.gather(x.pointer, where * k.splat(x.strides[1]) + along(k, x, b), mask)


def along(k: Machine, x: Place, b: Index) -> Vector:
    """The offsets of the elements b … b + 15."""
    return k.positions(x.offset + b) if x.operand.along == NEXT else x.lanes(b)


@dataclass(frozen=True)
class Add:
    """out[a, i[a, j, b], b] += x[a, j, b], in the order of j, with an index i for each of the axes L.

    Arguments: pieces, A, J, B, each L; out with strides along a, l, b; the indices and x with strides along a, j, b;
    status.  The vector runs along b, so no two lanes add to one place.  Pieces share out a, or b if they go across.
    """

    indices: tuple[Operand, ...]
    x: Operand
    out: Operand
    across: bool = False

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, count, width = (take.integer() for _ in range(4))
        sizes = [take.integer() for _ in self.indices]
        out = take.place(self.out, 2)
        indices = [take.place(index, 2) for index in self.indices]
        x = take.place(self.x, 2)
        numbers = Numbers(k, sizes, take.pointer(U8))
        rows, columns = shared(k, high, width, pieces, self.across)
        for a in k.range(*rows):
            target, source = out.at(0, a), x.at(0, a)
            places = [index.at(0, a) for index in indices]
            for b, mask in k.lanes(*columns):
                for j in k.range(count):
                    where = numbers.places([index.at(1, j) for index in places], b, mask)
                    for _ in k.when(numbers.size > 0):
                        value = source.at(1, j).load(b, mask)
                        self.add(k, target, where, value, b, mask)
        numbers.close()

    def add(
        self, k: Machine, out: Place, where: Vector, value: Vector, b: Index, mask: Vector | None
    ) -> None:
        if all(index.along == SAME for index in self.indices):
            row = out.at(1, k.first(where))
            row.store(b, row.load(b, mask) + value, mask)
            return
        places = where * k.splat(out.strides[1]) + along(k, out, b)
        k.scatter(out.pointer, places, k.gather(out.pointer, places, mask) + value, mask)


@dataclass(frozen=True)
class AddEach:
    """out[a, i[a, j]] += x[a, j], one after the other, with an index i for each of the axes L.

    Arguments: pieces, A, J, each L; out with its stride along a; the indices and x with strides along a, j; status.
    The vector runs along j and finds 16 places at once; pieces share out a.
    """

    indices: tuple[Operand, ...]
    x: Operand

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, count = (take.integer() for _ in range(3))
        sizes = [take.integer() for _ in self.indices]
        out = take.place(Operand(self.x.dtype, NEXT), 1)
        indices = [take.place(index, 1) for index in self.indices]
        x = take.place(self.x, 1)
        numbers = Numbers(k, sizes, take.pointer(U8))
        places, values = k.scratch(I64, LANES), k.scratch(self.x.dtype, LANES)
        for a in k.range(*k.share(high, pieces)):
            target, source = out.at(0, a), x.at(0, a)
            rows = [index.at(0, a) for index in indices]
            for j, mask in k.lanes(0, count):
                k.store(places, 0, numbers.places(rows, j, mask))
                k.store(values, 0, source.load(j, mask))
                for _ in k.when(numbers.size > 0):
                    for n in k.range((count - j).at_most(LANES)):
                        place = target.offset + k.first(k.spread(places, n))
                        k.put(out.pointer, place, k.spread(out.pointer, place) + k.spread(values, n))
        numbers.close()


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
                    better = beats(value, held, self.smallest)
                    best.set(k.where(better, value, held))
                    winner.set(k.where(better, k.splat(place), winner.get()))
                target.store(b, winner.get(), mask)


def beats(value: Vector, held: Vector, smallest: bool) -> Vector:
    """The lanes where a number wins over the one that is held: larger, or smaller; NaN over all but NaN."""
    better = value < held if smallest else value > held
    return better | ((value != value) & (held == held)) if value.dtype.kind == "f" else better


@dataclass(frozen=True)
class LargestOfRow:
    """out[a] = the first l at which x[a, l] is largest, or smallest, int64; NaN beats them all.

    Arguments: pieces, A, L; x row by row; out.  The vector runs along l: each lane finds its own winner, and the
    winners are compared by a tree.  Pieces share out a.
    """

    dtype: np.dtype
    smallest: bool = False

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, size = (take.integer() for _ in range(3))
        x, out = take.pointer(self.dtype), take.pointer(I64)
        nobody = k.splat(size)
        for a in k.range(*k.share(high, pieces)):
            best, winner = k.variable(k.constant(0, self.dtype)), k.variable(nobody)
            for i, mask in k.lanes(0, size):
                value, held = k.load(x, a * size + i, mask), best.get()
                better = beats(value, held, self.smallest) | (winner.get() == nobody)
                better = better if mask is None else better & mask
                best.set(k.where(better, value, held))
                winner.set(k.where(better, k.positions(i), winner.get()))
            k.put(out, a, self.first(k, best.get(), winner.get(), nobody))

    def first(self, k: Machine, best: Vector, winner: Vector, nobody: Vector) -> Vector:
        """The winner of all lanes; of equal ones the one that stands first."""
        for distance in (8, 4, 2, 1):
            lanes = [(lane + distance) % LANES for lane in range(LANES)]
            other, place = k.shuffle(best, best, lanes), k.shuffle(winner, winner, lanes)
            alike = ~beats(best, other, self.smallest) & (place < winner)
            better = (place != nobody) & (beats(other, best, self.smallest) | alike | (winner == nobody))
            best, winner = k.where(better, other, best), k.where(better, place, winner)
        return winner


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
