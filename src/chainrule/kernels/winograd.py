"""Winograd's convolution: tiles of pictures transformed, a product for each of 36 points, and back.

Filters come transformed (`filters`), and their gradients go on from here (`gradients`); see `transforms` for what
happens to a tile, `tiles` for where it lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .formula import NEXT, Arguments, Formula, Operand
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Pointer, Variable
from .product import Ahead, Tile, micro_kernel, widths
from .results import Results
from .tiles import MOST_AHEAD, Shelf, Tiles
from .transforms import GAP, POINTS, Scheme

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


@dataclass(frozen=True)
class Winograd:
    """A convolution, stride 1, and an epilogue.

    scheme:   its filters' size
    formula:  operand 0 is the sum itself; the others lie at (picture, row, column, filter)
    Arguments: pieces; those of `Tiles`; the pictures with their border (N, H, W, G·C); the filters as `FilterPanels`
    makes them; room for (pieces, 37, block · max(C, F) and a gap); the other operands and the stores, with their
    strides along pictures, rows and columns (and filters); what is pooled, and its winners, with such strides; the sums
    (pieces, G·F); status.
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
        self.tiles = Tiles(k, take, kernel.scheme, GAP)
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
            seen = tiles.near(self.room, made + tiles.plane, tiles.channels)
            tiles.see(self.x, group, first, count, seen)
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
        plane = self.wide * tiles.channels * tile.columns + GAP
        base = (point * tiles.groups + group) * plane + panel * tiles.channels * tile.columns
        right = (self.panels, base, tile.columns)
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
    """A block of tiles transformed: of pictures, as they are seen, or of results, as they are sent (back), for each of
    the 36 points and each group in panels (panel, tile, column), with a gap behind: (36, G, …).

    columns:  of a panel; None for as many as there are
    Arguments: pieces; those of `Tiles`; the first tile; the pictures with their border, or the results with their
    strides along pictures, rows and columns; the tiles.
    """

    dtype: np.dtype
    scheme: Scheme
    columns: int | None
    back: bool

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces = take.integer()
        tiles, first = Tiles(k, take, self.scheme, GAP), take.integer()
        source, out = take.place(Operand(self.dtype, NEXT), 3 * self.back), take.pointer(self.dtype)
        start, stop = k.share((tiles.count - first).at_most(tiles.block), pieces)
        for group in k.range(tiles.groups):
            stretch, shelf = (group, first + start, stop - start), self.shelf(tiles, out, group, start)
            if self.back:
                tiles.send(source, *stretch, shelf)
            else:
                tiles.see(source.pointer, *stretch, shelf)

    def shelf(self, tiles: Tiles, out: Pointer, group: Index, start: Index) -> Shelf:
        """Where the tiles of a group go, from one on."""
        wide = tiles.filters if self.back else tiles.channels
        panel = tiles.block * (self.columns or wide)
        panels: Index | int = 1 if self.columns is None else (wide + (self.columns - 1)) // self.columns
        plane = panel * panels + GAP
        planes = [plane * tiles.groups * point for point in range(POINTS)]

        def place(tile: Index, c: Index) -> Index:
            corner = group * plane + (start + tile) * (self.columns or wide)
            if self.columns is None:
                return corner + c
            return corner + c // self.columns * panel + c % self.columns

        return Shelf(out, planes, place)


@dataclass(frozen=True)
class WinogradResults:
    """The results of a block of tiles, from their products at all points, and an epilogue.

    Arguments: pieces; those of `Tiles`, of one block; its first tile; the products (36, block · max(C, F) and a gap);
    the other operands and all that is written as of `Winograd`; status.
    """

    dtype: np.dtype
    scheme: Scheme
    formula: Formula

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces = take.integer()
        tiles, first = Tiles(k, take, self.scheme, GAP), take.integer()
        products = take.pointer(self.dtype)
        results = Results(k, take, tiles, self.formula)
        start, stop = k.share((tiles.count - first).at_most(tiles.block), pieces)
        results.finish(0, first + start, stop - start, products, start * tiles.filters)
        results.after.close()


