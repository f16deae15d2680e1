"""Filters before a convolution by Winograd's algorithm: transformed, and laid out as its products read them.

Filters lie as users have them, (F, C/G, K, K), the numbers of a filter side by side; products want filters, or
channels, side by side: squares of 16 × 16 numbers are turned in registers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Vector
from .product import Tile
from .transforms import GAP, POINTS, SEEN, Scheme, filtered_square


@dataclass(frozen=True)
class FilterPanels:
    """G g Gᵀ of all filters, for each of the 36 points and each group in panels (panel, depth, column), with zeros
    beyond the last column, and a gap behind: (36, G, …).

    back:  for the gradient to pictures, each filter turned by half a circle: the columns are channels and the depth
           filters, else the other way round
    Arguments: pieces, groups, filters and channels of a group (multiples of 16); the filters; the panels.
    """

    dtype: np.dtype
    tile: Tile
    scheme: Scheme
    back: bool

    def __call__(self, k: Machine) -> None:
        Laying(k, self).write()


class Laying:
    """Filters on their way into panels, 16 lines of one after the other."""

    def __init__(self, k: Machine, kernel: FilterPanels) -> None:
        self.k, self.kernel, take = k, kernel, Arguments(k)
        self.pieces, self.groups, self.filters, self.channels = (take.integer() for _ in range(4))
        self.w, self.out = take.pointer(kernel.dtype), take.pointer(kernel.dtype)
        sides = (self.channels, self.filters)
        self.depth, self.wide = reversed(sides) if kernel.back else sides
        self.taps, self.columns = kernel.scheme.taps**2, kernel.tile.columns
        self.panels = (self.wide + (self.columns - 1)) // self.columns
        self.plane = self.panels * self.depth * self.columns + GAP
        self.room = k.scratch(kernel.dtype, LANES * LANES * self.taps)

    def write(self) -> None:
        k, steps = self.k, self.depth // LANES
        for unit in k.range(*k.share(self.groups * self.panels * steps, self.pieces)):
            panel, deep = unit // steps, unit % steps * LANES
            group, number = panel // self.panels, panel % self.panels
            for v in k.range(self.kernel.tile.vectors):
                column = number * self.columns + v * LANES
                target = group * self.plane + (number * self.depth + deep) * self.columns + v * LANES
                for _ in k.when(column < self.wide):
                    f, c = (deep, column) if self.kernel.back else (column, deep)
                    self.fetch((group * self.filters + f) * self.channels + c)
                    self.transform(target)
                for _ in k.when(column > self.wide - 1):
                    self.leave(target)

    def fetch(self, first: Index) -> None:
        """16 filters by 16 channels into the room: (channel, tap, filter), or (filter, tap, channel) if back."""
        k, taps = self.k, self.taps
        for j in k.range(taps):
            rows = [k.load(self.w, (first + i * self.channels) * taps + j * LANES) for i in range(LANES)]
            for i, row in enumerate(k.transpose(rows)):
                k.store(self.room, (j * LANES + i) * LANES, row)
        if self.kernel.back:
            for t in k.range(taps):
                rows = [k.load(self.room, (i * taps + t) * LANES) for i in range(LANES)]
                for i, row in enumerate(k.transpose(rows)):
                    k.store(self.room, (i * taps + t) * LANES, row)

    def transform(self, target: Index) -> None:
        """G g Gᵀ of what is in the room: 16 lines of a panel."""
        k, side, taps = self.k, self.kernel.scheme.taps, self.taps
        planes = [self.plane * self.groups * point for point in range(POINTS)]
        for d in k.range(LANES):

            def line(i: int) -> list[Vector]:
                places = [i * side + j for j in range(side)]
                turned = [taps - 1 - place for place in places] if self.kernel.back else places
                return [k.load(self.room, (d * taps + place) * LANES) for place in turned]  # noqa: B023  read at once

            for i, j, value in filtered_square(line, side):
                k.store(self.out, target + d * self.columns + planes[i * SEEN + j], value)

    def leave(self, target: Index) -> None:
        """Zeros in 16 lines of a panel."""
        k = self.k
        for point in k.range(POINTS):
            for d in k.range(LANES):
                place = target + point * self.groups * self.plane + d * self.columns
                k.store(self.out, place, k.constant(0, self.kernel.dtype))
