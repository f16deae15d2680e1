"""The matrix product: a register-tiled micro-kernel, strided both ways, with its epilogue in the same pass.

out[b, m, n] = Σ_k  A[b, m, k] · B[b, k, n], each sum by fma in the order of k, whatever the tiles: the bits
depend on the numbers alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from .formula import NEXT, Arguments, Formula, Place, not_finite
from .language.engine import engine
from .language.machine import Machine
from .language.types import BOOL, LANES, U8
from .language.values import Index, Pointer, Variable, Vector


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
    A lies in groups of 16 rows: strides from batch to batch, group to group, row to row in a group, and along k.
    B lies in panels of the tile's columns, neighbours along n: strides from batch to batch, panel to panel, along k.
    So one kernel reads matrices where they lie (B with N % 16 = 0) and what `Pack` has made of them.
    Arguments: pieces, chunks of M, batches, M, N, K; A with its four strides; B with its three; the other operands
    and the stores, with their strides along b, m (and n); status.
    """

    dtype: np.dtype
    tile: Tile
    formula: Formula

    def __call__(self, k: Machine) -> None:
        Walk(k, self).write()


class Walk:
    """One product on its way to a machine."""

    def __init__(self, k: Machine, product: Product) -> None:
        self.k, self.product, self.tile = k, product, product.tile
        take = Arguments(k)
        self.pieces, self.chunks = take.integer(), take.integer()
        self.batches, self.m, self.n, self.depth = (take.integer() for _ in range(4))
        self.a = take.pointer(product.dtype)
        self.a_b, self.a_high, self.a_low, self.a_k = (take.integer() for _ in range(4))
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
        """One tile of the result, narrower at the right edge."""
        k, columns = self.k, self.tile.columns
        n = panel * columns
        left = self.n - n
        base = batch * self.b_b + panel * self.b_panel
        self.fetch(batch, m, n)
        a = [batch * self.a_b + self.row(m + i) for i in range(self.tile.rows)]
        if self.tile.vectors == 1:
            self.multiply(a, base, 1)
        else:
            for _ in k.when(left > LANES):
                self.multiply(a, base, self.tile.vectors)
            for _ in k.when(left < LANES + 1):
                self.multiply(a, base, 1)
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

    def row(self, m: Index) -> Index:
        """Where a row of A begins; rows beyond the last are read as the last."""
        row = m.at_most(self.m - 1)
        return row // LANES * self.a_high + row % LANES * self.a_low

    def multiply(self, a: list[Index], base: Index, vectors: int) -> None:
        """The micro-kernel: rows × vectors sums in registers, left in the scratch tile."""
        k, dtype = self.k, self.product.dtype
        sums = [[k.variable(k.constant(0, dtype)) for _ in range(vectors)] for _ in a]
        for step in self.k.range(self.depth):
            right = [k.load(self.b, base + step * self.b_k + v * LANES) for v in range(vectors)]
            along = step * self.a_k
            for row, offset in zip(sums, a, strict=True):
                left = k.spread(self.a, offset + along)
                for held, b in zip(row, right, strict=True):
                    held.set(k.fma(left, b, held.get()))
        for i, row in enumerate(sums):
            for v, held in enumerate(row):
                k.store(self.scratch, i * self.tile.columns + v * LANES, held.get())

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
