"""Right factors before a product that reads them more than once: in panels, as its register tiles go through them."""

from __future__ import annotations

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
        return 1 if self.along_k else 4


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
        """Go through the units of this piece: a few panels each."""
        k, beside = self.k, self.pack.beside
        blocks = (self.panels + (beside - 1)) // beside
        for unit in k.range(*k.share(self.batches * blocks, self.pieces)):
            batch, start = unit // blocks, unit % blocks * beside
            if self.pack.along_k:
                for v in range(0, self.columns, LANES):
                    self.turn(batch, start, v)
                continue
            stop = (start + beside).at_most(self.panels)
            for _ in k.when(stop - start == beside):
                self.straight(batch, [start + i for i in range(beside)])
            for _ in k.when(stop - start < beside):
                for panel in k.range(start, stop):
                    self.straight(batch, [panel])

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

    def turn(self, batch: Index, panel: Index, v: int) -> None:
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
