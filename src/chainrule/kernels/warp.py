"""Pictures moved by affine maps: each pixel is read between four others.  Positions are whole numbers, in 1/65,536 of a
pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import I32, I64, U8, U32
from .language.values import Index, Pointer, Vector

FRACTION, WEIGHT = 16, 8
"""Bits of a position behind the point, and how many of them, the upper ones, weigh the neighbours."""
TERMS = 6
"""Numbers of a map: row = m₀·i + m₁·j + m₂, column = m₃·i + m₄·j + m₅."""
LEAST = (1 << FRACTION) - (1 << FRACTION - WEIGHT)
"""A position by so much less than a whole pixel behind another has no weight."""


class Line(NamedTuple):
    """A row of the result: where its first pixel is read, and how far apart its pixels are read."""

    row: Index
    column: Index
    down: Index
    right: Index


@dataclass(frozen=True)
class Warp:
    """out[n, c, i, j] = x[n, c] at the position that the map of picture n gives (i, j); 0 outside of the picture.

    Four channels of bytes are put side by side into words, floats stay alone, with a border of zeros, so that a gather
    reads a pixel of all four.  Bytes are weighed in whole numbers and rounded to the nearest, floats in a written-out
    order; a pixel that lies on another one is that one.
    Arguments: pieces, N, C, H, W; maps (N, 6) int64; x, out; words (pieces, (H + 2)·(W + 2)), see `word_of`.
    Pieces share out pictures.
    """

    dtype: np.dtype = U8

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, count, channels, height, width = (take.integer() for _ in range(5))
        maps, x, out = take.pointer(I64), take.pointer(self.dtype), take.pointer(self.dtype)
        area = (height + 2) * (width + 2)
        words = Words(k, take.pointer(self.word), k.piece * area, height, width)
        words.clear()
        for n in k.range(*k.share(count, pieces)):
            m = [k.first(k.spread(maps, n * TERMS + term)) for term in range(TERMS)]
            for c in k.range(0, channels, self.side_by_side):
                planes = [
                    n * channels + (c + more).at_most(channels - 1) for more in range(self.side_by_side)
                ]
                words.fill([(x, plane * height * width) for plane in planes], self.packed)
                for i in k.range(height):
                    line = Line(m[0] * i + m[2], m[3] * i + m[5], m[1], m[4])
                    self.row(k, line, words, out, [(plane * height + i) * width for plane in planes])

    @property
    def side_by_side(self) -> int:
        """Channels in one word."""
        return 4 if self.dtype == U8 else 1

    @property
    def word(self) -> np.dtype:
        """What a gather reads."""
        return U32 if self.dtype == U8 else self.dtype

    def packed(self, k: Machine, pixels: list[Vector]) -> Vector:
        """The word of a pixel."""
        if self.dtype != U8:
            return pixels[0]
        word = k.convert(pixels[0], U32)
        for number, pixel in enumerate(pixels[1:], 1):
            word = word | (k.convert(pixel, U32) << 8 * number)
        return word

    def row(self, k: Machine, line: Line, words: Words, out: Pointer, places: list[Index]) -> None:
        """One row of all channels of a word: copied, if its pixels lie on others, else read between them."""
        numbers = [k.splat(number) for number in line]
        between = k.first((numbers[0] | numbers[1] | numbers[2] | numbers[3]) & ((1 << FRACTION) - 1))
        for copied, flag in ((True, between == 0), (False, between != 0)):
            for _ in k.when(flag):
                for j, mask in k.lanes(0, words.width):
                    made = self.seen(k, line, words, j) if copied else self.blended(k, line, words, j)
                    for place, pixels in zip(places, made, strict=True):
                        k.store(out, place + j, pixels, mask)

    def seen(self, k: Machine, line: Line, words: Words, j: Index) -> list[Vector]:
        """16 pixels of each channel, from where they are."""
        row, column = positions(k, line, j)
        word = words.gather(row >> FRACTION, column >> FRACTION)
        return [self.pixel(k, word, number) for number in range(self.side_by_side)]

    def pixel(self, k: Machine, word: Vector, number: int) -> Vector:
        return k.convert(word >> 8 * number, U8) if self.dtype == U8 else word

    def blended(self, k: Machine, line: Line, words: Words, j: Index) -> list[Vector]:
        """16 pixels of each channel, each from its four neighbours; the same one twice where it lies on one."""
        row, column = positions(k, line, j)
        rows = row >> FRACTION, (row + LEAST) >> FRACTION
        columns = column >> FRACTION, (column + LEAST) >> FRACTION
        four = [words.gather(r, c) for r in rows for c in columns]
        weights = weight(k, row), weight(k, column)
        if self.dtype != U8:
            return [self.floats(k, four, *weights)]
        return [self.bytes(k, [(w >> 8 * n) & 255 for w in four], *weights) for n in range(self.side_by_side)]

    def bytes(self, k: Machine, four: list[Vector], row: Vector, column: Vector) -> Vector:
        """In whole numbers, rounded to the nearest."""
        a, b, c, d = (k.convert(pixel, I32) for pixel in four)
        upper = (a << WEIGHT) + (b - a) * column
        lower = (c << WEIGHT) + (d - c) * column
        whole = (upper << WEIGHT) + (lower - upper) * row + (1 << 2 * WEIGHT - 1)
        return k.convert(whole >> 2 * WEIGHT, U8)

    def floats(self, k: Machine, four: list[Vector], row: Vector, column: Vector) -> Vector:
        """In this order; NaN and infinity of neighbours without a weight stay outside."""
        a, b, c, d = four
        down, right = (k.convert(part, self.dtype) * 2.0**-WEIGHT for part in (row, column))
        upper, lower = a * (1 - right) + b * right, c * (1 - right) + d * right
        return k.where((row | column) == 0, a, upper * (1 - down) + lower * down)


class Words:
    """A picture with a border of zeros."""

    def __init__(self, k: Machine, words: Pointer, start: Index, height: Index, width: Index) -> None:
        self.k, self.words, self.start = k, words, start
        self.height, self.width = height, width

    def clear(self) -> None:
        """Make the border, and all else, zeros."""
        for p, mask in self.k.lanes(0, (self.height + 2) * (self.width + 2)):
            self.k.store(self.words, self.start + p, self.k.constant(0, self.words.dtype), mask)

    def fill(self, planes: list[tuple[Pointer, Index]], packed):  # type: ignore[no-untyped-def]
        """Put planes side by side inside of the border."""
        k = self.k
        for i in k.range(self.height):
            inside = self.start + (i + 1) * (self.width + 2) + 1
            for j, mask in k.lanes(0, self.width):
                pixels = [k.load(x, start + i * self.width + j, mask) for x, start in planes]
                k.store(self.words, inside + j, packed(k, pixels), mask)

    def gather(self, row: Vector, column: Vector) -> Vector:
        """The words of pixels; outside of the picture, of the border."""
        k = self.k
        at = cut(k, row, self.height) * (self.width + 2) + cut(k, column, self.width)
        return k.gather(self.words, k.int64(at) + k.splat(self.start))


def positions(k: Machine, line: Line, j: Index) -> tuple[Vector, Vector]:
    """Row and column that 16 pixels from j on are read at."""
    steps = k.positions(j)
    return steps * line.down + k.splat(line.row), steps * line.right + k.splat(line.column)


def cut(k: Machine, number: Vector, size: Index) -> Vector:
    """A row or column of the picture with its border, counted from that."""
    last = k.splat(size)
    number = k.where(number < last, number, last)
    return k.convert(k.where(number >= -1, number, k.constant(-1, I64)) + 1, I32)


def weight(k: Machine, position: Vector) -> Vector:
    """How far a position lies behind its pixel, in 1/256, int32."""
    return k.convert((position >> FRACTION - WEIGHT) & ((1 << WEIGHT) - 1), I32)
