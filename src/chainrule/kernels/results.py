"""What follows the products of Winograd's algorithm: tiles brought back, and an epilogue in registers, with windows
pooled and sums added up.
"""

from __future__ import annotations

from . import transforms
from .epilogue import Epilogue
from .formula import Arguments, Formula, Place, Pool
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Pointer, Vector
from .pooling import beats
from .tiles import Tiles
from .transforms import SEEN


class Results:
    """What follows the products: Aᵀ m A of each tile, and an epilogue at each pixel that there is."""

    def __init__(self, k: Machine, take: Arguments, tiles: Tiles, formula: Formula) -> None:
        self.k, self.tiles = k, tiles
        self.after, self.width = Epilogue(k, take, formula, 3), tiles.groups * tiles.filters
        self.after.begin(self.width)

    def finish(self, group: Index | int, first: Index, count: Index, room: Pointer, begin: Index) -> None:
        """The results of some tiles, whose products (36, block, F) lie in a room."""
        k, tiles = self.k, self.tiles
        planes = tiles.planes()
        for _, before, there in tiles.stretches(first, count, sees=False):
            for t in k.range(there):
                corners = [tiles.results(t, place) for place in self.after.places]
                for f in k.range(0, tiles.filters, LANES):
                    corner = begin + (before + t) * tiles.filters + f

                    def line(i: int) -> list[Vector]:
                        points = planes[i * SEEN : (i + 1) * SEEN]
                        return [k.load(room, corner + place) for place in points]  # noqa: B023  read at once

                    self.tile(
                        t, transforms.results_square(line, tiles.side), group * tiles.filters + f, corners
                    )

    def tile(self, t: Index, square: list[list[Vector]], column: Index, corners: list[Place]) -> None:
        """What follows 16 columns of tile t."""
        k, tiles, after = self.k, self.tiles, self.after
        held, pooled = after.held(), [tiles.results(t, place, 2) for place in after.pooled]
        for window in windows(tiles.side) if pooled else [pixels(tiles.side)]:
            best = Best(k, after.formula.pool) if after.formula.pool else None
            for number, (i, j) in enumerate(window):
                for _ in k.when(tiles.inside(t, i, j) > 0):
                    places = [corner.at(1, i).at(2, j) for corner in corners]
                    sources = after.apply(square[i][j], column, None, places)
                    after.count(held, sources)
                    if best is not None:
                        best.meet(number, sources)
            if best is not None:
                (i, j), last = window[0], window[-1]
                for _ in k.when(tiles.inside(t, *last) > 0):
                    best.store(column, [place.at(1, i // 2).at(2, j // 2) for place in pooled])
        after.add(held, column, self.width)


def pixels(side: int) -> list[tuple[int, int]]:
    """The pixels of a tile, row by row."""
    return [(i, j) for i in range(side) for j in range(side)]


def windows(side: int) -> list[list[tuple[int, int]]]:
    """The pixels of each window of 2 × 2 of a tile."""
    corners = [(2 * i, 2 * j) for i, j in pixels(side // 2)]
    return [[(i + u, j + v) for u, v in pixels(2)] for i, j in corners]


class Best:
    """The largest pixel of a window so far, and its number, in registers."""

    def __init__(self, k: Machine, pool: Pool) -> None:
        self.k, self.pool = k, pool
        self.value, self.winner = (k.variable(k.constant(0, o.dtype)) for o in (pool.out, pool.winner))

    def meet(self, number: int, sources: list[Vector]) -> None:
        """One more pixel."""
        value, winner = sources[self.pool.source], self.k.constant(number, self.pool.winner.dtype)
        if number:
            better = beats(value, self.value.get())
            value = self.k.where(better, value, self.value.get())
            winner = self.k.where(better, winner, self.winner.get())
        self.value.set(value)
        self.winner.set(winner)

    def store(self, column: Index, places: list[Place]) -> None:
        """Write both."""
        for place, held in zip(places, (self.value, self.winner), strict=True):
            place.store(column, held.get(), None)