@dataclass(frozen=True)
class WinogradFilters:
    """The gradient to filters, transformed: Σ over tiles (Bᵀ d B)ᵀ · (A y Aᵀ), as (shares, 36, G, C/G · F/G and a gap).

    Arguments: pieces, shares; those of `Tiles`; the pictures with their border; y (N, H', W', F) with its strides along
    pictures, rows and columns; the sums; room for (shares · G, 72, block · max(C, F) and a gap).  Each share sums over
    its stretch of the blocks.
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
        self.tiles = Tiles(k, take, kernel.scheme, GAP)
        self.x, self.y = take.pointer(kernel.dtype), take.place(Operand(kernel.dtype, NEXT), 3)
        self.out, self.room = take.pointer(kernel.dtype), take.pointer(kernel.dtype)
        tiles, tile = self.tiles, kernel.tile
        self.high = (tiles.channels + (tile.rows - 1)) // tile.rows
        self.wide = (tiles.filters + (tile.columns - 1)) // tile.columns
        turns = self.high * self.wide * POINTS
        self.seen = tiles.fetching(turns, tiles.block, sees=True, parts=PARTS)
        self.sent = tiles.fetching(turns, tiles.block, sees=False, parts=PARTS, slot=PARTS * tiles.side)

    def write(self) -> None:
        k, tiles = self.k, self.tiles
        for unit in k.range(*k.share(self.shares * tiles.groups, self.pieces)):
            self.sum_up(unit // tiles.groups, unit % tiles.groups, unit * 2 * POINTS * tiles.plane)

    def sum_up(self, share: Index, group: Index, begin: Index) -> None:
        """The sums of one share and group; begin: of its room."""
        k, tiles, each = self.k, self.tiles, (self.tiles.blocks + (self.shares - 1)) // self.shares
        size, middle = tiles.channels * tiles.filters, begin + POINTS * tiles.plane
        totals, further = self.share_of(share, group, size + GAP)
        for point in k.range(POINTS):
            for i in k.range(0, size, LANES):
                k.store(self.out, totals + point * further + i, k.constant(0, self.kernel.dtype))
        for block in k.range(share * each, ((share + 1) * each).at_most(tiles.blocks)):
            first = block * tiles.block
            count = (tiles.count - first).at_most(tiles.block)
            tiles.see(self.x, group, first, count, tiles.near(self.room, begin, tiles.channels))
            tiles.send(self.y, group, first, count, tiles.near(self.room, middle, tiles.filters))
            tiles.coming(first + tiles.block, PARTS, sees=True)
            tiles.coming(first + tiles.block, PARTS, sees=False, slot=PARTS * tiles.side)
            for point in k.range(POINTS):
                self.add(group, point, count, (begin, middle), totals + point * further)

    def share_of(self, share: Index, group: Index, plane: Index) -> tuple[Index, Index]:
        """Where the sums of the first point are, and how far on those of the next."""
        return (share * POINTS * self.tiles.groups + group) * plane, self.tiles.groups * plane

    def add(
        self, group: Index, point: Index, count: Index, places: tuple[Index, Index], total: Index
    ) -> None:
        """Vᵀ · D of one point, added to what is there."""
        k, tiles, tile, (left, right) = self.k, self.tiles, self.kernel.tile, places
        for n in k.range(0, tiles.filters, tile.columns):
            for m in k.range(0, tiles.channels, tile.rows):
                rows = Stretch(m, tiles.channels)
                inside = rows.inside(tile.rows)
                a = (self.room, [left + point * tiles.plane + row for row in inside])
                b = (self.room, right + point * tiles.plane + n, tiles.filters)
                turn = (point * self.wide + n // tile.columns) * self.high + m // tile.rows
                ahead = [self.seen.seen(self.x, group, turn), self.sent.made(self.y, group, turn)]
                for vectors in widths(k, tile, tiles.filters - n):
                    corners = [total + row * tiles.filters + n for row in inside]
                    begun = [
                        [k.load(self.out, corner + v * LANES) for v in range(vectors)] for corner in corners
                    ]
                    steps = ((step, step * tiles.channels) for step in k.range(count))
                    sums = micro_kernel(k, a, b, steps, begun, ahead=ahead)
                    rows.store(k, sums, self.out, total + n, tiles.filters)
