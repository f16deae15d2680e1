"""Windows of pictures laid out as columns, and columns added up as windows.  Axes in memory: N, C, H, W.

Columns are (N, C, KH, KW, H', W'): for each pixel of the window, what it meets at all places.  The vector runs along
a line of W'.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import F32
from .language.values import Index, Pointer, Vector
from .pooling import positive


class Axis:
    """Height or width: a window of `size` pixels, `dilation` apart, moves by `stride` over `length` pixels to `output`
    places; the first begins `padding` before them.
    """

    def __init__(self, take: Arguments) -> None:
        self.length, self.output, self.size = (take.integer() for _ in range(3))
        self.stride, self.padding, self.dilation = (take.integer() for _ in range(3))

    def first(self, tap: Index) -> Index:
        """Where pixel `tap` of the window is at place 0; maybe on the border."""
        return tap * self.dilation - self.padding

    def inside(self, tap: Index) -> tuple[Index, Index]:
        """The places, from one to before another, at which that pixel of the window is no border."""
        return self.before(0 - self.first(tap)), self.before(self.length - self.first(tap))

    def before(self, distance: Index) -> Index:
        """How many places lie before this distance from the first."""
        return ((positive(distance) + (self.stride - 1)) // self.stride).at_most(self.output)


class Windows:
    """The sizes of pictures and columns.

    near:  whether neighbouring places see neighbouring pixels of a line
    Arguments: pieces, N·C; for the height, then for the width: size of the picture, places, window, stride, padding,
    dilation.
    """

    def __init__(self, take: Arguments, near: bool) -> None:
        self.k, self.near = take.k, near
        self.pieces, self.planes = take.integer(), take.integer()
        self.height, self.width = Axis(take), Axis(take)

    @property
    def plane(self) -> Index:
        """Pixels of a picture."""
        return self.height.length * self.width.length

    @property
    def places(self) -> Index:
        """Places of the window."""
        return self.height.output * self.width.output

    def read(self, x: Pointer, line: Index, column: Index, j: Index, mask: Vector | None) -> Vector:
        """The pixels of a line that the places j … j + 15 see; place 0 sees the one of this column."""
        if self.near:
            return self.k.load(x, line + column + j, mask)
        return self.k.gather(x, self.pixels(line, column, j), mask)

    def add(
        self, x: Pointer, line: Index, column: Index, j: Index, value: Vector, mask: Vector | None
    ) -> None:
        """Add to those pixels; no two are the same."""
        total = self.read(x, line, column, j, mask) + value
        if self.near:
            self.k.store(x, line + column + j, total, mask)
        else:
            self.k.scatter(x, self.pixels(line, column, j), total, mask)

    def pixels(self, line: Index, column: Index, j: Index) -> Vector:
        """Where the pixels lie that the places j … j + 15 see."""
        return self.k.positions(j) * self.k.splat(self.width.stride) + self.k.splat(line + column)


def fill(k: Machine, to: Pointer, start: Index, stop: Index) -> None:
    """Zeros from one element to before another."""
    for i, mask in k.lanes(start, stop):
        k.store(to, i, k.constant(0, to.dtype), mask)


@dataclass(frozen=True)
class Unfold:
    """columns[n, c, u, v, i, j] = x[n, c, i·stride + u·dilation - padding, …], 0 on the border.

    Arguments: those of `Windows`; x, columns.  Pieces share out (n, c, u, v).
    """

    dtype: np.dtype = F32
    near: bool = True

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        windows = Windows(take, self.near)
        x, columns = take.pointer(self.dtype), take.pointer(self.dtype)
        down, along = windows.height, windows.width
        for row in k.range(*k.share(windows.planes * down.size * along.size, windows.pieces)):
            u, v = row // along.size % down.size, row % along.size
            plane, out = row // along.size // down.size * windows.plane, row * windows.places
            (top, bottom), (left, right) = down.inside(u), along.inside(v)
            fill(k, columns, out, out + top * along.output)
            for i in k.range(top, bottom):
                line = plane + (i * down.stride + down.first(u)) * along.length
                here = out + i * along.output
                fill(k, columns, here, here + left)
                for j, mask in k.lanes(left, right):
                    seen = windows.read(x, line, along.first(v), j, mask)
                    k.store(columns, here + j, seen, mask)
                fill(k, columns, here + right, here + along.output)
            fill(k, columns, out + bottom * along.output, out + windows.places)


@dataclass(frozen=True)
class Fold:
    """x = at each pixel the sum of what the windows that saw it say, by rising (u, v).

    Arguments: those of `Windows`; columns, x.  Pieces share out lines of x: each is added up by one.
    """

    dtype: np.dtype = F32
    near: bool = True

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        windows = Windows(take, self.near)
        columns, x = take.pointer(self.dtype), take.pointer(self.dtype)
        down, along = windows.height, windows.width
        for row in k.range(*k.share(windows.planes * down.length, windows.pieces)):
            line, taps = row * along.length, row // down.length * down.size
            fill(k, x, line, line + along.length)
            for u, i in self.lines(k, down, row % down.length):
                for v in k.range(along.size):
                    here = ((taps + u) * along.size + v) * windows.places + i * along.output
                    for j, mask in k.lanes(*along.inside(v)):
                        windows.add(x, line, along.first(v), j, k.load(columns, here + j, mask), mask)

    def lines(self, k: Machine, down: Axis, pixel: Index) -> Iterator[tuple[Index, Index]]:
        """The lines of the window that may see a line of pixels, each with the place at which it does."""
        for u in k.range(down.size):
            distance = pixel - down.first(u)
            for _ in k.when(distance > -1):
                place = distance // down.stride
                for _ in k.when(place * down.stride == distance):
                    for _ in k.when(place < down.output):
                        yield u, place
