"""The matrix product: a register-tiled micro-kernel, strided both ways, with its epilogue in the same pass.

out[b, m, n] = Σ_k  A[b, m, k] · B[b, k, n], each sum by fma in the order of k, whatever the tiles: the bits
depend on the numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from .formula import NEXT, Arguments, Formula, Place, not_finite
from .language.engine import engine
from .language.machine import Machine
from .language.types import BOOL, F64, I64, LANES, U8
from .language.values import Index, Pointer, Variable, Vector

UNROLLED = 6
"""Steps of a formula up to which it is written out for every register of the tile."""


@dataclass(frozen=True)
class Tile:
    """The part of the product that registers hold: rows of A by vectors of B."""

    rows: int
    vectors: int

    @property
    def columns(self) -> int:
        return self.vectors * LANES


def tile(dtype: np.dtype, registers: tuple[int, int]) -> Tile:
    """The tile for a processor with so many vector registers of so many bytes.

    >>> tile(np.dtype("float32"), (32, 64)), tile(np.dtype("float64"), (16, 32))
    (Tile(rows=8, vectors=2), Tile(rows=2, vectors=1))
    """
    count, width = registers
    each = max(1, LANES * dtype.itemsize // width)
    for rows, vectors in ((8, 2), (8, 1), (6, 1), (4, 1), (3, 1), (2, 1)):
        if (rows * vectors + vectors) * each + 1 <= count:
            return Tile(rows, vectors)
    return Tile(1, 1)


@cache
def tile_for(dtype: np.dtype) -> Tile:
    """The tile for the processor that runs this."""
    return tile(dtype, engine().target.registers)


@dataclass(frozen=True)
class Product:
    """A matrix product with an epilogue.

    formula:  operand 0 is the sum itself; the others lie at (b, m, n)
    window:   whether A is a window that slides over pictures, whose rows and steps along k lie on three axes each;
              else A lies in groups of 16 rows, evenly along k
    B lies in panels of the tile's columns, neighbours along n: strides from batch to batch, panel to panel, along k.
    So one kernel reads matrices where they lie (B with N % 16 = 0) and what `Pack` has made of them.
    Arguments: pieces, chunks of M, batches, M, N, K; A, its stride from batch to batch, then from group to group,
    row to row in a group, along k; of a window: the sizes of the middle and the inner axis of its rows, the strides
    of all three; the sizes of the three axes along k, and their strides; B with its three strides; the other
    operands and the stores, with their strides along b, m (and n); status.
    """

    dtype: np.dtype
    tile: Tile
    formula: Formula
    window: bool = False

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
        line = divided(k, row, self.inner)
        picture = divided(k, line, self.middle)
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


def divided(k: Machine, numbers: Vector, by: Index) -> Vector:
    """Whole numbers ≥ 0 divided, rounded down: exact below 2⁵², since halves are added before."""
    exact = (k.convert(numbers, F64) + 0.5) / k.convert(k.splat(by), F64)
    return k.convert(k.unary("floor", exact), I64)


def micro_kernel(
    k: Machine,
    left: tuple[Pointer, list[Index]],
    right: tuple[Pointer, Index, Index | int],
    steps: Iterable[tuple[Index, Index]],
    begun: list[list[Vector]],
) -> list[list[Variable]]:
    """Rows × vectors sums in registers, from what they begin with: the heart of every product.

    left:  A, and where its rows begin;  right: B, where its columns begin, and its stride along k
    steps:  every k, and how far A has moved
    """
    (a, places), (b, base, stride) = left, right
    sums = [[k.variable(value) for value in row] for row in begun]
    for step, along in steps:
        vectors = [k.load(b, base + step * stride + v * LANES) for v in range(len(begun[0]))]
        for row, place in zip(sums, places, strict=True):
            number = k.spread(a, place + along)
            for held, vector in zip(row, vectors, strict=True):
                held.set(k.fma(number, vector, held.get()))
    return sums


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
        take = Arguments(k)
        self.pieces, self.chunks = take.integer(), take.integer()
        self.batches, self.m, self.n, self.depth = (take.integer() for _ in range(4))
        self.a, self.a_b = take.pointer(product.dtype), take.integer()
        self.left: Rows | Window = (
            Window(k, take, self.m) if product.window else Rows(k, take, self.m, self.depth)
        )
        self.b = take.pointer(product.dtype)
        self.b_b, self.b_panel, self.b_k = (take.integer() for _ in range(3))
        formula = product.formula
        self.operands = [take.place(o, 2) for o in formula.operands[1:]]
        self.stores = [take.place(o, 2) for _, o in formula.stores]
        self.status: Pointer | None = take.pointer(U8) if formula.guards else None
        self.bad: Variable | None = k.variable(k.constant(False, BOOL)) if formula.guards else None
        self.scratch = k.scratch(product.dtype, self.tile.rows * self.tile.columns)

    def write(self) -> None:
        """Go through the units of this piece: a panel of B, and a chunk of the rows of A."""
        k, rows, columns = self.k, self.tile.rows, self.tile.columns
        panels = (self.n + (columns - 1)) // columns
        high = (self.m + (rows - 1)) // rows
        each = (high + (self.chunks - 1)) // self.chunks * rows
        start, stop = k.share(self.batches * self.chunks * panels, self.pieces)
        for unit in k.range(start, stop):
            batch, inside = unit // (self.chunks * panels), unit % (self.chunks * panels)
            chunk, panel = inside // panels, inside % panels
            first = chunk * each
            last = (first + each).at_most(self.m)
            for m in k.range(first, last, rows):
                self.block(batch, m, panel)
        if self.bad is not None and self.status is not None:
            k.raise_flag(self.status, self.bad.get())

    def block(self, batch: Index, m: Index, panel: Index) -> None:
        """One tile of the result.  A whole one goes from its registers straight into the epilogue, unless that is
        long; one at an edge by way of the scratch tile.  Vectors beyond the last column are left out.
        """
        k, columns, rows = self.k, self.tile.columns, self.tile.rows
        n = panel * columns
        base = batch * self.b_b + panel * self.b_panel
        self.fetch(batch, m, n)
        a = [batch * self.a_b + place for place in self.left.at(m, rows)]
        for vectors in widths(k, self.tile, self.n - n):
            if len(self.product.formula.steps) > UNROLLED:
                self.keep(self.multiply(a, base, vectors))
                self.finish(batch, m, n)
                continue
            width = vectors * LANES
            whole = (self.m - m).at_most(rows) // rows * ((self.n - n).at_most(width) // width)
            for _ in k.when(whole == 1):
                self.finish_whole(batch, m, n, self.multiply(a, base, vectors))
            for _ in k.when(whole == 0):
                self.keep(self.multiply(a, base, vectors))
                self.finish(batch, m, n)

    def fetch(self, batch: Index, m: Index, n: Index) -> None:
        """Let what the epilogue reads come while the sums are made."""
        line = max(1, 64 // self.product.dtype.itemsize)
        for place in (p for p in self.operands if p.operand.along == NEXT):
            corner = place.at(0, batch).at(1, m)
            for i in range(self.tile.rows):
                row = corner.offset + i * place.strides[1] + n
                for column in range(0, self.tile.columns, line):
                    self.k.prefetch(place.pointer, row + column)

    def multiply(self, a: list[Index], base: Index, vectors: int) -> list[list[Variable]]:
        """The sums of a tile, in registers."""
        k, dtype = self.k, self.product.dtype
        begun = [[k.constant(0, dtype) for _ in range(vectors)] for _ in a]
        return micro_kernel(k, (self.a, a), (self.b, base, self.b_k), self.left.steps(), begun)

    def keep(self, sums: list[list[Variable]]) -> None:
        """Leave the sums in the scratch tile."""
        for i, row in enumerate(sums):
            for v, held in enumerate(row):
                self.k.store(self.scratch, i * self.tile.columns + v * LANES, held.get())

    def finish_whole(self, batch: Index, m: Index, n: Index, sums: list[list[Variable]]) -> None:
        """The epilogue over a whole tile, out of its registers."""
        corner = [p.at(0, batch).at(1, m) for p in (*self.operands, *self.stores)]
        for i, row in enumerate(sums):
            places = [p.at(1, i) for p in corner]
            for v, held in enumerate(row):
                self.body(held.get(), n + v * LANES, None, places)

    def finish(self, batch: Index, m: Index, n: Index) -> None:
        """The epilogue over the valid part of the tile."""
        k, columns = self.k, self.tile.columns
        last = (n + columns).at_most(self.n)
        corner = [p.at(0, batch).at(1, m) for p in (*self.operands, *self.stores)]
        for i in k.range((self.m - m).at_most(self.tile.rows)):
            places = [p.at(1, i) for p in corner]
            for column, mask in k.lanes(n, last):
                total = k.load(self.scratch, i * columns + (column - n))
                self.body(total, column, mask, places)

    def body(self, total: Vector, column: Index, mask: Vector | None, places: list[Place]) -> None:
        formula, count = self.product.formula, len(self.operands)
        sources = formula.apply(self.k, [total, *(p.load(column, mask) for p in places[:count])])
        for place, (source, _) in zip(places[count:], formula.stores, strict=True):
            place.store(column, sources[source], mask)
        for source in formula.guards:
            bad = not_finite(sources[source])
            if self.bad is not None:
                self.bad.set(self.bad.get() | (bad if mask is None else bad & mask))


@dataclass(frozen=True)
class Pack:
    """B[b, k, n] into panels of the tile's columns: [b][panel][k][column], zeros beyond N.

    along_k:  whether B has its neighbours along k, and is turned in registers; else along n
    Arguments: pieces, batches, N, K; B, its strides along b and along the axis without neighbours; the panels.
    """

    dtype: np.dtype
    tile: Tile
    along_k: bool

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, batches, n, depth = (take.integer() for _ in range(4))
        b, stride_b, stride = take.pointer(self.dtype), take.integer(), take.integer()
        out = take.pointer(self.dtype)
        columns, vectors = self.tile.columns, self.tile.vectors
        panels = (n + (columns - 1)) // columns
        for unit in self.units(k, batches * panels, pieces):
            batch, panel = unit // panels, unit % panels
            source, target = batch * stride_b, unit * depth * columns
            for v in range(vectors):
                first = panel * columns + v * LANES
                if self.along_k:
                    self.turn(k, b, source, stride, first, n, depth, out, target + v * LANES)
                else:
                    mask = k.below(n - first)
                    for step in k.range(depth):
                        value = k.load(b, source + step * stride + first, mask)
                        k.store(out, target + step * columns + v * LANES, value)

    def units(self, k: Machine, count: Index, pieces: Index) -> Iterator[Index]:
        yield from k.range(*k.share(count, pieces))

    def turn(
        self,
        k: Machine,
        b: Pointer,
        source: Index,
        stride: Index,
        first: Index,
        n: Index,
        depth: Index,
        out: Pointer,
        target: Index,
    ) -> None:
        """16 columns of B, whose neighbours lie along k: 16 × 16 squares, exchanged in registers."""
        for step, mask in k.lanes(0, depth):
            rows = []
            for lane in range(LANES):
                inside = (n - (first + lane)).at_most(1)  # ≤ 0 beyond the last column: nothing is read
                left = inside * LANES if mask is None else inside * (depth - step)
                place = source + (first + lane) * stride + step
                rows.append(k.load(b, place, k.below(left)))
            for lane, row in enumerate(k.transpose(rows)):
                if mask is None:
                    k.store(out, target + (step + lane) * self.tile.columns, row)
                else:
                    for _ in k.when(step + lane < depth):
                        k.store(out, target + (step + lane) * self.tile.columns, row)
