"""Winograd's convolution: tiles of pictures transformed, a product for each of 36 points, and back.

The filters' transforms are matrix products of their own; see `transforms` for what happens to a tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from . import transforms
from .formula import NEXT, Arguments, Formula, Place, not_finite
from .language.machine import Machine
from .language.types import BOOL, LANES, U8
from .language.values import Index, Pointer, Variable, Vector
from .product import Tile, micro_kernel, widths
from .transforms import GAP, POINTS, SEEN, Scheme


class Corner(NamedTuple):
    """A tile: its picture, and the row and column of its first pixel."""

    picture: Index
    row: Index
    column: Index


class Shelf(NamedTuple):
    """Where transformed tiles go: memory, where each of the 36 points begins, and there the place of 16 channels."""

    out: Pointer
    planes: list[Index]
    place: Callable[[Index, Index], Index]

    def lay(self, k: Machine, t: Index, c: Index, square: Iterator[tuple[int, int, Vector]]) -> None:
        """Store the transform of a tile, from one channel on."""
        corner = self.place(t, c)
        for i, j, value in square:
            k.store(self.out, corner + self.planes[i * SEEN + j], value)


class Tiles:
    """The tiles of all pictures, in blocks that fit a cache.

    plane:  numbers from one point of a block's transform to the next; a gap keeps them out of each other's cache sets
    Arguments: tiles of a block, pictures, rows and columns of the results, groups, channels and filters of a group
    (multiples of 16); of the pictures with their border: rows, columns.
    """

    def __init__(self, k: Machine, take: Arguments, scheme: Scheme, gap: int) -> None:
        self.k, self.side, self.gap = k, scheme.side, gap
        self.block, self.pictures, self.high, self.wide = (take.integer() for _ in range(4))
        self.groups, self.channels, self.filters = (take.integer() for _ in range(3))
        self.rows, self.columns = take.integer(), take.integer()
        side = self.side
        self.down, self.across = (self.high + (side - 1)) // side, (self.wide + (side - 1)) // side
        self.count = self.pictures * self.down * self.across
        self.blocks = (self.count + (self.block - 1)) // self.block
        wider = self.channels + self.filters - self.channels.at_most(self.filters)
        self.plane = self.block * wider + gap

    def planes(self) -> list[Index]:
        """Where each of the 36 points begins in the transform of a block."""
        return [self.plane * point for point in range(POINTS)]

    def near(self, room: Pointer, begin: Index, width: Index) -> Shelf:
        """The transform of one block: (36, tile, channel)."""
        return Shelf(room, self.planes(), lambda t, c: begin + t * width + c)

    def corner(self, number: Index) -> Corner:
        of_one, side = self.down * self.across, self.side
        inside = number % of_one
        return Corner(number // of_one, inside // self.across * side, inside % self.across * side)

    def see(self, x: Pointer, group: Index, first: Index, count: Index, shelf: Shelf) -> None:
        """Bᵀ d B of some tiles.  Pixels beyond the border are read as its last: no result that is stored depends on
        them.
        """
        k, pixel = self.k, self.groups * self.channels
        for t in k.range(count):
            at = self.corner(first + t)
            rows = [at.picture * self.rows + (at.row + i).at_most(self.rows - 1) for i in range(SEEN)]
            lines = [row * self.columns * pixel + group * self.channels for row in rows]
            columns = [(at.column + j).at_most(self.columns - 1) * pixel for j in range(SEEN)]
            for c in k.range(0, self.channels, LANES):

                def line(i: int) -> list[Vector]:
                    start = lines[i] + c  # noqa: B023  read at once
                    return [k.load(x, start + column) for column in columns]  # noqa: B023

                shelf.lay(k, t, c, transforms.seen_square(line))

    def fetch_seen(self, x: Pointer, group: Index, number: Index) -> None:
        """Let the pixels come that a tile sees and the tiles before it and above do not."""
        k, at, pixel = self.k, self.corner(number), self.groups * self.channels
        behind = range(SEEN - self.side, SEEN)
        rows = [at.picture * self.rows + (at.row + i).at_most(self.rows - 1) for i in behind]
        columns = [(at.column + j).at_most(self.columns - 1) for j in behind]
        for c in k.range(0, self.channels, LANES):
            for row in rows:
                for column in columns:
                    k.prefetch(x, (row * self.columns + column) * pixel + group * self.channels + c)

    def send(self, y: Pointer, group: Index, first: Index, count: Index, shelf: Shelf) -> None:
        """A y Aᵀ of some tiles; pixels beyond the pictures count as zeros."""
        k, side, pixel = self.k, self.side, self.groups * self.filters
        for t in k.range(count):
            at = self.corner(first + t)
            rows = self.pixels(at)
            there = [[self.inside(at.row + i, at.column + j) for j in range(side)] for i in range(side)]
            whole = self.inside(at.row + (side - 1), at.column + (side - 1))
            for f in k.range(0, self.filters, LANES):
                for masked, flag in ((False, whole > 0), (True, whole < 1)):

                    def line(i: int) -> list[Vector]:
                        start = rows[i] * pixel + (group * self.filters + f)  # noqa: B023  read at once
                        masks = [k.below(on * LANES) if masked else None for on in there[i]]  # noqa: B023
                        return [k.load(y, start + j * pixel, mask) for j, mask in enumerate(masks)]

                    for _ in k.when(flag):
                        shelf.lay(k, t, f, transforms.sent_square(line, side))

    def fetch_sent(self, y: Pointer, group: Index, number: Index) -> None:
        """Let the pixels of a tile of results come."""
        rows, pixel = self.pixels(self.corner(number)), self.groups * self.filters
        for f in self.k.range(0, self.filters, LANES):
            for row in rows:
                for j in range(self.side):
                    self.k.prefetch(y, (row + j) * pixel + group * self.filters + f)

    def pixels(self, at: Corner) -> list[Index]:
        """The number of the first pixel of each line of a tile of results."""
        return [(at.picture * self.high + at.row + i) * self.wide + at.column for i in range(self.side)]

    def ahead(self, point: Index, count: Index) -> Iterator[Index]:
        """A share of the tiles of a block for each point, so that what is fetched comes while products are made."""
        each = (self.block + (POINTS - 1)) // POINTS
        start = (point * each).at_most(count)
        yield from self.k.range(start, (start + each).at_most(count))

    def after(self, number: Index) -> Index:
        """The tile that is worked on a block later; the last one stands for those beyond."""
        return (number + self.block).at_most(self.count - 1)

    def inside(self, row: Index, column: Index) -> Index:
        """1 for a pixel of the results, else a number below."""
        return (self.high - row).at_most(self.wide - column).at_most(1)


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
    formula:  operand 0 is the sum itself; the others lie at (pixel, filter)
    Arguments: pieces; those of `Tiles`; the pictures with their border (N, H, W, G·C); the filters as
    `FilterPanels` makes them; room for (pieces, 37,
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
        self.k, self.kernel, dtype, formula = k, kernel, kernel.dtype, kernel.formula
        take = Arguments(k)
        self.pieces = take.integer()
        self.tiles = Tiles(k, take, kernel.scheme, GAP)
        self.x, self.panels, self.room = (take.pointer(dtype) for _ in range(3))
        self.operands = [take.place(o, 1) for o in formula.operands[1:]]
        self.stores = [take.place(o, 1) for _, o in formula.stores]
        self.status: Pointer | None = take.pointer(U8) if formula.guards else None
        self.bad: Variable | None = k.variable(k.constant(False, BOOL)) if formula.guards else None

    def write(self) -> None:
        k, tiles = self.k, self.tiles
        made = k.piece * (POINTS + 1) * tiles.plane
        for unit in k.range(*k.share(tiles.groups * tiles.blocks, self.pieces)):
            group, first = unit // tiles.blocks, unit % tiles.blocks * tiles.block
            count = (tiles.count - first).at_most(tiles.block)
            seen = tiles.near(self.room, made + tiles.plane, tiles.channels)
            tiles.see(self.x, group, first, count, seen)
            self.multiply(group, first, count, made)
            self.finish(group, first, count, made)
        if self.bad is not None and self.status is not None:
            k.raise_flag(self.status, self.bad.get())

    def fetch(self, point: Index, group: Index, first: Index, count: Index) -> None:
        """Let the pictures of the next block come, and what this one is going to read and write."""
        k, tiles = self.k, self.tiles
        for t in tiles.ahead(point, count):
            tiles.fetch_seen(self.x, group, tiles.after(first + t))
            rows = tiles.pixels(tiles.corner(first + t))
            for f in k.range(0, tiles.filters, LANES):
                for place in (p for p in (*self.operands, *self.stores) if p.operand.along == NEXT):
                    for row in rows:
                        for j in range(tiles.side):
                            offset = place.at(0, row + j).offset + (group * tiles.filters + f)
                            k.prefetch(place.pointer, offset)

    def multiply(self, group: Index, first: Index, count: Index, made: Index) -> None:
        """36 products (block, C) · (C, F), each laid down where the factor of the one before was."""
        k, tiles, tile = self.k, self.tiles, self.kernel.tile
        panels = (tiles.filters + (tile.columns - 1)) // tile.columns
        for point in k.range(POINTS):
            self.fetch(point, group, first, count)
            for panel in k.range(panels):
                plane = panels * tiles.channels * tile.columns + GAP
                base = (point * tiles.groups + group) * plane + panel * tiles.channels * tile.columns
                n = panel * tile.columns
                left = made + (point + 1) * tiles.plane
                out = made + point * tiles.plane + n
                for m in k.range(0, count, tile.rows):
                    rows = Stretch(m, count)
                    a = [left + row * tiles.channels for row in rows.inside(tile.rows)]
                    for vectors in widths(k, tile, tiles.filters - n):
                        steps = ((step, step) for step in k.range(tiles.channels))
                        begun = [[k.constant(0, self.kernel.dtype) for _ in range(vectors)] for _ in a]
                        right = (self.panels, base, tile.columns)
                        sums = micro_kernel(k, (self.room, a), right, steps, begun)
                        rows.store(k, sums, self.room, out, tiles.filters)

    def finish(self, group: Index, first: Index, count: Index, made: Index) -> None:
        """Aᵀ m A of each tile, and the epilogue at each pixel that there is."""
        k, tiles, side = self.k, self.tiles, self.tiles.side
        planes = tiles.planes()
        for t in k.range(count):
            at = tiles.corner(first + t)
            for f in k.range(0, tiles.filters, LANES):
                corner = made + t * tiles.filters + f

                def line(i: int) -> list[Vector]:
                    points = planes[i * SEEN : (i + 1) * SEEN]
                    return [k.load(self.room, corner + place) for place in points]  # noqa: B023  read at once

                square = transforms.results_square(line, side)
                for i, row in enumerate(tiles.pixels(at)):
                    for j in range(side):
                        for _ in k.when(tiles.inside(at.row + i, at.column + j) > 0):
                            self.body(square[i][j], row + j, group * tiles.filters + f)

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
    """All tiles transformed: of pictures, as they are seen, or of results, as they are sent (back), for each of the 36
    points and each group in panels (panel, tile, column) of some columns, with a gap behind: (36, G, …).

    Arguments: pieces; those of `Tiles`, of one block; the pictures with their border, or the results; the tiles.
    """

    dtype: np.dtype
    scheme: Scheme
    columns: int
    back: bool

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces = take.integer()
        tiles = Tiles(k, take, self.scheme, 0)
        source, out = take.pointer(self.dtype), take.pointer(self.dtype)
        start, stop = k.share(tiles.count, pieces)
        wide, panel = tiles.filters if self.back else tiles.channels, tiles.count * self.columns
        plane = (wide + (self.columns - 1)) // self.columns * panel + GAP
        planes = [plane * tiles.groups * point for point in range(POINTS)]
        for group in k.range(tiles.groups):

            def place(t: Index, c: Index) -> Index:
                inside = c // self.columns * panel + c % self.columns
                return group * plane + inside + (start + t) * self.columns  # noqa: B023  asked for at once

            transform = tiles.send if self.back else tiles.see
            transform(source, group, start, stop - start, Shelf(out, planes, place))


@dataclass(frozen=True)
class WinogradFilters:
    """The gradient to filters, transformed: Σ over tiles (Bᵀ d B)ᵀ · (A y Aᵀ), as (shares, 36, G, C/G · F/G and a gap).

    Arguments: pieces, shares; those of `Tiles`; the pictures with their border; y (N, H', W', F); the sums; room
    for (shares · G, 72, block · max(C, F) + 16).  Each share sums over its stretch of the blocks.
    """

    dtype: np.dtype
    tile: Tile
    scheme: Scheme

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, shares = take.integer(), take.integer()
        tiles = Tiles(k, take, self.scheme, GAP)
        x, y, out, room = (take.pointer(self.dtype) for _ in range(4))
        each = (tiles.blocks + (shares - 1)) // shares
        size = tiles.channels * tiles.filters
        for unit in k.range(*k.share(shares * tiles.groups, pieces)):
            share, group = unit // tiles.groups, unit % tiles.groups
            total, further = (
                (share * POINTS * tiles.groups + group) * (size + GAP),
                tiles.groups * (size + GAP),
            )
            begin = unit * 2 * POINTS * tiles.plane
            middle = begin + POINTS * tiles.plane
            for point in k.range(POINTS):
                for i in k.range(0, size, LANES):
                    k.store(out, total + point * further + i, k.constant(0, self.dtype))
            last = ((share + 1) * each).at_most(tiles.blocks)
            for block in k.range(share * each, last):
                first = block * tiles.block
                count = (tiles.count - first).at_most(tiles.block)
                tiles.see(x, group, first, count, tiles.near(room, begin, tiles.channels))
                tiles.send(y, group, first, count, tiles.near(room, middle, tiles.filters))
                for point in k.range(POINTS):
                    for t in tiles.ahead(point, count):
                        tiles.fetch_seen(x, group, tiles.after(first + t))
                        tiles.fetch_sent(y, group, tiles.after(first + t))
                    self.add(k, tiles, count, room, (begin, middle), point, (out, total + point * further))

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
        left = begin + point * tiles.plane
        right = middle + point * tiles.plane
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
