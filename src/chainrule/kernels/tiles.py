"""Tiles of pictures for Winograd's convolution: where they lie, and their transforms; channels last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from . import transforms
from .formula import Arguments, Place
from .language.machine import Machine
from .language.types import I64, LANES
from .language.values import Index, Pointer, Vector
from .product import Ahead
from .transforms import POINTS, SEEN, Scheme

LINES, COLUMNS, PLACE = 0, SEEN, 2 * SEEN
"""Rows of the table: where the lines of 6 pixels begin, and the pixels in them; the picture, row and column of the
first result.
"""
BELOW, BESIDE, COMING = PLACE + 3, PLACE + 4, PLACE + 5
"""How many results there are below and beside; and what is fetched ahead."""
MOST_AHEAD = 32
"""Tiles whose pixels are fetched ahead."""
WHOLE = 1 << 16
"""Parts of a line: a power of 2, for division takes long."""


class Spots(NamedTuple):
    """16 neighbouring tiles: their pictures, and the row and column of the first pixel."""

    picture: Vector
    row: Vector
    column: Vector


class Shelf(NamedTuple):
    """Where transformed tiles go: memory, where each of the 36 points begins, and there the place of 16 channels."""

    out: Pointer
    planes: list[Index]
    place: Callable[[Index, Index], Index]

    def lay(self, k: Machine, tile: Index, c: Index, square: Iterator[tuple[int, int, Vector]]) -> None:
        """Store the transform of a tile, from one channel on."""
        corner = self.place(tile, c)
        for i, j, value in square:
            k.store(self.out, corner + self.planes[i * SEEN + j], value)


class Tiles:
    """The tiles of all pictures, in blocks that fit a cache.

    plane:  numbers from one point of a block's transform to the next; a gap keeps them out of each other's cache sets
    Where 16 tiles lie is found at once and kept in a table, from which each tile takes its numbers.
    Arguments: tiles of a block, pictures, rows and columns of the results, groups, channels and filters of a group
    (multiples of 16); of the pictures with their border: rows, columns.
    """

    def __init__(self, k: Machine, take: Arguments, scheme: Scheme, gap: int) -> None:
        self.k, self.side = k, scheme.side
        self.block, self.pictures, self.high, self.wide = (take.integer() for _ in range(4))
        self.groups, self.channels, self.filters = (take.integer() for _ in range(3))
        self.rows, self.columns = take.integer(), take.integer()
        side = self.side
        self.down, self.across = (self.high + (side - 1)) // side, (self.wide + (side - 1)) // side
        self.count = self.pictures * self.down * self.across
        self.blocks = (self.count + (self.block - 1)) // self.block
        wider = self.channels + self.filters - self.channels.at_most(self.filters)
        self.plane = self.block * wider + gap
        ahead = (
            (1 + 3) * side * MOST_AHEAD // LANES
        )  # of what is seen a place, of results picture, row and column
        self.table = k.scratch(I64, (COMING + ahead) * LANES)

    def planes(self) -> list[Index]:
        """Where each of the 36 points begins in the transform of a block."""
        return [self.plane * point for point in range(POINTS)]

    def near(self, room: Pointer, begin: Index, width: Index) -> Shelf:
        """The transform of one block: (36, tile, channel)."""
        return Shelf(room, self.planes(), lambda tile, c: begin + tile * width + c)

    # --- where they lie -------------------------------------------------------------------------------------

    def spots(self, first: Index) -> Spots:
        """16 tiles from one on; those beyond the last are the last."""
        k = self.k
        number = self.least(k.positions(first), self.count - 1)
        picture = k.divide(number, self.down * self.across)
        inside = number - picture * k.splat(self.down * self.across)
        line = k.divide(inside, self.across)
        return Spots(picture, line * self.side, (inside - line * k.splat(self.across)) * self.side)

    def least(self, numbers: Vector, most: Index) -> Vector:
        """The numbers, those that are larger cut to the most."""
        limit = self.k.splat(most)
        return self.k.where(numbers < limit, numbers, limit)

    def line(self, at: Spots, i: int) -> Vector:
        """Where line i of what each tile sees begins; those beyond the border are its last."""
        row = at.picture * self.k.splat(self.rows) + self.least(at.row + i, self.rows - 1)
        return row * self.k.splat(self.columns * self.groups * self.channels)

    def pixel(self, at: Spots, j: int) -> Vector:
        """How far pixel j of such a line is from its beginning."""
        return self.least(at.column + j, self.columns - 1) * self.k.splat(self.groups * self.channels)

    def keep(self, row: int, numbers: Vector) -> None:
        self.k.store(self.table, row * LANES, numbers)

    def number(self, place: Index | int) -> Index:
        """A number of the table, counted from its beginning."""
        return self.k.first(self.k.spread(self.table, place))

    def stretches(self, first: Index, count: Index, sees: bool) -> Iterator[tuple[Index, Index, Index]]:
        """Tiles 16 by 16, with their table: the number of the first, how many come before, how many there are."""
        for before in self.k.range(0, count, LANES):
            at = self.spots(first + before)
            if sees:
                for i in range(SEEN):
                    self.keep(LINES + i, self.line(at, i))
                    self.keep(COLUMNS + i, self.pixel(at, i))
            else:
                for i, numbers in enumerate(at):
                    self.keep(PLACE + i, numbers)
                self.keep(BELOW, self.k.splat(self.high) - at.row)
                self.keep(BESIDE, self.k.splat(self.wide) - at.column)
            yield first + before, before, (count - before).at_most(LANES)

    def results(self, t: Index, place: Place, step: int = 1) -> Place:
        """A place with strides along pictures, rows and columns, at the first result of tile t of the table.

        step:  rows and columns for which the place has one
        """
        for axis, each in enumerate((1, step, step)):
            place = place.at(axis, self.number(t + (PLACE + axis) * LANES) // each)
        return place

    def inside(self, t: Index, i: int, j: int) -> Index:
        """1 for a pixel of the results of tile t of the table, else a number below."""
        return (self.number(t + BELOW * LANES) - i).at_most(self.number(t + BESIDE * LANES) - j).at_most(1)

    # --- their transforms -----------------------------------------------------------------------------------

    def see(self, x: Pointer, group: Index | int, first: Index, count: Index, shelf: Shelf) -> None:
        """Bᵀ d B of some tiles.  Pixels beyond the border are read as its last: no result that is stored depends on
        them.
        """
        k = self.k
        for _, before, there in self.stretches(first, count, sees=True):
            for t in k.range(there):
                lines = [self.number(t + (LINES + i) * LANES) + group * self.channels for i in range(SEEN)]
                columns = [self.number(t + (COLUMNS + j) * LANES) for j in range(SEEN)]
                for c in k.range(0, self.channels, LANES):

                    def line(i: int) -> list[Vector]:
                        start = lines[i] + c  # noqa: B023  read at once
                        return [k.load(x, start + column) for column in columns]  # noqa: B023

                    shelf.lay(k, before + t, c, transforms.seen_square(line))

    def send(self, y: Place, group: Index | int, first: Index, count: Index, shelf: Shelf) -> None:
        """A y Aᵀ of some tiles.  Pixels beyond the pictures count as zeros; what is not read there is not read at the
        last ones, since processors are slow to find that out beyond an array.
        """
        k, side = self.k, self.side
        for _, before, there in self.stretches(first, count, sees=False):
            for t in k.range(there):
                corner = self.results(t, y)
                on = [[self.inside(t, i, j) for j in range(side)] for i in range(side)]
                whole = self.inside(t, side - 1, side - 1)
                below, beside = (self.number(t + which * LANES) - 1 for which in (BELOW, BESIDE))
                for f in k.range(0, self.filters, LANES):
                    for masked, flag in ((False, whole > 0), (True, whole < 1)):

                        def line(i: int) -> list[Vector]:
                            row, first = corner.at(1, last(i, below)), group * self.filters + f  # noqa: B023
                            masks = [k.below(n * LANES) if masked else None for n in on[i]]  # noqa: B023
                            return [row.at(2, last(j, beside)).load(first, m) for j, m in enumerate(masks)]  # noqa: B023

                        def last(n: int, most: Index) -> Index | int:
                            return k.smaller(n, most) if masked else n  # noqa: B023  read at once

                        for _ in k.when(flag):
                            shelf.lay(k, before + t, f, transforms.sent_square(line, side))

    # --- what is fetched ahead ------------------------------------------------------------------------------

    def coming(self, first: Index, parts: int, *, sees: bool, slot: int = 0) -> None:
        """Enter into the table the lines of pixels that the tiles from one on see and those before them and above
        do not, or the picture, row and column of the lines of their results.
        """
        edge, lines = SEEN - self.side, self.side * parts
        for part in range(parts):
            at = self.spots(first + part * LANES)
            for i in range(self.side):
                seen = self.line(at, i + edge) + self.pixel(at, edge) if sees else None
                numbers = (at.picture, at.row + i, at.column) if seen is None else (seen,)
                for axis, there in enumerate(numbers):
                    self.keep(COMING + slot + axis * lines + part * self.side + i, there)

    def fetching(self, turns: Index, steps: Index, *, sees: bool, parts: int, slot: int = 0) -> Fetching:
        """How the lines of `coming` are fetched in so many turns, a little in each of their steps."""
        lines, length = self.side * parts * LANES, self.side * (self.channels if sees else self.filters)
        each = (length * lines + (turns * steps - 1)) // (turns * steps)
        return Fetching(self, slot, lines, length, self.k.whole("add", lines * WHOLE, 0) // turns, each)


class Fetching(NamedTuple):
    """Lines of pixels that are fetched ahead.

    slot:    where they begin in the table;  lines: how many there are;  length: numbers of one
    pace:    lines of a turn, in parts of `WHOLE`;  each: numbers of a step
    """

    tiles: Tiles
    slot: int
    lines: int
    length: Index
    pace: Index
    each: Index

    def at(self, turn: Index) -> tuple[Index, Index]:
        """Where in the table the line is that a turn goes on with, and how far on in it that is."""
        line = turn * self.pace // WHOLE
        return line + (COMING + self.slot) * LANES, (turn * self.pace - line * WHOLE) * self.length // WHOLE

    def seen(self, x: Pointer, group: Index | int, turn: Index, turns: int = 1) -> Ahead:
        """The share of some turns in the pixels that are seen a block later."""
        line, begun = self.at(turn)
        return x, self.tiles.number(line) + group * self.tiles.channels + begun, self.each * turns

    def made(self, place: Place, group: Index | int, turn: Index, turns: int = 1) -> Ahead:
        """The share of some turns in results, or in what lies as they do."""
        line, begun = self.at(turn)
        for axis in range(3):
            place = place.at(axis, self.tiles.number(line + axis * self.lines))
        return place.pointer, place.offset + group * self.tiles.filters + begun, self.each * turns
