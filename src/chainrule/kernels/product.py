"""The matrix product: a register-tiled micro-kernel, strided both ways, with its epilogue in the same pass.

out[b, m, n] = Σ_k  A[b, m, k] · B[b, k, n], and so on for further pairs of factors, each sum by fma in the order of
k, whatever the tiles: the bits depend on the numbers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from .epilogue import Epilogue
from .formula import Arguments, Formula
from .language.engine import engine
from .language.machine import Machine
from .language.types import I64, LANES
from .language.values import Index, Pointer, Variable, Vector

UNROLLED = 6
"""Steps of a formula up to which it is written out for every register of the tile."""
TILES_AHEAD = 2
"""Tiles from the one that is worked on to the one for which memory is asked."""


@dataclass(frozen=True)
class Tile:
    """The part of the product that registers hold: rows of A by vectors of B."""

    rows: int
    vectors: int

    @property
    def columns(self) -> int:
        return self.vectors * LANES


TILES = tuple(Tile(*sides) for sides in ((8, 2), (8, 3), (6, 4), (8, 1), (6, 1), (4, 1), (3, 1), (2, 1)))
"""What to choose from; of equal ones the first."""


def tile(dtype: np.dtype, registers: tuple[int, int], columns: int = 2 * LANES, halves: bool = False) -> Tile:
    """The tile for a processor with so many vector registers of so many bytes, and a product of so many columns.

    halves:  whether wide multiply-adds are made in two halves

    >>> tile(np.dtype("float32"), (32, 64)), tile(np.dtype("float64"), (16, 32))
    (Tile(rows=8, vectors=2), Tile(rows=2, vectors=1))
    >>> tile(np.dtype("float32"), (32, 64), 100)
    Tile(rows=6, vectors=4)
    """
    count, width = registers
    each, vectors = max(1, LANES * dtype.itemsize // width), max(1, -(-columns // LANES))
    fit = [t for t in TILES if t.vectors <= vectors and (t.rows + 1) * t.vectors * each + 1 <= count]
    return min(fit, key=lambda t: cost(t.vectors, vectors, halves), default=Tile(1, 1))


def cost(wide: int, vectors: int, halves: bool) -> int:
    """What a row of so many vectors costs for each step along k, in panels so wide: multiply-adds, or, where these are
    few and quick, the number of A that is brought to all lanes.  Found by measuring.
    """
    if halves:
        return vectors
    whole, left = divmod(vectors, wide)
    return whole * max(5 * wide, 10 + 2 * wide) + (left > 0) * max(5 * left, 10 + 2 * left)


@cache
def tile_for(dtype: np.dtype, columns: int = 2 * LANES) -> Tile:
    """The tile for the processor that runs this."""
    target = engine().target
    return tile(dtype, target.registers, columns, target.halves)


@dataclass(frozen=True)
class Product:
    """A matrix product, or a sum of several, with an epilogue.

    formula:  operand 0 is the sum itself; the others lie at (b, m, n)
    window:   whether A is a window that slides over pictures, whose rows and steps along k lie on three axes each;
              else A lies in groups of 16 rows, evenly along k
    pairs:    how many pairs of factors A, B are summed up
    B lies in panels of the tile's columns, neighbours along n: strides from batch to batch, panel to panel, along k.
    So one kernel reads matrices where they lie and what `Pack` has made of them; at the last columns under a mask.
    Arguments: pieces, chunks of M, panels of a strip, batches, M, N; for each pair: K; A, its stride from batch to
    batch, then from group to group, row to row in a group, along k; of a window: the sizes of the middle and the inner
    axis of its rows, the strides of all three; the sizes of the three axes along k, and their strides; B with its three
    strides; then the other operands and the stores, with their strides along b, m (and n); status.
    """

    dtype: np.dtype
    tile: Tile
    formula: Formula
    window: bool = False
    pairs: int = 1

    def __call__(self, k: Machine) -> None:
        Walk(k, self).write()


class Rows:
    """A as groups of 16 rows."""

    def __init__(self, k: Machine, take: Arguments, m: Index, depth: Index) -> None:
        self.k, self.m, self.depth = k, m, depth
        self.high, self.low, self.along = (take.integer() for _ in range(3))

    def at(self, m: Index, count: int) -> list[Index]:
        """Where some rows begin; those beyond the last are read as the last."""
        rows = [(m + i).at_most(self.m - 1) for i in range(count)]
        return [row // LANES * self.high + row % LANES * self.low for row in rows]

    def steps(self) -> Iterator[tuple[Index, Index]]:
        """Every k, and how far A has moved."""
        for step in self.k.range(self.depth):
            yield step, step * self.along


class Window:
    """A as a window that slides over pictures: rows on three axes, and steps along k on three axes.

    The place of a row follows from its number by two divisions, made for 16 rows at once.
    """

    def __init__(self, k: Machine, take: Arguments, m: Index) -> None:
        self.k, self.m = k, m
        self.middle, self.inner = take.integer(), take.integer()
        self.row_strides = [take.integer() for _ in range(3)]
        self.sizes = [take.integer() for _ in range(3)]
        self.strides = [take.integer() for _ in range(3)]
        self.places = k.scratch(I64, LANES)

    def at(self, m: Index, count: int) -> list[Index]:
        """Where some rows begin; those beyond the last are read as the last."""
        k, (far, between, near) = self.k, self.row_strides
        row, last = k.positions(m), k.splat(self.m - 1)
        row = k.where(row < last, row, last)
        line = k.divide(row, self.inner)
        picture = k.divide(line, self.middle)
        place = row * k.splat(near) + line * k.splat(between - self.inner * near)
        place = place + picture * k.splat(far - self.middle * between)
        k.store(self.places, 0, place)
        return [k.first(k.spread(self.places, i)) for i in range(count)]

    def steps(self) -> Iterator[tuple[Index, Index]]:
        """Every k, and how far A has moved."""
        k, (outer, middle, inner), (far, between, near) = self.k, self.sizes, self.strides
        for u in k.range(outer):
            for v in k.range(middle):
                begun, moved = (u * middle + v) * inner, u * far + v * between
                for w in k.range(inner):
                    yield begun + w, moved + w * near


Left = tuple[Pointer, list[Index]]
"""A at a tile: where its rows begin."""
Right = tuple[Pointer, Index, Index | int]
"""B at a tile: where its columns begin, and its stride along k."""
Ahead = tuple[Pointer, Index, Index]
"""Memory that is fetched ahead: from where on, and how far on with each step along k."""


def micro_kernel(
    k: Machine,
    left: Left,
    right: Right,
    steps: Iterable[tuple[Index, Index]],
    begun: list[list[Vector]],
    masks: Sequence[Vector | None] | None = None,
    ahead: Sequence[Ahead] = (),
    add: Callable[[Vector, Vector, Vector], Vector] | None = None,
) -> list[list[Variable]]:
    """Rows × vectors sums in registers, from what they begin with: the heart of every product.

    steps:  every k, and how far A has moved;  masks: which columns there are, where B may end before a vector does
    ahead:  what is fetched meanwhile, a little in each step: a burst would have to wait for memory
    add:    the next sum out of a number of A, a vector of B and the sum before; a·b + sum by fma, unless told
    """
    add = add or k.fma
    (a, places), (b, base, stride) = left, right
    sums = [[k.variable(value) for value in row] for row in begun]
    there = masks or [None] * len(begun[0])
    for step, along in steps:
        row = base + step * stride
        vectors = [k.load(b, row + v * LANES, mask) for v, mask in enumerate(there)]
        for pointer, start, each in ahead:
            k.prefetch(pointer, start + step * each)
        for line, place in zip(sums, places, strict=True):
            number = k.spread(a, place + along)
            for held, vector in zip(line, vectors, strict=True):
                held.set(add(number, vector, held.get()))
    return sums


class Pair:
    """One pair of factors: A with its rows, B with its strides from batch to batch, panel to panel, along k."""

    def __init__(self, k: Machine, take: Arguments, product: Product, m: Index) -> None:
        depth = self.depth = take.integer()
        self.a, self.a_b = take.pointer(product.dtype), take.integer()
        self.left: Rows | Window = Window(k, take, m) if product.window else Rows(k, take, m, depth)
        self.b = take.pointer(product.dtype)
        self.b_b, self.b_panel, self.b_k = (take.integer() for _ in range(3))

    def factors(self, batch: Index, m: Index, rows: int, panel: Index) -> tuple[Left, Right]:
        """Both factors as the micro-kernel reads them at a tile."""
        places = [batch * self.a_b + place for place in self.left.at(m, rows)]
        return (self.a, places), (self.b, batch * self.b_b + panel * self.b_panel, self.b_k)


def widths(k: Machine, tile: Tile, left: Index) -> Iterator[int]:
    """How many vectors of a register tile there are, where so many columns are left."""
    there = ((left + (LANES - 1)) // LANES).at_most(tile.vectors)
    for vectors in range(1, tile.vectors + 1):
        for _ in k.when(there == vectors):
            yield vectors


class Walk:
    """One product on its way to a machine."""

    def __init__(self, k: Machine, product: Product) -> None:
        self.k, self.product, self.tile = k, product, product.tile
        take = self.take = Arguments(k)
        self.pieces, self.chunks, self.strip = (take.integer() for _ in range(3))
        self.batches, self.m, self.n = (take.integer() for _ in range(3))
        self.pairs = [Pair(k, take, product, self.m) for _ in range(product.pairs)]
        self.after = Epilogue(k, take, product.formula, 2)
        self.scratch = k.scratch(product.dtype, self.tile.rows * self.tile.columns)

    def write(self) -> None:
        """Go through the units of this piece, each a chunk of the rows of A and a strip of panels of B, row by row."""
        k, rows, columns, strip = self.k, self.tile.rows, self.tile.columns, self.strip
        panels = (self.n + (columns - 1)) // columns
        strips = (panels + (strip - 1)) // strip
        high = (self.m + (rows - 1)) // rows
        start, stop = k.share(self.batches * self.chunks * strips, self.pieces)
        for unit in k.range(start, stop):
            batch, inside = unit // (self.chunks * strips), unit % (self.chunks * strips)
            chunk, left = inside // strips, inside % strips * strip
            first, last = (bound * high // self.chunks * rows for bound in (chunk, chunk + 1))
            for m in k.range(first, last.at_most(self.m), rows):
                for panel in k.range(left, (left + strip).at_most(panels)):
                    self.block(batch, m, panel)
        self.after.close()

    def block(self, batch: Index, m: Index, panel: Index) -> None:
        """One tile of the result.  A whole one goes from its registers straight into the epilogue, unless that is
        long; one at an edge by way of the scratch tile.  Vectors beyond the last column are left out.
        """
        k, tile, n = self.k, self.tile, panel * self.tile.columns
        self.fetch(batch, m, n)
        factors = [pair.factors(batch, m, tile.rows, panel) for pair in self.pairs]
        whole = self.whole(m, n)
        for _ in k.when(whole == 1):
            sums = self.multiply(factors, [None] * tile.vectors)
            if self.long:
                self.keep(sums)
            else:
                self.finish_whole(batch, m, n, sums)
        for _ in k.when(whole == 0):
            for vectors in widths(k, tile, self.n - n):
                masks = [k.below(self.n - n - v * LANES) for v in range(vectors)]
                self.keep(self.multiply(factors, masks))
        self.finish_kept(batch, m, n)

    @property
    def long(self) -> bool:
        """Whether the epilogue is too long to be written out for every register."""
        return len(self.product.formula.steps) > UNROLLED

    def whole(self, m: Index, n: Index) -> Index:
        """1 where a tile lies inside of the result with all its rows and columns, else 0."""
        rows, columns = self.tile.rows, self.tile.columns
        return (self.m - m).at_most(rows) // rows * ((self.n - n).at_most(columns) // columns)

    def fetch(self, batch: Index, m: Index, n: Index) -> None:
        """Let what the epilogue reads come while the sums are made: within a strip, that of a later tile."""
        n = n + (self.strip - 1).at_most(TILES_AHEAD) * self.tile.columns
        line = max(1, 64 // self.product.dtype.itemsize)
        for place in self.after.neighbours():
            corner = place.at(0, batch).at(1, m)
            for i in range(self.tile.rows):
                row = corner.offset + i * place.strides[1] + n
                for column in range(0, self.tile.columns, line):
                    self.k.prefetch(place.pointer, row + column)

    def multiply(
        self, factors: list[tuple[Left, Right]], masks: Sequence[Vector | None]
    ) -> list[list[Variable]]:
        """The sums of a tile over all pairs, in registers."""
        k, zero = self.k, self.k.constant(0, self.product.dtype)
        held = [[zero] * len(masks)] * self.tile.rows
        for pair, (left, right) in zip(self.pairs, factors, strict=True):
            sums = micro_kernel(k, left, right, pair.left.steps(), held, masks)
            held = [[total.get() for total in row] for row in sums]
        return sums

    def keep(self, sums: list[list[Variable]]) -> None:
        """Leave the sums in the scratch tile."""
        for i, row in enumerate(sums):
            for v, held in enumerate(row):
                self.k.store(self.scratch, i * self.tile.columns + v * LANES, held.get())

    def finish_whole(self, batch: Index, m: Index, n: Index, sums: list[list[Variable]]) -> None:
        """The epilogue over a whole tile, out of its registers."""
        corner = self.after.at(batch, m)
        for i, row in enumerate(sums):
            places = [p.at(1, i) for p in corner]
            for v, held in enumerate(row):
                self.after.apply(held.get(), n + v * LANES, None, places)

    def finish_kept(self, batch: Index, m: Index, n: Index) -> None:
        """The epilogue of a tile whose sums were left in the scratch tile, if they were."""
        if self.long:
            self.finish(batch, m, n)
            return
        for _ in self.k.when(self.whole(m, n) == 0):
            self.finish(batch, m, n)

    def finish(self, batch: Index, m: Index, n: Index) -> None:
        """The epilogue over the valid part of the tile."""
        k, columns = self.k, self.tile.columns
        last = (n + columns).at_most(self.n)
        corner = self.after.at(batch, m)
        for i in k.range((self.m - m).at_most(self.tile.rows)):
            places = [p.at(1, i) for p in corner]
            for column, mask in k.lanes(n, last):
                total = k.load(self.scratch, i * columns + (column - n))
                self.after.apply(total, column, mask, places)
