"""Depthwise convolution: each channel has a filter of its own.  Axes in memory: N, H, W, C; the vector runs along C.

The border is not read: no picture is copied to get one.  Only where a filter, or what is sent back, is not finite do
its zeros count, so they are multiplied too.  Pieces share out lines of the result, each number of which is made by one
piece, tap by tap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.values import Index, Pointer, Variable, Vector
from .pooling import positive

MOST_TAPS = 16
"""Taps of a line that are written out."""
ABREAST, FEW, MANY = 4, 2, 8
"""Results of a line that are made side by side, twice as many of so few taps; and those that are added up."""


@dataclass(frozen=True)
class Across:
    """How a filter's line meets pixels: its taps, pixels from result to result, pixels from tap to tap."""

    taps: int
    stride: int
    dilation: int

    @property
    def reach(self) -> int:
        """Pixels from the first tap to the last."""
        return max(0, self.taps - 1) * self.dilation

    def pixels(self, count: int) -> dict[int, int]:
        """The pixels that `count` results side by side meet, counted from the first, each with a number."""
        met = {b * self.stride + v * self.dilation for b in range(count) for v in range(self.taps)}
        return {pixel: number for number, pixel in enumerate(sorted(met))}

    def met(self, result: int, tap: int) -> int:
        """The pixel that a tap of a result meets."""
        return result * self.stride + tap * self.dilation


class Axis:
    """Height or width: results, pixels, and the pixel (maybe outside) that the first tap of the first result meets."""

    def __init__(self, take: Arguments) -> None:
        self.results, self.length, self.first = (take.integer() for _ in range(3))

    def inner(self, across: Across) -> tuple[Index, Index]:
        """The results whose taps all meet pixels: from one, up to another."""
        start = ceiling(0 - self.first, across.stride).at_most(self.results)
        stop = ceiling(self.length - across.reach - self.first, across.stride).at_most(self.results)
        return start, stop - (stop - start).at_most(0)


def ceiling(distance: Index, step: Index | int) -> Index:
    """How many steps it takes to come so far, at least 0."""
    return (positive(distance) + (step - 1)) // step


class Sizes:
    """What all kernels here are told first.  Arguments: pieces, N, C, lines of a picture that are shared out."""

    def __init__(self, take: Arguments) -> None:
        self.k = take.k
        self.pieces, self.batch, self.channels, self.lines = (take.integer() for _ in range(4))

    def mine(self) -> Iterator[tuple[Index, Index]]:
        """Picture and number of each line of this piece."""
        for row in self.k.range(*self.k.share(self.batch * self.lines, self.pieces)):
            yield row // self.lines, row % self.lines


class Meetings:
    """Which pixels the taps of results meet.

    Arguments: down: results, pixels, first pixel, taps, stride, dilation; across: results, pixels, first pixel.
    """

    def __init__(self, take: Arguments, channels: Index, across: Across) -> None:
        self.k, self.across, self.channels = take.k, across, channels
        self.down = Axis(take)
        self.taps, self.stride, self.dilation = (take.integer() for _ in range(3))
        self.wide = Axis(take)

    def of(self, picture: Index, i: Index) -> Met:
        """What line i of the results of a picture meets."""
        down, first = self.down, i * self.stride + self.down.first
        stop = ceiling(down.length - first, self.dilation).at_most(self.taps)
        start = ceiling(0 - first, self.dilation).at_most(stop)
        line = (picture * down.length + first) * self.wide.length * self.channels
        return Met(picture, i, line, start, stop)

    @property
    def below(self) -> Index:
        """From tap to tap down a picture."""
        return self.dilation * self.wide.length * self.channels

    @property
    def ahead(self) -> Index:
        """From what the first tap down meets to what the next line of results meets first that this one does not."""
        return self.taps * self.below

    def fetch(self, pointer: Pointer, place: Index, count: int) -> None:
        """Ask for pixels side by side that the next line needs: they come while this one is summed up."""
        for b in range(count):
            self.k.prefetch(pointer, place + b * self.channels)

    def stretches(self, many: int) -> Iterator[tuple[Index, int, bool]]:
        """The results of a line: the first of some side by side, how many, and whether all their taps meet pixels."""
        k, (start, stop) = self.k, self.wide.inner(self.across)
        whole = start + (stop - start) // many * many
        for j in k.range(start):
            yield j, 1, False
        for j in k.range(start, whole, many):
            yield j, many, True
        for j in k.range(whole, stop):
            yield j, 1, True
        for j in k.range(stop, self.wide.results):
            yield j, 1, False

    def begin(self, met: Met, j: Index) -> Index:
        """What the first tap across of a result meets, in the line that the first tap down meets."""
        return met.line + (j * self.across.stride + self.wide.first) * self.channels

    def lost(self, met: Met) -> Iterator[Index]:
        """The taps down that meet no line."""
        yield from self.k.range(met.start)
        yield from self.k.range(met.stop, self.taps)

    def missed(self, j: Index) -> Iterator[Index]:
        """The taps across of a result that meet no pixel."""
        start, stop = self.seen(j)
        yield from self.k.range(start)
        yield from self.k.range(stop, self.across.taps)

    def seen(self, j: Index) -> tuple[Index, Index]:
        """The taps of result j of a line that meet pixels."""
        first = j * self.across.stride + self.wide.first
        stop = ceiling(self.wide.length - first, self.across.dilation).at_most(self.across.taps)
        return ceiling(0 - first, self.across.dilation).at_most(stop), stop


