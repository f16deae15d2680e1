"""Pooling, and sums over neighbouring channels.  Axes in memory: N, H, W, C; the vector runs along C.

A window has KH × KW pixels, `dilation` apart.  Its pixels have numbers, row by row: u·KW + v.  Pieces share out
rows of the result, so each pixel of it is made by one piece, in the order of the plain gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import I32, LANES
from .language.values import Flag, Index, Pointer, Vector

Pair = tuple[int, int]


# --- the arithmetic of a window ---------------------------------------------------------------------------


def beats(value: Vector, best: Vector) -> Vector:
    """Where a pixel takes the place of the best one so far: if it is larger, or NaN; a NaN that is best stays."""
    return ~(value <= best) & (best == best)


def positive(number: Index) -> Index:
    """The number, or 0 if it is below."""
    return number - number.at_most(0)


@dataclass(frozen=True)
class Meeting:
    """A window as x meets it along one axis: where it begins, which of its pixels lie inside of x."""

    first: Index
    start: Index
    stop: Index


@dataclass(frozen=True)
class Covering:
    """The windows that cover a pixel along one axis: number last - m for m = start … stop - 1.

    The pixel lies rest + m · stride behind the beginning of window last - m.
    """

    last: Index
    rest: Index
    start: Index
    stop: Index


class Axis:
    """Height or width: a window of `size` pixels moves by `stride` over `length` pixels to `output` places.

    Only what cannot be known beforehand is divided: nothing for a column.
    """

    def __init__(self, take: Arguments, dilation: int) -> None:
        self.k, self.dilation = take.k, dilation
        self.length, self.output, self.size, self.stride, self.padding = (take.integer() for _ in range(5))
        reach = (self.size - 1) * dilation
        self.strides, self.left = reach // self.stride, reach % self.stride

    def meeting(self, place: Index) -> Meeting:
        """The window at a place, the border left out of it."""
        first = place * self.stride - self.padding
        stop = self.steps(self.length - first).at_most(self.size)
        return Meeting(first, self.steps(0 - first).at_most(stop), stop)

    def steps(self, distance: Index) -> Index:
        """How many pixels of a window lie before this distance from its beginning."""
        return (positive(distance) + (self.dilation - 1)) // self.dilation

    def covering(self, last: Index, rest: Index) -> Covering:
        """The windows over pixel last · stride + rest - padding, the first of them `start` before `last`."""
        beyond = positive(rest - self.left).at_most(1)
        stop = (self.strides + 1 - beyond).at_most(last + 1)
        return Covering(last, rest, positive(last + 1 - self.output), stop)

    def over(self, pixel: Index) -> Covering:
        """The windows over a pixel."""
        place = pixel + self.padding
        return self.covering(place // self.stride, place % self.stride)

    def pixels(self) -> Iterator[tuple[Index, Covering]]:
        """Every pixel with the windows over it, without a division for each."""
        k, stride = self.k, self.stride
        behind = self.length + self.padding + (stride - 1)
        for last in k.range(self.padding // stride, behind // stride):
            begin = last * stride - self.padding
            for rest in k.range(positive(0 - begin), (self.length - begin).at_most(stride)):
                yield begin + rest, self.covering(last, rest)

    def hit(self, distance: Index) -> Iterator[Index]:
        """The pixel of a window so far behind its beginning, if it has one there."""
        if self.dilation == 1:
            yield distance
            return
        for _ in self.k.when(distance % self.dilation == 0):
            yield distance // self.dilation


class Slide:
    """The sizes of pooling, and its loops.

    Arguments: pieces, N, C; for the height, then for the width: size of x, size of out, window, stride, padding.
    """

    def __init__(self, take: Arguments, dilation: Pair) -> None:
        self.k = take.k
        self.pieces, self.batch, self.channels = (take.integer() for _ in range(3))
        self.height, self.width = (Axis(take, d) for d in dilation)
        self.line_in = self.width.length * self.channels
        self.line_out = self.width.output * self.channels

    @property
    def pixels(self) -> Index:
        """The pixels of a window."""
        return self.height.size * self.width.size

    def windows(self) -> Iterator[Seen]:
        """Every window, row by row of out."""
        k, height, width = self.k, self.height, self.width
        for row in k.range(*k.share(self.batch * height.output, self.pieces)):
            rows = height.meeting(row % height.output)
            line = (row // height.output * height.length + rows.first) * self.line_in
            for j in k.range(width.output):
                columns = width.meeting(j)
                first = line + columns.first * self.channels
                yield Seen(self, row * self.line_out + j * self.channels, first, rows, columns)

    def covered(self) -> Iterator[Covered]:
        """Every pixel of x, row by row."""
        k, height, width = self.k, self.height, self.width
        for row in k.range(*k.share(self.batch * height.length, self.pieces)):
            rows = height.over(row % height.length)
            line = (row // height.length * height.output + rows.last) * self.line_out
            for x, columns in width.pixels():
                last = line + columns.last * self.channels
                yield Covered(self, row * self.line_in + x * self.channels, last, rows, columns)


@dataclass(frozen=True)
class Seen:
    """A window: its place in out, where in x it begins (maybe outside), and what of it lies inside."""

    slide: Slide
    place: Index
    first: Index
    rows: Meeting
    columns: Meeting

    def pixels(self) -> Iterator[tuple[Index, Index]]:
        """Number and place in x of each pixel that is not border, in their order."""
        slide, (down, along) = self.slide, (self.slide.height, self.slide.width)
        for u in slide.k.range(self.rows.start, self.rows.stop):
            line, number = self.first + u * (slide.line_in * down.dilation), u * along.size
            for v in slide.k.range(self.columns.start, self.columns.stop):
                yield number + v, line + v * (slide.channels * along.dilation)

    def cut(self) -> Flag:
        """Whether the border is part of it."""
        rows, columns = self.rows, self.columns
        return (rows.stop - rows.start) * (columns.stop - columns.start) < self.slide.pixels


@dataclass(frozen=True)
class Covered:
    """A pixel: its place in x, the place in out of the last window that might cover it, and which ones do."""

    slide: Slide
    place: Index
    last: Index
    rows: Covering
    columns: Covering

    def windows(self) -> Iterator[tuple[Index, Index]]:
        """Of each window the number that the pixel has in it, and its place in out; by rising number."""
        k, slide, rows, columns = self.slide.k, self.slide, self.rows, self.columns
        down, along = slide.height, slide.width
        for m in k.range(rows.start, rows.stop):
            for u in down.hit(rows.rest + m * down.stride):
                line, number = self.last - m * slide.line_out, u * along.size
                for n in k.range(columns.start, columns.stop):
                    for v in along.hit(columns.rest + n * along.stride):
                        yield number + v, line - n * slide.channels


# --- the largest ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MaxPool:
    """out = the largest of each window, NaN if there is one; winner = the number of the first such pixel.

    The border counts as -inf.
    Arguments: those of `Slide`; x, out, winner (int32).
    """

    dtype: np.dtype
    dilation: Pair = (1, 1)

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        slide = Slide(take, self.dilation)
        x, out, winner = take.pointer(self.dtype), take.pointer(self.dtype), take.pointer(I32)
        for window in slide.windows():
            for c, mask in k.lanes(0, slide.channels):
                best, place = self.largest(k, x, window, c, mask)
                k.store(out, window.place + c, best, mask)
                k.store(winner, window.place + c, place, mask)

    def largest(
        self, k: Machine, x: Pointer, window: Seen, c: Index, mask: Vector | None
    ) -> tuple[Vector, Vector]:
        best = k.variable(k.constant(-np.inf, self.dtype))
        winner = k.variable(k.constant(0, I32))
        for number, place in window.pixels():
            value, held = k.load(x, place + c, mask), best.get()
            better = beats(value, held)
            best.set(k.where(better, value, held))
            winner.set(k.where(better, k.convert(k.splat(number), I32), winner.get()))
        return best.get(), winner.get()


@dataclass(frozen=True)
class MaxPoolInput:
    """dx = at each pixel the sum of those dy whose winner it is.

    Arguments: those of `Slide`; dy, winner (int32), dx.
    """

    dtype: np.dtype
    dilation: Pair = (1, 1)

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        slide = Slide(take, self.dilation)
        dy, winner, dx = take.pointer(self.dtype), take.pointer(I32), take.pointer(self.dtype)
        zero = k.constant(0, self.dtype)
        for pixel in slide.covered():
            for c, mask in k.lanes(0, slide.channels):
                total = k.variable(zero)
                for number, place in pixel.windows():
                    won = k.load(winner, place + c, mask) == number
                    total.set(total.get() + k.where(won, k.load(dy, place + c, mask), zero))
                k.store(dx, pixel.place + c, total.get(), mask)


@dataclass(frozen=True)
class MaxPoolTake:
    """out = x at the place of each winner, 0 if that is border.

    Arguments: those of `Slide`; x, winner (int32), out.
    """

    dtype: np.dtype
    dilation: Pair = (1, 1)

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        slide = Slide(take, self.dilation)
        x, winner, out = take.pointer(self.dtype), take.pointer(I32), take.pointer(self.dtype)
        for window in slide.windows():
            for c, mask in k.lanes(0, slide.channels):
                won = k.load(winner, window.place + c, mask)
                taken = k.variable(k.constant(0, self.dtype))
                for number, place in window.pixels():
                    taken.set(k.where(won == number, k.load(x, place + c, mask), taken.get()))
                k.store(out, window.place + c, taken.get(), mask)


# --- the mean ---------------------------------------------------------------------------------------------


def count_of(k: Machine, slide: Slide, dtype: np.dtype) -> Vector:
    """The pixels of a window, as what is divided by."""
    return k.convert(k.splat(slide.pixels), dtype)


@dataclass(frozen=True)
class AvgPool:
    """out = the mean of each window, the border's zeros counted.

    Arguments: those of `Slide`; x, out.
    """

    dtype: np.dtype
    dilation: Pair = (1, 1)

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        slide = Slide(take, self.dilation)
        x, out = take.pointer(self.dtype), take.pointer(self.dtype)
        count = count_of(k, slide, self.dtype)
        for window in slide.windows():
            for c, mask in k.lanes(0, slide.channels):
                total = k.variable(k.constant(-0.0, self.dtype))  # what changes no number, not even -0
                for _, place in window.pixels():
                    total.set(total.get() + k.load(x, place + c, mask))
                for _ in k.when(window.cut()):
                    total.set(total.get() + 0.0)
                k.store(out, window.place + c, total.get() / count, mask)


@dataclass(frozen=True)
class AvgPoolInput:
    """dx = at each pixel the sum of dy / (KH·KW) over the windows that cover it.

    Arguments: those of `Slide`; dy, dx.
    """

    dtype: np.dtype
    dilation: Pair = (1, 1)

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        slide = Slide(take, self.dilation)
        dy, dx = take.pointer(self.dtype), take.pointer(self.dtype)
        count = count_of(k, slide, self.dtype)
        for pixel in slide.covered():
            for c, mask in k.lanes(0, slide.channels):
                total = k.variable(k.constant(0, self.dtype))
                for _, place in pixel.windows():
                    total.set(total.get() + k.load(dy, place + c, mask) / count)
                k.store(dx, pixel.place + c, total.get(), mask)


# --- neighbouring channels --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChannelSum:
    """out[p, c] = Σ x[p, c - before … c + after] over the channels that there are.

    Arguments: pieces, P, C, before, after; x, out.
    """

    dtype: np.dtype

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, rows, channels, before, after = (take.integer() for _ in range(5))
        x, out = take.pointer(self.dtype), take.pointer(self.dtype)
        head = ((positive(before) + (LANES - 1)) // LANES * LANES).at_most(channels)
        inner = positive(channels - positive(after) - head) // LANES * LANES
        for row in k.range(*k.share(rows, pieces)):
            line = Line(k, x, row * channels, channels)
            for c in k.range(head, head + inner, LANES):  # all neighbours of these are there
                total = line.total(c - before, before + after + 1, whole=True)
                k.store(out, row * channels + c, total)
            for start, stop in ((0, head), (head + inner, channels)):
                for c, mask in k.lanes(start, stop):
                    total = line.total(c - before, before + after + 1, whole=False)
                    k.store(out, row * channels + c, total, mask)


@dataclass(frozen=True)
class Line:
    """The channels of one pixel."""

    k: Machine
    x: Pointer
    place: Index
    channels: Index

    def total(self, first: Index, count: Index, *, whole: bool) -> Vector:
        """The sum of `count` vectors, each a channel on; of channels that there are not, 0, unless all are."""
        total = self.k.variable(self.k.constant(0, self.x.dtype))
        for shift in self.k.range(count):
            mask = None if whole else self.there(first + shift)
            total.set(total.get() + self.k.load(self.x, self.place + first + shift, mask))
        return total.get()

    def there(self, first: Index) -> Vector:
        """Which of the 16 channels from this one on there are."""
        lane = self.k.convert(self.k.iota(), I32)
        # cut to 0 … 16, so that 32 bits hold them
        before, until = (positive(n).at_most(LANES) for n in (0 - first, self.channels - first))
        return (lane >= before) & (lane < until)
