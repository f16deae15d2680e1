"""Convolution of pictures that lie side by side, (C, H, W, N): a vector holds one pixel of 16 pictures, or, where there
are fewer and pixels follow each other without a stride, goes on to the next pixels.

So all lanes are full however few channels there are, and at any batch.  Numbers of filters are spread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from .epilogue import Epilogue
from .formula import Arguments, Formula
from .language.engine import engine
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Variable, Vector
from .pooling import positive
from .product import UNROLLED, Tile, micro_kernel

WAITING = 4.0
"""Cycles from a sum to the next one in the same register."""


# --- tiles ------------------------------------------------------------------------------------------------


def fits(rows: int, vectors: int, held: int, dtype: np.dtype, registers: tuple[int, int]) -> bool:
    """Whether registers hold the sums of a tile, and so many vectors more."""
    count, width = registers
    return (rows * vectors + held) * max(1, LANES * dtype.itemsize // width) < count


def sums_of(filters: int, dtype: np.dtype, registers: tuple[int, int]) -> Tile:
    """Filters × vectors of results that are made together: found by measuring.  Loads count, since they come from the
    second cache; vectors are powers of two, as batches are.

    >>> sums_of(6, np.dtype("float32"), (32, 64)), sums_of(16, np.dtype("float32"), (32, 64))
    (Tile(rows=6, vectors=4), Tile(rows=4, vectors=4))
    """

    def cycles(tile: Tile) -> float:
        rows, vectors = tile.rows, tile.vectors
        step = max(rows * vectors / 2, (rows + vectors) / 2, WAITING) + vectors / 4 + rows / 8
        return -(-filters // rows) / vectors * step

    able = (Tile(r, v) for r in range(1, 9) for v in (1, 2, 4, 8) if fits(r, v, v, dtype, registers))
    return min(able, key=cycles, default=Tile(1, 1))


def slopes_of(filters: int, taps: int, dtype: np.dtype, registers: tuple[int, int]) -> Tile:
    """Filters × taps of a gradient that are summed up together: found by measuring.  What was sent to a filter is read
    anew at each step, what neighbouring taps see is mostly there.

    >>> slopes_of(6, 25, np.dtype("float32"), (32, 64)), slopes_of(16, 150, np.dtype("float32"), (32, 64))
    (Tile(rows=2, vectors=13), Tile(rows=4, vectors=6))
    """

    def cycles(tile: Tile) -> float:
        rows, vectors = tile.rows, tile.vectors
        step = max(rows * vectors / 2, 2 * rows + vectors / 2, WAITING) + rows / 4 + vectors / 8
        return -(-filters // rows) * -(-taps // vectors) * step

    able = (Tile(r, t) for r in range(1, 9) for t in range(1, 14) if fits(r, t, r, dtype, registers))
    return min(able, key=cycles, default=Tile(1, 1))


@cache
def conv_tile(filters: int, dtype: np.dtype) -> Tile:
    """The tile of a convolution for the processor that runs this."""
    return sums_of(filters, dtype, engine().target.registers)


@cache
def gradient_tile(filters: int, taps: int, dtype: np.dtype) -> Tile:
    """The tile of a gradient to filters for the processor that runs this."""
    return slopes_of(filters, taps, dtype, engine().target.registers)


# --- where pictures lie -----------------------------------------------------------------------------------


class Axis:
    """Height or width of pictures in memory, and the taps of a filter on it.

    Tap t of result p sees pixel p · stride + t · dilation - before; those that are not there, and those of a border
    in memory where it says so, are left out.
    Arguments: taps, stride, dilation, before; pixels, and pixels of border in memory before them.
    """

    def __init__(self, take: Arguments) -> None:
        self.taps, self.stride, self.dilation, self.before = (take.integer() for _ in range(4))
        self.length, self.edge = take.integer(), take.integer()

    def pixel(self, place: Index) -> Index:
        """The pixel of tap 0, as memory counts them."""
        return place * self.stride + (self.edge - self.before)

    def seen(self, first: Index, last: Index) -> tuple[Index, Index]:
        """The taps that see a pixel which is there, from any of the results first … last."""
        stop = self.steps(self.length + self.before - first * self.stride).at_most(self.taps)
        return self.steps(self.before - last * self.stride).at_most(stop), stop

    def steps(self, distance: Index) -> Index:
        """How many taps lie before this distance from tap 0."""
        return (positive(distance) + (self.dilation - 1)) // self.dilation


class Pictures:
    """Pictures side by side and the results of filters on them.

    Arguments: pictures; groups, filters and channels of one; lines of the results, places of a line that are visited
    one by one, lanes of each: all the pictures of a pixel, or of a whole line; rows and columns in memory; the axes.
    """

    def __init__(self, take: Arguments) -> None:
        self.k, self.many = take.k, take.integer()
        self.groups, self.filters, self.channels = (take.integer() for _ in range(3))
        self.lines, self.places, self.lanes = (take.integer() for _ in range(3))
        rows, columns = take.integer(), take.integer()
        self.line = columns * self.many
        self.plane = rows * self.line
        self.down, self.across = Axis(take), Axis(take)

    def corner(self, group: Index, line: Index, place: Index) -> Index:
        """Where the first channel of a group lies under tap (0, 0) of a result."""
        pixel = self.down.pixel(line) * self.line + self.across.pixel(place) * self.many
        return group * self.channels * self.plane + pixel


@dataclass(frozen=True)
class ConvAbreast:
    """out (F, H', W', N) = filters over pictures, and an epilogue.

    formula:  operand 0 is the sum itself; the others lie at (filter, line, place, lane)
    Arguments: pieces, stretches into which a line is cut; those of `Pictures`; the pictures; the filters, with their
    strides along groups, filters, channels, down and across; those of the epilogue.
    """

    dtype: np.dtype
    tile: Tile
    formula: Formula

    def __call__(self, k: Machine) -> None:
        Convolving(k, self).write()


class Convolving:
    """One such convolution on its way to a machine."""

    def __init__(self, k: Machine, kernel: ConvAbreast) -> None:
        self.k, self.kernel, self.tile = k, kernel, kernel.tile
        take = Arguments(k)
        self.pieces, self.stretches = take.integer(), take.integer()
        self.pictures = Pictures(take)
        self.x, self.w = take.pointer(kernel.dtype), take.pointer(kernel.dtype)
        self.group, self.filter, self.channel, self.down, self.across = (take.integer() for _ in range(5))
        self.after = Epilogue(k, take, kernel.formula, 3)
        self.scratch = k.scratch(kernel.dtype, self.tile.rows * self.tile.columns)

    def write(self) -> None:
        """Go through the units of this piece: a stretch of a line of results, of all filters of a group."""
        k, see, columns = self.k, self.pictures, self.tile.columns
        each = (see.lanes + (self.stretches * columns - 1)) // (self.stretches * columns) * columns
        units = see.groups * see.lines * see.places * self.stretches
        for unit in k.range(*k.share(units, self.pieces)):
            at, first = unit // self.stretches, (unit % self.stretches * each).at_most(see.lanes)
            line = at // see.places
            place = (line // see.lines, line % see.lines, at % see.places)
            self.stretch(place, first, (first + each).at_most(see.lanes))
        self.after.close()

    def stretch(self, place: tuple[Index, Index, Index], first: Index, stop: Index) -> None:
        """Some lanes of a line: as many vectors at a time as a tile has, then half as many, then one by one."""
        k = self.k
        for vectors in sorted({self.tile.vectors, max(1, self.tile.vectors // 2)}, reverse=True):
            whole = first + (stop - first) // (vectors * LANES) * (vectors * LANES)
            for n in k.range(first, whole, vectors * LANES):
                self.columns(place, n, vectors, None)
            first = whole
        for n in k.range(first, stop, LANES):
            self.columns(place, n, 1, k.below(stop - n))

    def columns(self, place: tuple[Index, Index, Index], n: Index, vectors: int, mask: Vector | None) -> None:
        """Some vectors of a line, of all filters."""
        k, see, (group, line, pixel) = self.k, self.pictures, place
        base = see.corner(group, line, pixel) + n
        first, last = pixel + n // see.many, pixel + (n + (vectors * LANES - 1)) // see.many
        seen = see.down.seen(line, line), see.across.seen(first, last)
        for m in k.range(0, see.filters, self.tile.rows):
            rows = [
                group * self.group + (m + i).at_most(see.filters - 1) * self.filter
                for i in range(self.tile.rows)
            ]
            begun = [[k.constant(0, self.kernel.dtype) for _ in range(vectors)] for _ in rows]
            sums = micro_kernel(
                k, (self.w, rows), (self.x, base, 1), self.steps(*seen), begun, [mask] * vectors
            )
            self.finish(place, m, n, sums, mask)

    def steps(self, down: tuple[Index, Index], across: tuple[Index, Index]) -> Iterator[tuple[Index, Index]]:
        """How far pictures and filters have moved, for every channel and tap."""
        k, see = self.k, self.pictures
        for c in k.range(see.channels):
            for u in k.range(*down):
                w = c * self.channel + u * self.down
                x = c * see.plane + u * see.down.dilation * see.line
                for v in k.range(*across):
                    yield x + v * see.across.dilation * see.many, w + v * self.across

    def finish(
        self,
        place: tuple[Index, Index, Index],
        m: Index,
        n: Index,
        sums: list[list[Variable]],
        mask: Vector | None,
    ) -> None:
        """The epilogue over a tile: out of its registers, or if it is long, by way of the scratch tile."""
        k, see, (group, line, pixel) = self.k, self.pictures, place
        if len(self.kernel.formula.steps) <= UNROLLED:
            for i, row in enumerate(sums):
                for _ in k.when(m + i < see.filters):
                    places = self.after.at(group * see.filters + m + i, line, pixel)
                    for v, held in enumerate(row):
                        self.after.apply(held.get(), n + v * LANES, mask, places)
            return
        columns = len(sums[0]) * LANES
        for i, row in enumerate(sums):
            for v, held in enumerate(row):
                k.store(self.scratch, i * columns + v * LANES, held.get())
        for f in k.range((see.filters - m).at_most(len(sums))):
            places = self.after.at(group * see.filters + m + f, line, pixel)
            for column in k.range(0, columns, LANES):
                self.after.apply(k.load(self.scratch, f * columns + column), n + column, mask, places)


@dataclass(frozen=True)
class FiltersAbreast:
    """The gradient to filters, (shares, F, C, KH, KW) = Σ over lines, places and lanes of y · what the tap sees there.

    tile:  filters × taps whose sums are in registers, each in 16 lanes
    Arguments: pieces, shares of the lines; those of `Pictures`; the pictures; the gradient to what filters made of
    them, (F, H', W', N); the sums.
    """

    dtype: np.dtype
    tile: Tile

    def __call__(self, k: Machine) -> None:
        Gathering(k, self).write()


class Gathering:
    """One such gradient on its way to a machine."""

    def __init__(self, k: Machine, kernel: FiltersAbreast) -> None:
        self.k, self.dtype, self.tile = k, kernel.dtype, kernel.tile
        take = Arguments(k)
        self.pieces, self.shares = take.integer(), take.integer()
        self.pictures = Pictures(take)
        self.x, self.y, self.out = (take.pointer(kernel.dtype) for _ in range(3))
        see = self.pictures
        self.window = see.down.taps * see.across.taps
        self.taps = see.channels * self.window
        self.sent = see.lines * see.places * see.lanes

    def write(self) -> None:
        """Go through the units of this piece: a tile of filters and taps, over a share of the lines."""
        k, see, rows, columns = self.k, self.pictures, self.tile.rows, self.tile.vectors
        high, wide = (see.filters + (rows - 1)) // rows, (self.taps + (columns - 1)) // columns
        each = (see.lines + (self.shares - 1)) // self.shares
        for unit in k.range(*k.share(self.shares * see.groups * wide * high, self.pieces)):
            m, rest = unit % high * rows, unit // high
            t, rest = rest % wide * columns, rest // wide
            group, share = rest % see.groups, rest // see.groups
            first = (share * each).at_most(see.lines)
            sums = self.summed(group, m, t, (first, (first + each).at_most(see.lines)))
            for i, row in enumerate(sums):
                for _ in k.when(m + i < see.filters):
                    begin = ((share * see.groups + group) * see.filters + m + i) * self.taps
                    for v, held in enumerate(row):
                        for _ in k.when(t + v < self.taps):
                            k.put(self.out, begin + t + v, k.reduce(held.get(), "add"))

    def summed(self, group: Index, m: Index, t: Index, lines: tuple[Index, Index]) -> list[list[Variable]]:
        """Filters × taps sums, lane by lane."""
        k, see, zero = self.k, self.pictures, self.k.constant(0, self.dtype)
        rows = [
            (group * see.filters + (m + i).at_most(see.filters - 1)) * self.sent
            for i in range(self.tile.rows)
        ]
        taps = [self.tap((t + v).at_most(self.taps - 1)) for v in range(self.tile.vectors)]
        sums = [[k.variable(zero) for _ in taps] for _ in rows]
        for line in k.range(*lines):
            for place in k.range(see.places):
                x, y = see.corner(group, line, place), (line * see.places + place) * see.lanes
                for n, mask in k.lanes(0, see.lanes):
                    sent = [k.load(self.y, row + y + n, mask) for row in rows]
                    for v, tap in enumerate(taps):
                        seen = k.load(self.x, x + tap + n, mask)
                        for row, value in zip(sums, sent, strict=True):
                            row[v].set(k.fma(value, seen, row[v].get()))
        return sums

    def tap(self, number: Index) -> Index:
        """Where a tap of a channel lies from tap 0 of the first."""
        see, inside = self.pictures, number % self.window
        down, across = inside // see.across.taps, inside % see.across.taps
        channel = number // self.window * see.plane
        return channel + down * see.down.dilation * see.line + across * see.across.dilation * see.many
