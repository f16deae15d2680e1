"""Winograd's convolution: tiles of pictures transformed, a product for each of 36 points, and back.

The filters' transforms are matrix products of their own; see `transforms` for what happens to a tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import transforms
from .epilogue import Epilogue
from .formula import NEXT, Arguments, Formula, Operand, Place
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Pointer, Variable, Vector
from .product import Ahead, Tile, micro_kernel, widths
from .tiles import MADE, MOST_AHEAD, Tiles
from .transforms import POINTS, Scheme

PARTS = MOST_AHEAD // LANES
"""Sixteens of tiles whose pixels are fetched ahead for sums."""


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


class Results:
    """What follows the products: Aᵀ m A of each tile, and an epilogue at each pixel that there is."""

    def __init__(self, k: Machine, take: Arguments, tiles: Tiles, formula: Formula) -> None:
        self.k, self.tiles = k, tiles
        self.after = Epilogue(k, take, formula, 1)

    def finish(self, group: Index | int, first: Index, count: Index, room: Pointer, begin: Index) -> None:
        """The results of some tiles, whose products (36, block, F) lie in a room."""
        k, tiles = self.k, self.tiles
        planes = tiles.planes()
        for _, before, there in tiles.stretches(first, count, sees=False):
            for t in k.range(there):
                pixels = [tiles.number(t + (MADE + i) * LANES) for i in range(tiles.side)]
                for f in k.range(0, tiles.filters, LANES):
                    corner = begin + (before + t) * tiles.filters + f

                    def line(i: int) -> list[Vector]:
                        return [k.load(room, corner + place) for place in planes[i]]  # noqa: B023  read at once

                    square = transforms.results_square(line, tiles.side)
                    for i, pixel in enumerate(pixels):
                        for j in range(tiles.side):
                            for _ in k.when(tiles.inside(t, i, j) > 0):
                                places = self.after.at(pixel + j)
                                self.after.apply(square[i][j], group * tiles.filters + f, None, places)


@dataclass(frozen=True)
class Winograd:
    """A convolution, stride 1, and an epilogue.

    scheme:   its filters' size
    formula:  operand 0 is the sum itself; the others lie at (pixel, filter)
    Arguments: pieces; those of `Tiles`; the pictures with their border (N, H, W, G·C); the transformed filters in
    panels (36, panel, C, column), those of a group side by side; room for (pieces, 37,
    block · max(C, F) + 16); the other operands and the stores, with their strides along pixels (and filters); status.
    """

    dtype: np.dtype
    tile: Tile
    scheme: Scheme
    formula: Formula

    def __call__(self, k: Machine) -> None:
        Convolving(k, self).write()


class Convolving:
    """One such convolution on its way to a machine."""

    def __init__(self, k: Machine, kernel: Winograd) -> None:
        self.k, self.kernel = k, kernel
        take = Arguments(k)
        self.pieces = take.integer()
        self.tiles = Tiles(k, take, kernel.scheme, LANES)
        self.x, self.panels, self.room = (take.pointer(kernel.dtype) for _ in range(3))
        self.results = Results(k, take, self.tiles, kernel.formula)
        tiles, tile = self.tiles, kernel.tile
        self.wide = (tiles.filters + (tile.columns - 1)) // tile.columns
        self.high = (tiles.block + (tile.rows - 1)) // tile.rows
        turns, steps = self.wide * self.high * POINTS, tiles.channels
        self.seen = tiles.fetching(turns, steps, sees=True, parts=1)
        self.made = tiles.fetching(turns, steps, sees=False, parts=1, slot=tiles.side)

    def write(self) -> None:
        k, tiles = self.k, self.tiles
        made = k.piece * (POINTS + 1) * tiles.plane
        for unit in k.range(*k.share(tiles.groups * tiles.blocks, self.pieces)):
            group, first = unit // tiles.blocks, unit % tiles.blocks * tiles.block
            count = (tiles.count - first).at_most(tiles.block)
            tiles.see(self.x, group, first, count, self.room, made + tiles.plane)
            tiles.coming(first + tiles.block, 1, sees=True)
            tiles.coming(first, 1, sees=False, slot=tiles.side)
            for point in k.range(POINTS):
                for panel in k.range(self.wide):
                    self.multiply(group, count, made, point, panel)
            self.results.finish(group, first, count, self.room, made)
        self.results.after.close()

    def multiply(self, group: Index, count: Index, made: Index, point: Index, panel: Index) -> None:
        """A panel of one of 36 products (block, C) · (C, F), laid down where the factor of the one before was."""
        k, tiles, tile, n = self.k, self.tiles, self.kernel.tile, panel * self.kernel.tile.columns
        number = (point * tiles.groups + group) * self.wide + panel
        right = (self.panels, number * tiles.channels * tile.columns, tile.columns)
        left, out = made + (point + 1) * tiles.plane, made + point * tiles.plane + n
        for vectors in widths(k, tile, tiles.filters - n):
            turns = tile.vectors // vectors  # a narrow tile is so many times as tall
            tall = tile.rows * turns
            for m in k.range(0, count, tall):
                rows = Stretch(m, count)
                a = [left + row * tiles.channels for row in rows.inside(tall)]
                turn = (point * self.wide + panel) * self.high + m // tile.rows
                steps = ((step, step) for step in k.range(tiles.channels))
                begun = [[k.constant(0, self.kernel.dtype)] * vectors] * tall
                ahead = self.ahead(group, turn, turns)
                sums = micro_kernel(k, (self.room, a), right, steps, begun, ahead=ahead)
                rows.store(k, sums, self.room, out, tiles.filters)

    def ahead(self, group: Index, turn: Index, turns: int) -> list[Ahead]:
        """The pictures of the next block, and what this one is going to read and write."""
        places = [p for p in self.results.after.places if p.operand.along == NEXT]
        made = [self.made.made(p, group, turn, turns) for p in places]
        return [self.seen.seen(self.x, group, turn, turns), *made]


@dataclass(frozen=True)
class WinogradTiles:
    """Tiles transformed: of pictures, as they are seen (36, block, C), or of results, as they are sent (…, F).

    The channels of all groups count as one group's.

    gap:  numbers between the points
    Arguments: pieces; those of `Tiles`, of one block; its first tile; the pictures with their border, or the results;
    the tiles.
    """

    dtype: np.dtype
    scheme: Scheme
    back: bool
    gap: int = 0

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces = take.integer()
        tiles, first = Tiles(k, take, self.scheme, self.gap), take.integer()
        source, out = take.pointer(self.dtype), take.pointer(self.dtype)
        start, stop = k.share((tiles.count - first).at_most(tiles.block), pieces)
        width = tiles.filters if self.back else tiles.channels
        transform = tiles.send if self.back else tiles.see
        transform(source, 0, first + start, stop - start, out, start * width)


@dataclass(frozen=True)
class WinogradResults:
    """The results of a block of tiles, from their products at all points, and an epilogue.

    Arguments: pieces; those of `Tiles`, of one block; its first tile; the products (36, block · max(C, F) + 16); the
    other operands and the stores as of `Winograd`; status.
    """

    dtype: np.dtype
    scheme: Scheme
    formula: Formula

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces = take.integer()
        tiles, first = Tiles(k, take, self.scheme, LANES), take.integer()
        products = take.pointer(self.dtype)
        results = Results(k, take, tiles, self.formula)
        start, stop = k.share((tiles.count - first).at_most(tiles.block), pieces)
        results.finish(0, first + start, stop - start, products, start * tiles.filters)
        results.after.close()


@dataclass(frozen=True)
class WinogradFilters:
    """The gradient to filters, transformed: Σ over tiles (Bᵀ d B)ᵀ · (A y Aᵀ), as (shares, 36, C, F), in one group.

    Arguments: pieces, shares; those of `Tiles`; the pictures with their border; y (N, H', W', F); the sums; room
    for (shares, 72, block · max(C, F) + 16).  Each share sums over its stretch of the blocks.
    """

    dtype: np.dtype
    tile: Tile
    scheme: Scheme

    def __call__(self, k: Machine) -> None:
        Summing(k, self).write()


class Summing:
    """One such gradient on its way to a machine."""

    def __init__(self, k: Machine, kernel: WinogradFilters) -> None:
        self.k, self.kernel = k, kernel
        take = Arguments(k)
        self.pieces, self.shares = take.integer(), take.integer()
        self.tiles = Tiles(k, take, kernel.scheme, LANES)
        self.x = take.pointer(kernel.dtype)
        self.y = Place(k, Operand(kernel.dtype, NEXT), take.pointer(kernel.dtype), [self.tiles.filters], None)
        self.out, self.room = take.pointer(kernel.dtype), take.pointer(kernel.dtype)
        tiles, tile = self.tiles, kernel.tile
        self.high = (tiles.channels + (tile.rows - 1)) // tile.rows
        self.wide = (tiles.filters + (tile.columns - 1)) // tile.columns
        turns = self.high * self.wide * POINTS
        self.seen = tiles.fetching(turns, tiles.block, sees=True, parts=PARTS)
        self.sent = tiles.fetching(turns, tiles.block, sees=False, parts=PARTS, slot=PARTS * tiles.side)

    def write(self) -> None:
        k, tiles = self.k, self.tiles
        each = (tiles.blocks + (self.shares - 1)) // self.shares
        size = tiles.channels * tiles.filters
        for share in k.range(*k.share(self.shares, self.pieces)):
            begin, total = share * 2 * POINTS * tiles.plane, share * POINTS * size
            middle = begin + POINTS * tiles.plane
            for i in k.range(0, size * POINTS, LANES):
                k.store(self.out, total + i, k.constant(0, self.kernel.dtype))
            last = ((share + 1) * each).at_most(tiles.blocks)
            for block in k.range(share * each, last):
                first = block * tiles.block
                count = (tiles.count - first).at_most(tiles.block)
                tiles.see(self.x, 0, first, count, self.room, begin)
                tiles.send(self.y.pointer, 0, first, count, self.room, middle)
                tiles.coming(first + tiles.block, PARTS, sees=True)
                tiles.coming(first + tiles.block, PARTS, sees=False, slot=PARTS * tiles.side)
                for point in k.range(POINTS):
                    self.add(point, count, (begin, middle), total + point * size)

    def add(self, point: Index, count: Index, places: tuple[Index, Index], total: Index) -> None:
        """Vᵀ · D of one point, added to what is there."""
        k, tiles, tile, (left, right) = self.k, self.tiles, self.kernel.tile, places
        for n in k.range(0, tiles.filters, tile.columns):
            for m in k.range(0, tiles.channels, tile.rows):
                rows = Stretch(m, tiles.channels)
                inside = rows.inside(tile.rows)
                a = (self.room, [left + point * tiles.plane + row for row in inside])
                b = (self.room, right + point * tiles.plane + n, tiles.filters)
                turn = (point * self.wide + n // tile.columns) * self.high + m // tile.rows
                ahead = [self.seen.seen(self.x, 0, turn), self.sent.made(self.y, 0, turn)]
                for vectors in widths(k, tile, tiles.filters - n):
                    corners = [total + row * tiles.filters + n for row in inside]
                    begun = [
                        [k.load(self.out, corner + v * LANES) for v in range(vectors)] for corner in corners
                    ]
                    steps = ((step, step * tiles.channels) for step in k.range(count))
                    sums = micro_kernel(k, a, b, steps, begun, ahead=ahead)
                    rows.store(k, sums, self.out, total + n, tiles.filters)
