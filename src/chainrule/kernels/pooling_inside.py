"""Max pooling whose windows lie inside of their pictures and are small: every pixel of a window is written out.

The numbers of a pixel lie side by side, (N, H, W, C) or (C, H, W, N); the bits are those of `pooling`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import I32
from .language.values import Index, Pointer
from .pooling import Pair, Slide, beats

MOST_PIXELS = 16
"""Pixels of a window up to which it is written out."""


@dataclass(frozen=True)
class Corner:
    """A window: where it lies in out, and where its first pixel lies in x."""

    place: Index
    first: Index


class Inside:
    """Windows of known pixels, and their loops.  Arguments: those of `Slide`."""

    def __init__(self, take: Arguments, window: Pair) -> None:
        self.k, self.window, self.slide = take.k, window, Slide(take, (1, 1))

    def lines(self) -> Iterator[tuple[Index, Index]]:
        """Each line of out: its number, and where the first line of x begins that its windows see."""
        slide, height = self.slide, self.slide.height
        for row in self.k.range(*self.k.share(slide.batch * height.output, slide.pieces)):
            line = row // height.output * height.length + row % height.output * height.stride
            yield row, line * slide.line_in

    def corners(self, row: Index, line: Index) -> Iterator[Corner]:
        """The windows of a line."""
        slide, width = self.slide, self.slide.width
        for j in self.k.range(width.output):
            yield Corner(row * slide.line_out + j * slide.channels, line + j * width.stride * slide.channels)

    def pixels(self) -> list[Index]:
        """How far each pixel of a window lies behind its first, in their order."""
        high, wide = self.window
        return [u * self.slide.line_in + v * self.slide.channels for u in range(high) for v in range(wide)]


@dataclass(frozen=True)
class MaxPoolInside:
    """out = the largest of each window, NaN if there is one; winner = the number of the first such pixel.

    Arguments: those of `Slide`; x, out, winner (int32).
    """

    dtype: np.dtype
    window: Pair

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        inside = Inside(take, self.window)
        x, out, winner = take.pointer(self.dtype), take.pointer(self.dtype), take.pointer(I32)
        first, *rest = inside.pixels()
        for row, line in inside.lines():
            for at in inside.corners(row, line):
                for c, mask in k.lanes(0, inside.slide.channels):
                    best, won = k.load(x, at.first + first + c, mask), k.constant(0, I32)
                    for number, pixel in enumerate(rest, 1):
                        value = k.load(x, at.first + pixel + c, mask)
                        better = beats(value, best)
                        best = k.where(better, value, best)
                        won = k.where(better, k.constant(number, I32), won)
                    k.store(out, at.place + c, best, mask)
                    k.store(winner, at.place + c, won, mask)


@dataclass(frozen=True)
class MaxPoolInputApart:
    """dx = each dy at its winner's place, zeros elsewhere; windows lie side by side, so that no two see one pixel.

    Arguments: those of `Slide`; dy, winner (int32), dx.
    """

    dtype: np.dtype
    window: Pair

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        inside = Inside(take, self.window)
        dy, winner, dx = take.pointer(self.dtype), take.pointer(I32), take.pointer(self.dtype)
        zero, pixels = k.constant(0, self.dtype), inside.pixels()
        for row, line in inside.lines():
            for at in inside.corners(row, line):
                for c, mask in k.lanes(0, inside.slide.channels):
                    value, won = k.load(dy, at.place + c, mask), k.load(winner, at.place + c, mask)
                    for number, pixel in enumerate(pixels):
                        k.store(dx, at.first + pixel + c, zero + k.where(won == number, value, zero), mask)
            self.clear(k, inside, dx, row, line)

    def clear(self, k: Machine, inside: Inside, dx: Pointer, row: Index, line: Index) -> None:
        """Zeros at the pixels behind the last window of each line, and in the lines behind the last windows."""
        slide, (high, wide), zero = inside.slide, self.window, k.constant(0, self.dtype)
        covered = slide.width.output * wide * slide.channels
        for u in range(high):
            for c, mask in k.lanes(covered, slide.line_in):
                k.store(dx, line + u * slide.line_in + c, zero, mask)
        behind = (slide.height.length - slide.height.output * high) * slide.line_in
        for _ in k.when(row % slide.height.output == slide.height.output - 1):
            for c, mask in k.lanes(0, behind):
                k.store(dx, line + high * slide.line_in + c, zero, mask)
