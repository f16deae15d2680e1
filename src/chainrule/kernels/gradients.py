"""Gradients to filters on their way from where they are summed up, filters side by side, to where filters lie,
(F, C/G, K, K): squares of 16 × 16 numbers are turned in registers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .formula import Arguments, not_finite
from .language.machine import Machine
from .language.types import BOOL, I64, LANES, U8
from .language.values import Index, Pointer, Vector
from .transforms import GAP, POINTS, SEEN, Scheme, gathered_square


class Lines:
    """A gradient to filters on its way to a machine: a line (C/G·K·K) for each filter, watched for what is not finite.

    Arguments: the gradient; the status byte, set if a number is not finite.
    """

    def __init__(self, k: Machine, take: Arguments, dtype: np.dtype) -> None:
        self.k = k
        self.out, self.status = take.pointer(dtype), take.pointer(U8)
        self.bad = k.variable(k.constant(False, BOOL))

    def store(self, place: Index, row: Vector, mask: Vector | None = None) -> None:
        """Some neighbours of a line."""
        self.k.store(self.out, place, row, mask)
        bad = not_finite(row)
        self.bad.set(self.bad.get() | (bad if mask is None else bad & mask))

    def close(self) -> None:
        self.k.raise_flag(self.status, self.bad.get())


Square = Callable[[Index, int], list[Vector]]
"""A line of the 6 × 6 sums for a channel: 16 filters."""


class Gathering:
    """Lines from transformed sums, Gᵀ m G."""

    def __init__(self, k: Machine, take: Arguments, dtype: np.dtype, scheme: Scheme) -> None:
        self.k, self.side, self.taps = k, scheme.taps, scheme.taps**2
        self.lines, self.room = Lines(k, take, dtype), k.scratch(dtype, LANES * LANES * self.taps)

    def gather(self, first: Index, width: Index, square: Square) -> None:
        """16 filters by 16 channels; first: where the first filter's numbers go; width: of a line."""
        k, taps = self.k, self.taps
        for c in k.range(LANES):

            def line(i: int) -> list[Vector]:
                return square(c, i)  # noqa: B023  read at once

            for i, values in enumerate(gathered_square(line, self.side)):
                for j, value in enumerate(values):
                    k.store(self.room, (c * taps + (i * self.side + j)) * LANES, value)
        for t in k.range(taps):
            rows = [k.load(self.room, (t * LANES + i) * LANES) for i in range(LANES)]
            for i, row in enumerate(k.transpose(rows)):
                self.lines.store(first + i * width + t * LANES, row)


def added(
    k: Machine, sums: Pointer, places: list[Index], shares: tuple[Index, Index], mask: Vector | None = None
) -> list[Vector]:
    """Vectors of sums, those of all shares added in order.  shares: how many, and from one to the next"""
    held = [k.variable(k.load(sums, place, mask)) for place in places]
    for number in k.range(1, shares[0]):
        for total, place in zip(held, places, strict=True):
            total.set(total.get() + k.load(sums, place + number * shares[1], mask))
    return [total.get() for total in held]


@dataclass(frozen=True)
class DirectGradient:
    """The gradient to filters from sums (shares, K·K, C/G, F).

    Arguments: pieces, shares, filters, channels of a group, taps; the sums; those of `Lines`.
    """

    dtype: np.dtype

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, shares, filters, channels, taps = (take.integer() for _ in range(5))
        sums, lines, found = take.pointer(self.dtype), Lines(k, take, self.dtype), k.scratch(I64, LANES)
        width = channels * taps
        steps, blocks = ((n + (LANES - 1)) // LANES for n in (width, filters))
        for unit in k.range(*k.share(blocks * steps, pieces)):
            f, first = unit // steps * LANES, unit % steps * LANES
            number, last = k.positions(first), k.splat(width - 1)
            number = k.where(number < last, number, last)
            channel = k.divide(number, taps)
            row = (number - channel * k.splat(taps)) * k.splat(channels) + channel
            k.store(found, 0, row * k.splat(filters) + k.splat(f))
            places = [k.first(k.spread(found, i)) for i in range(LANES)]
            rows = added(k, sums, places, (shares, width * filters), k.below(filters - f))
            rest = k.below(width - first)
            for i, row in enumerate(k.transpose(rows)):
                for _ in k.when(f + i < filters):
                    lines.store((f + i) * width + first, row, rest)
        lines.close()


@dataclass(frozen=True)
class TransformedGradient:
    """The gradient to some channels of filters from transformed sums (shares, 36, G, channels · F/G and a gap).

    Arguments: pieces, shares, groups, filters and channels of a group (multiples of 16), all channels of a filter; the
    sums; those of `Lines`.
    """

    dtype: np.dtype
    scheme: Scheme

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, shares, groups, filters, channels, every = (take.integer() for _ in range(6))
        sums, gathering = take.pointer(self.dtype), Gathering(k, take, self.dtype, self.scheme)
        plane, width = channels * filters + GAP, every * gathering.taps
        planes = [plane * groups * point for point in range(POINTS + 1)]
        steps, blocks = channels // LANES, filters // LANES
        for unit in k.range(*k.share(groups * blocks * steps, pieces)):
            block, c = unit // steps, unit % steps * LANES
            corner = block // blocks * plane + c * filters + block % blocks * LANES

            def square(channel: Index, i: int) -> list[Vector]:
                begin = corner + channel * filters  # noqa: B023  read at once
                places = [begin + planes[i * SEEN + j] for j in range(SEEN)]
                return added(k, sums, places, (shares, planes[POINTS]))

            gathering.gather(block * LANES * width + c * gathering.taps, width, square)
        gathering.lines.close()
