"""Right factors before a product that reads them more than once: in panels, as its register tiles go through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index
from .product import Tile


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
        Packing(k, self).write()

    @property
    def beside(self) -> int:
        """Panels that are filled side by side, so that memory is read in stretches."""
        return min(4, 8 // self.tile.vectors)

    @property
    def unit(self) -> int:
        """Columns that are filled together."""
        return LANES if self.along_k else self.beside * self.tile.columns


class Packing:
    """Panels on their way to a machine."""

    def __init__(self, k: Machine, pack: Pack) -> None:
        self.k, self.pack, self.columns = k, pack, pack.tile.columns
        take = Arguments(k)
        self.pieces, self.batches, self.n, self.depth = (take.integer() for _ in range(4))
        self.b, self.b_b, self.stride = take.pointer(pack.dtype), take.integer(), take.integer()
        self.out = take.pointer(pack.dtype)
        self.panels = (self.n + (self.columns - 1)) // self.columns

    def write(self) -> None:
        """Go through the units of this piece: 16 columns each, or a few panels."""
        if self.pack.along_k:
            wide = self.columns // LANES
            for batch, vector in self.units(self.panels * wide):
                self.turn(batch, vector // wide, vector % wide * LANES)
            return
        k, beside = self.k, self.pack.beside
        for batch, block in self.units((self.panels + (beside - 1)) // beside):
            start = block * beside
            stop = (start + beside).at_most(self.panels)
            for _ in k.when(stop - start == beside):
                self.straight(batch, [start + i for i in range(beside)])
            for _ in k.when(stop - start < beside):
                for panel in k.range(start, stop):
                    self.straight(batch, [panel])

    def units(self, each: Index) -> Iterator[tuple[Index, Index]]:
        """The matrices and units in them of this piece, of so many each."""
        for unit in self.k.range(*self.k.share(self.batches * each, self.pieces)):
            yield unit // each, unit % each

    def target(self, batch: Index, panel: Index) -> Index:
        """Where a panel begins."""
        return (batch * self.panels + panel) * self.depth * self.columns

    def straight(self, batch: Index, panels: list[Index]) -> None:
        """Panels of a B whose neighbours lie along n, row by row."""
        k, lanes = self.k, range(0, self.columns, LANES)
        masks = [[k.below(self.n - panel * self.columns - v) for v in lanes] for panel in panels]
        for step in k.range(self.depth):
            row = batch * self.b_b + step * self.stride
            for panel, there in zip(panels, masks, strict=True):
                place = self.target(batch, panel) + step * self.columns
                for v, mask in zip(lanes, there, strict=True):
                    k.store(self.out, place + v, k.load(self.b, row + panel * self.columns + v, mask))

    def turn(self, batch: Index, panel: Index, v: Index) -> None:
        """16 columns of a B whose neighbours lie along k: 16 × 16 squares, exchanged in registers.  What is not read
        beyond the last column is not read at the last one: processors are slow to find that out beyond an array.
        """
        k, first, target = self.k, panel * self.columns + v, self.target(batch, panel) + v
        for step, mask in k.lanes(0, self.depth):
            rows = []
            for lane in range(LANES):
                inside = (self.n - (first + lane)).at_most(1)  # ≤ 0 beyond the last column
                left = inside * LANES if mask is None else inside * (self.depth - step)
                place = batch * self.b_b + (first + lane).at_most(self.n - 1) * self.stride + step
                rows.append(k.load(self.b, place, k.below(left)))
            for lane, row in enumerate(k.transpose(rows)):
                if mask is None:
                    k.store(self.out, target + (step + lane) * self.columns, row)
                else:
                    for _ in k.when(step + lane < self.depth):
                        k.store(self.out, target + (step + lane) * self.columns, row)