@dataclass(frozen=True)
class Met:
    """A line of results: of which picture, its number, where what its first tap meets begins, taps that meet lines."""

    picture: Index
    number: Index
    line: Index
    start: Index
    stop: Index


@dataclass(frozen=True)
class Depthwise:
    """out[n, i, j, c] = Σ_u,v w[u, v, c] · x[n, first + i · stride + u · dilation, …, c], where there are such pixels

    phases:  several such sums over one x, each with results of its own; their lines are made in turns
    border:  whether pixels that there are not count as zeros
    past:    whether results go past the caches; pixels then begin at cache lines
    Arguments: those of `Sizes`; x; for each phase those of `Meetings`; out, its strides from picture to picture, line
    to line, pixel to pixel; w, its strides along u and v, which may be negative.
    """

    dtype: np.dtype
    phases: tuple[Across, ...]
    border: bool
    past: bool = False

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        sizes = Sizes(take)
        x = take.pointer(self.dtype)
        phases = [Phase(take, sizes.channels, self, number, x) for number in range(len(self.phases))]
        for picture, i in sizes.mine():
            for phase in phases:
                for _ in k.when(i < phase.meetings.down.results):
                    Line(phase, picture, i).write()


class Phase:
    """One of the sums over x: which pixels it meets, where its results go, its filters; the first one fetches x."""

    def __init__(self, take: Arguments, channels: Index, kernel: Depthwise, number: int, x: Pointer) -> None:
        self.x, self.meetings = x, Meetings(take, channels, kernel.phases[number])
        self.fetches, self.border, self.past = number == 0, kernel.border, kernel.past
        self.out, self.apart = take.pointer(x.dtype), [take.integer() for _ in range(3)]
        self.filters = Filters(take.pointer(x.dtype), take.integer(), take.integer())


@dataclass(frozen=True)
class Filters:
    """Where filters lie, and their strides along the taps."""

    w: Pointer
    down: Index
    across: Index


class Line:
    """A line of results, a few pixels at a time, of these all channels: memory is read as it lies."""

    def __init__(self, phase: Phase, picture: Index, i: Index) -> None:
        of_picture, of_line, self.apart = phase.apart
        self.k, self.phase, self.meetings = phase.meetings.k, phase, phase.meetings
        self.met, self.target = self.meetings.of(picture, i), picture * of_picture + i * of_line
        self.x, self.filters = phase.x, phase.filters

    def write(self) -> None:
        taps = self.meetings.across.taps
        for j, count, whole in self.meetings.stretches(ABREAST if taps > FEW else 2 * ABREAST):
            for c, mask in self.k.lanes(0, self.meetings.channels):
                totals = [self.k.variable(self.k.constant(0, self.x.dtype)) for _ in range(count)]
                self.channels(j, c, mask, totals, whole)
                for b, total in enumerate(totals):
                    place = self.target + (j + b) * self.apart + c
                    if self.phase.past and mask is None:
                        self.k.store_past(self.phase.out, place, total.get())
                    else:
                        self.k.store(self.phase.out, place, total.get(), mask)

    def channels(self, j: Index, c: Index, mask: Vector | None, totals: list[Variable], whole: bool) -> None:
        """Sixteen channels of results side by side."""
        meetings, source = self.meetings, self.meetings.begin(self.met, j) + c
        if self.phase.fetches:
            meetings.fetch(self.x, source + meetings.ahead, len(totals) * meetings.across.stride)
        for u in self.k.range(self.met.start, self.met.stop):
            line, taps = source + u * meetings.below, c + u * self.filters.down
            if whole:
                self.inside(line, taps, mask, totals)
            else:
                self.at_the_border(j, line, taps, mask, totals[0])
        if self.phase.border:
            for u in meetings.lost(self.met):
                for v in self.k.range(meetings.across.taps):
                    for total in totals:
                        self.zero(c + u * self.filters.down + v * self.filters.across, mask, total)

    def inside(self, line: Index, taps: Index, mask: Vector | None, totals: list[Variable]) -> None:
        """A line of taps, all of which meet pixels."""
        k, across, number = self.k, self.meetings.across, self.meetings.across.pixels(len(totals))
        w = [k.load(self.filters.w, taps + v * self.filters.across, mask) for v in range(across.taps)]
        pixels = [k.load(self.x, line + p * self.meetings.channels, mask) for p in number]
        for v in range(across.taps):
            for b, total in enumerate(totals):
                total.set(k.fma(pixels[number[across.met(b, v)]], w[v], total.get()))

    def at_the_border(self, j: Index, line: Index, taps: Index, mask: Vector | None, total: Variable) -> None:
        """A line of taps, some of which meet none."""
        k, step = self.k, self.meetings.across.dilation * self.meetings.channels
        for v in k.range(*self.meetings.seen(j)):
            w = k.load(self.filters.w, taps + v * self.filters.across, mask)
            total.set(k.fma(k.load(self.x, line + v * step, mask), w, total.get()))
        if self.phase.border:
            for v in self.meetings.missed(j):
                self.zero(taps + v * self.filters.across, mask, total)

    def zero(self, tap: Index, mask: Vector | None, total: Variable) -> None:
        """A tap meets a zero of the border."""
        total.set(total.get() + self.k.load(self.filters.w, tap, mask) * 0.0)


