"""Winograd's convolution F(4×4, 3×3): a tile of 4×4 results from 36 products for each pair of channels, not 144.

Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, with d the 6×6 pixels that a tile sees.  The points are 0, ±1, ±2, ∞.
Source: Lavin and Gray 2016, §4.3.  The filters' transforms are matrix products of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .formula import Arguments, Formula, Place, not_finite
from .language.machine import Machine
from .language.types import BOOL, LANES, U8
from .language.values import Index, Pointer, Variable, Vector
from .product import Tile, micro_kernel, widths

SIDE, SEEN = 4, 6
"""Pixels along a tile of results, and along what it sees."""
POINTS = SEEN * SEEN

FILTERS = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6] * 3,
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)
"""G"""
SEEING = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
"""Bᵀ"""
RESULTS = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])
"""Aᵀ"""


def tiles_along(pixels: int) -> int:
    """Tiles along a side of results."""
    return -(-pixels // SIDE)


def tiles_of(pictures: int, high: int, wide: int) -> int:
    """Tiles of pictures of results."""
    return pictures * tiles_along(high) * tiles_along(wide)


def tiled(x: np.ndarray, high: int, wide: int, size: int) -> np.ndarray:
    """Squares of pictures (N, H, W, C), 4 pixels apart, zeros beyond: (N, high, wide, size, size, C)."""
    room = [
        (0, max(0, SIDE * n + size - SIDE - had)) for n, had in zip((high, wide), x.shape[1:3], strict=True)
    ]
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, [(0, 0), *room, (0, 0)]), (size, size), (1, 2)
    )
    return windows[:, ::SIDE, ::SIDE][:, :high, :wide].transpose(0, 1, 2, 4, 5, 3)


def seen_by(x: np.ndarray) -> np.ndarray:
    """Bᵀ d B of all tiles of pictures with their border, in NumPy: (N, high, wide, 6, 6, C)."""
    high, wide = (tiles_along(n - 2) for n in x.shape[1:3])
    return np.einsum("ai,nhwijc,bj->nhwabc", SEEING, tiled(x, high, wide, SEEN), SEEING)


def sent_by(y: np.ndarray) -> np.ndarray:
    """A y Aᵀ of all tiles of results, in NumPy: (N, high, wide, 6, 6, F)."""
    high, wide = (tiles_along(n) for n in y.shape[1:3])
    return np.einsum("ia,nhwijf,jb->nhwabf", RESULTS, tiled(y, high, wide, SIDE), RESULTS)


def seen(d: Sequence[Vector]) -> list[Vector]:
    """Bᵀ d"""
    even, odd = d[4] - 4.0 * d[2], d[3] - 4.0 * d[1]
    far, near = d[4] - d[2], 2.0 * (d[3] - d[1])
    return [
        4.0 * d[0] - 5.0 * d[2] + d[4],
        even + odd,
        even - odd,
        far + near,
        far - near,
        4.0 * d[1] - 5.0 * d[3] + d[5],
    ]


def results(m: Sequence[Vector]) -> list[Vector]:
    """Aᵀ m"""
    sum1, apart1, sum2, apart2 = m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]
    return [m[0] + sum1 + sum2, apart1 + 2.0 * apart2, sum1 + 4.0 * sum2, apart1 + 8.0 * apart2 + m[5]]


def sent(y: Sequence[Vector]) -> list[Vector]:
    """A y"""
    even, odd, far, more = y[0] + y[2], y[1] + y[3], y[0] + 4.0 * y[2], 2.0 * y[1] + 8.0 * y[3]
    return [y[0], even + odd, even - odd, far + more, far - more, y[3]]


def both_ways(
    transform: Callable[[list[Vector]], list[Vector]], square: Sequence[Sequence[Vector]]
) -> list[list[Vector]]:
    """T s Tᵀ of a square of vectors."""
    columns = [transform([row[j] for row in square]) for j in range(len(square[0]))]
    return [transform([column[i] for column in columns]) for i in range(len(columns[0]))]


class Corner(NamedTuple):
    """A tile: its picture, and the row and column of its first pixel."""

    picture: Index
    row: Index
    column: Index


class Tiles:
    """The tiles of all pictures, in blocks that fit a cache, and the room where one block is worked on.

    Arguments: tiles of a block, pictures, rows and columns of the results, channels, filters (multiples of 16);
    of the pictures with their border: rows, columns.
    """

    def __init__(self, k: Machine, take: Arguments, gap: int) -> None:
        self.k, self.gap = k, gap
        self.block, self.pictures, self.high, self.wide = (take.integer() for _ in range(4))
        self.channels, self.filters, self.rows, self.columns = (take.integer() for _ in range(4))
        self.down, self.across = (self.high + (SIDE - 1)) // SIDE, (self.wide + (SIDE - 1)) // SIDE
        self.count = self.pictures * self.down * self.across
        self.blocks = (self.count + (self.block - 1)) // self.block
        self.middle = POINTS * self.plane(self.channels)
        self.room = self.middle + POINTS * self.plane(self.filters)

    def plane(self, width: Index) -> Index:
        """Numbers from one point of the transform to the next; a gap keeps them out of each other's cache sets."""
        return self.block * width + self.gap

    def corner(self, number: Index) -> Corner:
        of_one = self.down * self.across
        inside = number % of_one
        return Corner(number // of_one, inside // self.across * SIDE, inside % self.across * SIDE)

    def see(self, x: Pointer, first: Index, count: Index, room: Pointer, begin: Index) -> None:
        """Bᵀ d B of some tiles: (36, block, C).  Pixels beyond the border are read as its last: no result that
        is stored depends on them.
        """
        k = self.k
        for t in k.range(count):
            picture, row, column = self.corner(first + t)
            rows = [
                (picture * self.rows + (row + i).at_most(self.rows - 1)) * self.columns * self.channels
                for i in range(SEEN)
            ]
            columns = [(column + j).at_most(self.columns - 1) * self.channels for j in range(SEEN)]
            for c in k.range(0, self.channels, LANES):
                square = [[k.load(x, r + j + c) for j in columns] for r in rows]
                self.keep(room, begin, t, c, self.channels, both_ways(seen, square))

    def send(self, y: Pointer, first: Index, count: Index, room: Pointer, begin: Index) -> None:
        """A y Aᵀ of some tiles: (36, block, F); pixels beyond the pictures count as zeros."""
        k = self.k
        for t in k.range(count):
            picture, row, column = self.corner(first + t)
            there = [[self.inside(row + i, column + j) for j in range(SIDE)] for i in range(SIDE)]
            places = [
                [
                    ((picture * self.high + row + i) * self.wide + column + j) * self.filters
                    for j in range(SIDE)
                ]
                for i in range(SIDE)
            ]
            for f in k.range(0, self.filters, LANES):
                square = [
                    [k.load(y, place + f, k.below(on * LANES)) for place, on in zip(line, ons, strict=True)]
                    for line, ons in zip(places, there, strict=True)
                ]
                self.keep(room, begin, t, f, self.filters, both_ways(sent, square))

    def inside(self, row: Index, column: Index) -> Index:
        """1 for a pixel of the results, else a number below."""
        return (self.high - row).at_most(self.wide - column).at_most(1)

    def keep(
        self, room: Pointer, begin: Index, t: Index, c: Index, width: Index, square: list[list[Vector]]
    ) -> None:
        for i, line in enumerate(square):
            for j, value in enumerate(line):
                place = begin + self.plane(width) * (i * SEEN + j) + t * width + c
                self.k.store(room, place, value)


class Stretch(NamedTuple):
    """The rows of a register tile, from one on, before an end."""

    first: Index
    end: Index

    def inside(self, rows: int) -> list[Index]:
        """The rows; those beyond the last are read as the last."""
        return [(self.first + i).at_most(self.end - 1) for i in range(rows)]

    def store(
        self, k: Machine, sums: list[list[Variable]], out: Pointer, begin: Index, stride: Index
    ) -> None:
        """Write the rows that there are, a stride apart."""
        for i, row in enumerate(sums):
            for _ in k.when(self.first + i < self.end):
                for v, held in enumerate(row):
                    k.store(out, begin + (self.first + i) * stride + v * LANES, held.get())


@dataclass(frozen=True)
class Winograd:
    """A convolution with 3×3 filters, stride 1, and an epilogue.

    formula:  operand 0 is the sum itself; the others lie at (pixel, filter)
    Arguments: pieces; those of `Tiles`; the pictures with their border (N, H, W, C); the transformed filters in
    panels (36, panel, C, column); room for (pieces, 36, block·(C + F) + 32); the other operands and the stores, with
    their strides along pixels (and filters); status.
    """

    dtype: np.dtype
    tile: Tile
    formula: Formula

    def __call__(self, k: Machine) -> None:
        Convolving(k, self).write()


class Convolving:
    """One such convolution on its way to a machine."""

    def __init__(self, k: Machine, kernel: Winograd) -> None:
        self.k, self.kernel, dtype, formula = k, kernel, kernel.dtype, kernel.formula
        take = Arguments(k)
        self.pieces = take.integer()
        self.tiles = Tiles(k, take, LANES)
        self.x, self.panels, self.room = (take.pointer(dtype) for _ in range(3))
        self.operands = [take.place(o, 1) for o in formula.operands[1:]]
        self.stores = [take.place(o, 1) for _, o in formula.stores]
        self.status: Pointer | None = take.pointer(U8) if formula.guards else None
        self.bad: Variable | None = k.variable(k.constant(False, BOOL)) if formula.guards else None

    def write(self) -> None:
        k, tiles = self.k, self.tiles
        begin = k.piece * tiles.room
        middle = begin + tiles.middle
        for block in k.range(*k.share(tiles.blocks, self.pieces)):
            first = block * tiles.block
            count = (tiles.count - first).at_most(tiles.block)
            tiles.see(self.x, first, count, self.room, begin)
            self.multiply(count, begin, middle)
            self.finish(first, count, middle)
        if self.bad is not None and self.status is not None:
            k.raise_flag(self.status, self.bad.get())

    def multiply(self, count: Index, begin: Index, middle: Index) -> None:
        """36 products (block, C) · (C, F)."""
        k, tiles, tile = self.k, self.tiles, self.kernel.tile
        panels = (tiles.filters + (tile.columns - 1)) // tile.columns
        for point in k.range(POINTS):
            for panel in k.range(panels):
                base = (point * panels + panel) * tiles.channels * tile.columns
                n = panel * tile.columns
                left = begin + point * tiles.plane(tiles.channels)
                out = middle + point * tiles.plane(tiles.filters) + n
                for m in k.range(0, count, tile.rows):
                    rows = Stretch(m, count)
                    a = [left + row * tiles.channels for row in rows.inside(tile.rows)]
                    for vectors in widths(k, tile, tiles.filters - n):
                        steps = ((step, step) for step in k.range(tiles.channels))
                        begun = [[k.constant(0, self.kernel.dtype) for _ in range(vectors)] for _ in a]
                        right = (self.panels, base, tile.columns)
                        sums = micro_kernel(k, (self.room, a), right, steps, begun)
                        rows.store(k, sums, self.room, out, tiles.filters)

    def finish(self, first: Index, count: Index, middle: Index) -> None:
        """Aᵀ m A of each tile, and the epilogue at each pixel that there is."""
        k, tiles = self.k, self.tiles
        for t in k.range(count):
            picture, row, column = tiles.corner(first + t)
            for f in k.range(0, tiles.filters, LANES):
                corner = middle + t * tiles.filters + f
                places = [corner + tiles.plane(tiles.filters) * point for point in range(POINTS)]
                values = [k.load(self.room, place) for place in places]
                square = [values[i * SEEN : (i + 1) * SEEN] for i in range(SEEN)]
                made = both_ways(results, square)
                for i in range(SIDE):
                    for j in range(SIDE):
                        pixel = (picture * tiles.high + row + i) * tiles.wide + column + j
                        for _ in k.when(tiles.inside(row + i, column + j) > 0):
                            self.body(made[i][j], pixel, f)

    def body(self, total: Vector, pixel: Index, f: Index) -> None:
        formula, count = self.kernel.formula, len(self.operands)
        places: list[Place] = [p.at(0, pixel) for p in (*self.operands, *self.stores)]
        sources = formula.apply(self.k, [total, *(p.load(f, None) for p in places[:count])])
        for place, (source, _) in zip(places[count:], formula.stores, strict=True):
            place.store(f, sources[source], None)
        for source in formula.guards:
            if self.bad is not None:
                self.bad.set(self.bad.get() | not_finite(sources[source]))


@dataclass(frozen=True)
class WinogradTiles:
    """All tiles transformed: of pictures, as they are seen (36, tiles, C), or of results, as they are sent (…, F).

    Arguments: pieces; those of `Tiles`, of one block; the pictures with their border, or the results; the tiles.
    """

    dtype: np.dtype
    back: bool

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces = take.integer()
        tiles = Tiles(k, take, 0)
        source, out = take.pointer(self.dtype), take.pointer(self.dtype)
        start, stop = k.share(tiles.count, pieces)
        width = tiles.filters if self.back else tiles.channels
        transform = tiles.send if self.back else tiles.see
        transform(source, start, stop - start, out, start * width)


@dataclass(frozen=True)
class WinogradFilters:
    """The gradient to 3×3 filters, transformed: Σ over tiles (Bᵀ d B)ᵀ · (A y Aᵀ), as (shares, 36, C, F).

    Arguments: pieces, shares; those of `Tiles`; the pictures with their border; y (N, H', W', F); the sums; room
    for (shares, 36, block·(C + F) + 32).  Each share sums over its stretch of the blocks.
    """

    dtype: np.dtype
    tile: Tile

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, shares = take.integer(), take.integer()
        tiles = Tiles(k, take, LANES)
        x, y, out, room = (take.pointer(self.dtype) for _ in range(4))
        each = (tiles.blocks + (shares - 1)) // shares
        size = tiles.channels * tiles.filters
        for share in k.range(*k.share(shares, pieces)):
            begin, total = share * tiles.room, share * POINTS * size
            middle = begin + tiles.middle
            for i in k.range(0, size * POINTS, LANES):
                k.store(out, total + i, k.constant(0, self.dtype))
            last = ((share + 1) * each).at_most(tiles.blocks)
            for block in k.range(share * each, last):
                first = block * tiles.block
                count = (tiles.count - first).at_most(tiles.block)
                tiles.see(x, first, count, room, begin)
                tiles.send(y, first, count, room, middle)
                for point in k.range(POINTS):
                    self.add(k, tiles, count, room, (begin, middle), point, (out, total + point * size))

    def add(
        self,
        k: Machine,
        tiles: Tiles,
        count: Index,
        room: Pointer,
        places: tuple[Index, Index],
        point: Index,
        to: tuple[Pointer, Index],
    ) -> None:
        """Vᵀ · D of one point, added to what is there."""
        (begin, middle), (out, total), tile = places, to, self.tile
        left = begin + point * tiles.plane(tiles.channels)
        right = middle + point * tiles.plane(tiles.filters)
        for n in k.range(0, tiles.filters, tile.columns):
            for m in k.range(0, tiles.channels, tile.rows):
                rows = Stretch(m, tiles.channels)
                inside = rows.inside(tile.rows)
                for vectors in widths(k, tile, tiles.filters - n):
                    corners = [total + row * tiles.filters + n for row in inside]
                    begun = [[k.load(out, corner + v * LANES) for v in range(vectors)] for corner in corners]
                    steps = ((step, step * tiles.channels) for step in k.range(count))
                    a = (room, [left + row for row in inside])
                    sums = micro_kernel(k, a, (room, right + n, tiles.filters), steps, begun)
                    rows.store(k, sums, out, total + n, tiles.filters)
