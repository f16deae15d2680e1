"""Products of a few rows or columns with a matrix that is too large for the caches: it is read once, in long stretches.

The sums are those of `product`, each by fma in the order of k: where they wait in memory while other tiles have their
turn, nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Pointer, Variable, Vector
from .product import TILES_AHEAD, Product, Rows, Walk, micro_kernel, widths

LEFT, RIGHT = "left", "right"
"""Which factor is the large one."""
LINE = 64
"""Bytes of a cache line."""
TOGETHER = 4
"""Steps along a row of A that are written out: one alone is too short for a loop."""


@dataclass(frozen=True)
class Large(Product):
    """A product of two matrices, block after block of k.

    large:  LEFT: A (M, K) has its neighbours along k, and there are few columns;  RIGHT: B (K, N), for few rows
    Arguments: those of a product, of one batch and K ≥ 1, of which chunks and strip are not used; then the steps along
    k of a block, and room for the sums of all tiles.
    """

    large: str = RIGHT

    def __call__(self, k: Machine) -> None:
        Blocks(k, self).write()


class Blocks(Walk):
    """In each block of k, the tiles of the large factor that are this piece's, one after the other, and with each all
    tiles of the other factor.
    """

    def __init__(self, k: Machine, product: Large) -> None:
        super().__init__(k, product)
        (pair,) = self.pairs
        self.right, self.rows = product.large == RIGHT, cast(Rows, pair.left)
        self.a, self.b, self.b_panel, self.b_k, self.depth = (
            pair.a,
            pair.b,
            pair.b_panel,
            pair.b_k,
            pair.depth,
        )
        self.size, self.room = self.take.integer(), self.take.pointer(product.dtype)
        self.blocks = (self.depth + (self.size - 1)) // self.size
        self.high = (self.m + (self.tile.rows - 1)) // self.tile.rows
        self.panels = (self.n + (self.tile.columns - 1)) // self.tile.columns

    def write(self) -> None:
        k = self.k
        many, few = (self.panels, self.high) if self.right else (self.high, self.panels)
        start, stop = k.share(many, self.pieces)
        for block in k.range(self.blocks):
            for large in k.range(start, stop):
                ahead = self.ahead(large - start, stop - start)
                for small in k.range(few):
                    line, panel = (small, large) if self.right else (large, small)
                    self.part(block, line, panel, ahead)
        self.after.close()

    def ahead(self, done: Index, count: Index) -> Index:
        """How far on in the large factor the tile lies that is fetched, at last one of the next block."""
        tile = self.b_panel if self.right else self.rows.low * self.tile.rows
        block = self.b_k * self.size if self.right else self.size
        return tile * TILES_AHEAD + (done + TILES_AHEAD) // count * (block - tile * count)

    def part(self, block: Index, line: Index, panel: Index, ahead: Index) -> None:
        """Add one block of k to the sums of a tile; after the last one they are complete."""
        k, tile = self.k, self.tile
        m, n = line * tile.rows, panel * tile.columns
        a, base, place = self.rows.at(m, tile.rows), panel * self.b_panel, line * self.panels + panel
        for vectors in widths(k, tile, self.n - n):
            begun = self.begun(block, place, vectors)
            steps = self.steps(block, a, base, ahead, vectors)
            sums = micro_kernel(k, (self.a, a), (self.b, base, self.b_k), steps, begun)
            for _ in k.when(block + 1 < self.blocks):
                self.leave(place, sums)
            for _ in k.when(block + 1 == self.blocks):
                self.complete(m, n, sums)
        for _ in k.when(block + 1 == self.blocks):
            self.finish_kept(k.whole("add", 0, 0), m, n)

    def waiting(self, place: Index, i: int, v: int) -> Index:
        """Where a vector of sums of a tile waits."""
        return place * (self.tile.rows * self.tile.columns) + (i * self.tile.columns + v * LANES)

    def begun(self, block: Index, place: Index, vectors: int) -> list[list[Vector]]:
        """What the sums of a tile begin with: zeros in the first block."""
        k, there = self.k, self.k.below(block * LANES)
        rows, columns = range(self.tile.rows), range(vectors)
        return [[k.load(self.room, self.waiting(place, i, v), there) for v in columns] for i in rows]

    def leave(self, place: Index, sums: list[list[Variable]]) -> None:
        """Let the sums of a tile wait for the next block."""
        for i, row in enumerate(sums):
            for v, held in enumerate(row):
                self.k.store(self.room, self.waiting(place, i, v), held.get())

    def steps(
        self, block: Index, a: list[Index], base: Index, ahead: Index, vectors: int
    ) -> Iterator[tuple[Index, Index]]:
        """Every k of a block, and how far A has moved, while what is read later comes."""
        k, first = self.k, block * self.size
        last = (first + self.size).at_most(self.depth)
        if self.right:
            for step in k.range(first, last):
                for v in range(vectors):
                    self.ask(self.b, base + ahead + step * self.b_k + v * LANES)
                yield step, step * self.rows.along
            return
        whole = first + (last - first) // LANES * LANES
        for line in k.range(first, whole, LANES):
            for place in a:
                self.ask(self.a, place + ahead + line)
            for step in k.range(line, line + LANES, TOGETHER):
                yield from ((step + i, step + i) for i in range(TOGETHER))
        for step in k.range(whole, last):
            yield step, step

    def ask(self, pointer: Pointer, offset: Index) -> None:
        """Let 16 neighbours come."""
        for lane in range(0, LANES, LINE // pointer.dtype.itemsize):
            self.k.prefetch(pointer, offset + lane)

    def complete(self, m: Index, n: Index, sums: list[list[Variable]]) -> None:
        """All sums of a tile: into the epilogue out of their registers, or into the scratch tile."""
        if self.long or len(sums[0]) < self.tile.vectors:
            self.keep(sums)
            return
        k, whole = self.k, self.whole(m, n)
        for _ in k.when(whole == 1):
            self.finish_whole(k.whole("add", 0, 0), m, n, sums)
        for _ in k.when(whole == 0):
            self.keep(sums)