@dataclass(frozen=True)
class DepthwiseFilters:
    """out[piece, u, v, c] = Σ y[n, i, j, c] · x[n, first + i · stride + u · dilation, …, c], over the lines of a piece

    Arguments: those of `Sizes`, those of `Meetings`; x, y, out.
    """

    dtype: np.dtype
    across: Across

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        sizes = Sizes(take)
        meetings = Meetings(take, sizes.channels, self.across)
        x, y, out = (take.pointer(self.dtype) for _ in range(3))
        width = meetings.taps * (self.across.taps * meetings.channels)
        mine = k.piece * width
        for c, mask in k.lanes(0, width):
            k.store(out, mine + c, k.constant(0, self.dtype), mask)
        for picture, i in sizes.mine():
            Sums(meetings, meetings.of(picture, i), x, y, out, mine).add()


class Sums:
    """What a line of results adds to the gradient of the filters, a few pixels at a time, of these all channels."""

    def __init__(
        self, meetings: Meetings, met: Met, x: Pointer, y: Pointer, out: Pointer, mine: Index
    ) -> None:
        self.k, self.meetings, self.met, self.x, self.y, self.out = meetings.k, meetings, met, x, y, out
        self.mine = mine
        self.line = (met.picture * meetings.down.results + met.number) * meetings.wide.results

    def add(self) -> None:
        k, meetings = self.k, self.meetings
        for j, count, whole in meetings.stretches(MANY):
            for c, mask in k.lanes(0, meetings.channels):
                below = (self.line + meetings.wide.results + j) * meetings.channels + c
                meetings.fetch(self.y, below, count)
                y = [k.load(self.y, (self.line + j + b) * meetings.channels + c, mask) for b in range(count)]
                self.channels(j, c, mask, y, whole)

    def channels(self, j: Index, c: Index, mask: Vector | None, y: list[Vector], whole: bool) -> None:
        """Sixteen channels of results side by side."""
        meetings, source = self.meetings, self.meetings.begin(self.met, j) + c
        meetings.fetch(self.x, source + meetings.ahead, len(y) * meetings.across.stride)
        for u in self.k.range(self.met.start, self.met.stop):
            if whole:
                self.inside(u, source + u * meetings.below, c, mask, y)
            else:
                self.at_the_border(j, u, source + u * meetings.below, c, mask, y[0])
        for u in meetings.lost(self.met):
            for v in self.k.range(meetings.across.taps):
                for sent in y:
                    self.more(u, v, c, mask, sent * 0.0)

    def inside(self, u: Index, line: Index, c: Index, mask: Vector | None, y: list[Vector]) -> None:
        """A line of taps, all of which meet pixels."""
        k, across, number = self.k, self.meetings.across, self.meetings.across.pixels(len(y))
        pixels = [k.load(self.x, line + p * self.meetings.channels, mask) for p in number]
        for v in range(across.taps):
            total = k.load(self.out, self.place(u, v, c), mask)
            for b, sent in enumerate(y):
                total = k.fma(pixels[number[across.met(b, v)]], sent, total)
            k.store(self.out, self.place(u, v, c), total, mask)

    def at_the_border(
        self, j: Index, u: Index, line: Index, c: Index, mask: Vector | None, y: Vector
    ) -> None:
        """A line of taps, some of which meet none."""
        step = self.meetings.across.dilation * self.meetings.channels
        for v in self.k.range(*self.meetings.seen(j)):
            self.more(u, v, c, mask, self.k.load(self.x, line + v * step, mask) * y)
        for v in self.meetings.missed(j):
            self.more(u, v, c, mask, y * 0.0)

    def more(self, u: Index, v: Index, c: Index, mask: Vector | None, product: Vector) -> None:
        """Add a product to the sum of one tap."""
        place = self.place(u, v, c)
        self.k.store(self.out, place, self.k.load(self.out, place, mask) + product, mask)

    def place(self, u: Index, v: Index | int, c: Index) -> Index:
        """Where the sum of one tap is."""
        return self.mine + (u * self.meetings.across.taps + v) * self.meetings.channels + c
