"""Copies that exchange axes: what lies side by side in the source lies apart in the target, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Vector


class Side:
    """The source or the target of a copy: its strides along the axes around, and from line to line."""

    def __init__(self, take: Arguments, dtype: np.dtype, outer: int) -> None:
        self.pointer = take.pointer(dtype)
        self.outer = [take.integer() for _ in range(outer)]
        self.line = take.integer()

    def at(self, place: list[Index], first: Index) -> Index:
        """Where something begins at a place along the axes around."""
        for i, stride in zip(place, self.outer, strict=True):
            first = first + i * stride
        return first


class Lines:
    """A copy target[…, i, j] = source[…, j, i] on its way to a machine: 16 lines of the target after the other.

    outer:  axes around
    Arguments: pieces; sizes of the axes around, of i and of j; the source and the target, each with its strides along
    the axes around, and from line to line.  Neighbours lie along i in the source, along j in the target.
    """

    def __init__(self, k: Machine, dtype: np.dtype, outer: int) -> None:
        self.k, take = k, Arguments(k)
        self.pieces = take.integer()
        self.sizes = [take.integer() for _ in range(outer)]
        self.high, self.wide = take.integer(), take.integer()
        self.source, self.target = (Side(take, dtype, outer) for _ in range(2))

    def blocks(self) -> Iterator[tuple[Index, Index, Index]]:
        """This piece's blocks: lines that are left, where the source begins, where the target begins."""
        k, count = self.k, (self.high + (LANES - 1)) // LANES
        rows = count
        for size in self.sizes:
            count = count * size
        for unit in k.range(*k.share(count, self.pieces)):
            i, number, place = unit % rows * LANES, unit // rows, list[Index]()
            for size in reversed(self.sizes):
                place, number = [number % size, *place], number // size
            yield self.high - i, self.source.at(place, i), self.target.at(place, i * self.target.line)


@dataclass(frozen=True)
class Turn:
    """Squares of 16 × 16 are turned in registers.  Arguments: those of `Lines`."""

    dtype: np.dtype
    outer: int

    def __call__(self, k: Machine) -> None:
        lines = Lines(k, self.dtype, self.outer)
        source, target = lines.source, lines.target
        for left, begin, to in lines.blocks():
            for j in k.range(0, lines.wide, LANES):
                corner, smaller = begin + j * source.line, left.at_most(lines.wide - j)
                for _ in k.when(smaller > LANES - 1):
                    rows = [k.load(source.pointer, corner + n * source.line) for n in range(LANES)]
                    for n, row in enumerate(k.transpose(rows)):
                        k.store(target.pointer, to + n * target.line + j, row)
                for _ in k.when(smaller < LANES):
                    self.edge(k, lines, (corner, to + j), (left, lines.wide - j))

    def edge(self, k: Machine, lines: Lines, corners: tuple[Index, Index], left: tuple[Index, Index]) -> None:
        """A square of which only some rows, or only some numbers of each, are there."""
        (begin, to), (high, wide), rows = corners, left, list[Vector]()
        for n in range(LANES):
            held = k.variable(k.constant(0, self.dtype))
            for _ in k.when(wide > n):
                held.set(k.load(lines.source.pointer, begin + n * lines.source.line, k.below(high)))
            rows.append(held.get())
        for n, row in enumerate(k.transpose(rows)):
            for _ in k.when(high > n):
                k.store(lines.target.pointer, to + n * lines.target.line, row, k.below(wide))


@dataclass(frozen=True)
class Interleave:
    """A few lines of the source, as many as j has numbers, laid down number by number: target lines that follow each
    other without a gap.

    Arguments: those of `Lines`.
    """

    dtype: np.dtype
    outer: int
    width: int

    def __call__(self, k: Machine) -> None:
        lines = Lines(k, self.dtype, self.outer)
        for left, begin, to in lines.blocks():
            for _ in k.when(left > LANES - 1):
                self.block(k, lines, begin, to, None)
            for _ in k.when(left < LANES):
                self.block(k, lines, begin, to, left)

    def block(self, k: Machine, lines: Lines, begin: Index, to: Index, left: Index | None) -> None:
        """16 lines of the target, or those that are left."""
        mask = None if left is None else k.below(left)
        rows = [k.load(lines.source.pointer, begin + j * lines.source.line, mask) for j in range(self.width)]
        for v in range(self.width):
            there = None if left is None else k.below(left * self.width - v * LANES)
            k.store(lines.target.pointer, to + v * LANES, self.mixed(k, rows, v * LANES), there)

    def mixed(self, k: Machine, rows: list[Vector], first: int) -> Vector:
        """16 numbers of the rows side by side, number by number."""
        places = [divmod(first + lane, self.width) for lane in range(LANES)]
        made = k.shuffle(rows[0], rows[0], [i for i, _ in places])
        for j, row in enumerate(rows[1:], 1):
            made = k.shuffle(made, row, [LANES + i if own == j else n for n, (i, own) in enumerate(places)])
        return made
