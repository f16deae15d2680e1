"""Squares of 16 × 16 elements, turned in registers, for loops over arrays that have their neighbours across them."""

from __future__ import annotations

import numpy as np

from .formula import NEXT, Operand, Place
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Vector


class Square:
    """Room for one square of an array: its lines go along the vector, where the array's neighbours lie across."""

    def __init__(self, k: Machine, dtype: np.dtype) -> None:
        self.k, self.dtype = k, dtype
        self.room = k.scratch(dtype, LANES * LANES)

    def clear(self) -> None:
        """Zeros everywhere, so that the lines which a square at an edge leaves out may be turned with the others."""
        for line in range(LANES):
            self.k.store(self.room, line * LANES, self.k.constant(0, self.dtype))

    def line(self, number: Index, i: Index) -> Place:
        """A line of the square, as a place whose element i comes first."""
        place = Place(self.k, Operand(self.dtype, NEXT), self.room, [], None)
        place.offset = number * LANES - i
        return place

    def read(self, place: Place, i: Index, high: Index, wide: Index) -> None:
        """Take the square whose first line is at a place, from element i on: so many lines, so many elements."""
        k, whole = self.k, high * wide == LANES * LANES
        for full, flag in ((True, whole), (False, high * wide < LANES * LANES)):
            for _ in k.when(flag):
                columns = []
                for lane in range(LANES):
                    columns.append(k.load(place.pointer, *self.column(place, i, lane, high, wide, full)))
                for line, value in enumerate(k.transpose(columns)):
                    k.store(self.room, line * LANES, value)

    def write(self, place: Place, i: Index, high: Index, wide: Index) -> None:
        """Put the square down there."""
        k, whole = self.k, high * wide == LANES * LANES
        for full, flag in ((True, whole), (False, high * wide < LANES * LANES)):
            for _ in k.when(flag):
                lines = [k.load(self.room, line * LANES) for line in range(LANES)]
                for lane, value in enumerate(k.transpose(lines)):
                    at, mask = self.column(place, i, lane, high, wide, full)
                    k.store(place.pointer, at, value, mask)

    def column(
        self, place: Place, i: Index, lane: int, high: Index, wide: Index, full: bool
    ) -> tuple[Index, Vector | None]:
        """Where the elements number i + lane of all lines lie, side by side, and which of them there are.  Where there
        are none, at the last ones: processors are slow to find out that nothing is read beyond an array.
        """
        k = self.k
        along = place.along if place.along is not None else k.whole("add", place.operand.along, 0)
        if full:
            return place.offset + (i + lane) * along, None
        inside = k.smaller(lane, wide - 1)
        return place.offset + (i + inside) * along, k.below((wide - lane).at_most(1) * high)
