"""Lower bounds of distances, cheap enough to be computed for every pair: what they are made of, and why they hold.

Samples are moved by one centre and multiplied by a power of 2, which changes no distance but for that power; q and x
stand for a query and a point after that (of cosine for unit vectors, |q - x|² / 2 = 1 - cos, moved). In exact numbers

    |q - x|² / 2 = |q|² / 2 + |x|² / 2 - q·x,   and   q·x ≤ q₁·x₁ + |q₂| |x₂|

for the part q₁ = Bᵀq within a few orthonormal directions B, and the length |q₂| of the rest: a product of rows that
are one number longer than B has directions. Of l1, Σ |q_i - x_i| ≥ Σ_g |Σ_{i in g} q_i - Σ_{i in g} x_i| for groups g
of neighbours. Both are computed in float32, and rounding must not make them larger than they are:

- a sum of w products, begun with a number and made in any order, with or without fma, is off by at most
  γ (|begin| + Σ |a_i b_i|) with γ = n u / (1 - n u), u = 2⁻²⁴ and n the roundings on the way of a term: w + 1, two more
  for the factors and one for what it begins with (Higham 2002, §3.1);
- Σ |a_i b_i| ≤ |q| |x| ≤ (|q|² + |x|²) / 2, as rows are as long as their samples. So the error is at most
  γ (|x|² + |q|² / 2): a point's share is taken off what its sums begin with, a query's is added to what is allowed;
- what float64 rounds is 10⁶ times smaller, and SLACK of a length covers it, as do B's angles, which are 90° to 10⁻¹⁴;
- TINY covers what is flushed to zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..random import Generator
from .distances import LARGEST, SMALLEST, inverse_lengths
from .sides import Side, blocks

Array = NDArray[Any]

DIRECTIONS = 64
"""Directions of a short bound of l2 and cosine: of pictures they hold most of the variance."""
GROUP = 8
"""Neighbours that a short bound of l1 adds up."""
WIDE = 128
"""Numbers in a sample from which on a short bound is worth a second, exact look."""
SAMPLES, ROUNDS = 2048, 3
"""Points that show the centre and the main directions, and rounds of subspace iteration."""
SLACK, TINY = 1e-9, 2.0**-100
UNIT = 2.0**-24
"""Half of the last place of float32."""
FAR = 2.0**40
"""The length, in lengths of the longest point, from which on a query's bounds say nothing."""
ROOM = 1 << 24
"""Bytes of one block of samples in float64."""


class Bounds:
    """What points and queries are moved, multiplied and shortened by.

    short:  whether there is a short form, beside the whole one
    rise:   what a distance (of l2 squared) is multiplied by before a query's own number is added
    """

    def __init__(self, points: Array, metric: str) -> None:
        self.metric, self.depth = metric, points.shape[1]
        self.short = self.depth > WIDE
        self.centre, self.scale = np.zeros(self.depth), 1.0
        some = self._some(points)
        self.centre = some.mean(0)
        self.scale = self._scale(points)
        self.directions = None
        if self.short and metric != "l1":
            self.directions = self._directions((some - self.centre) * self.scale)

    def width(self, short: bool) -> int:
        """Numbers in a row."""
        if not short:
            return self.depth
        return -(-self.depth // GROUP) if self.metric == "l1" else DIRECTIONS + 1

    def rise(self, short: bool) -> float:
        """What a distance is multiplied by."""
        if self.metric == "l1":
            return self.scale * (1 + self._share(short) + SLACK)
        return (0.5 * self.scale**2 if self.metric == "l2" else 1.0) * (1 + SLACK)

    def points(self, samples: Array, short: bool) -> Side:
        """Points as bounds read them."""
        rows, number = self._rows(samples, short)
        number *= -2 * UNIT if self.metric == "l1" else 0.5 - self._share(short)
        return Side(samples, rows, number, self._inverse(samples))

    def queries(self, samples: Array, short: bool) -> Side:
        """Queries as bounds read them; of one that is very far away they say nothing."""
        rows, number = self._rows(samples, short)
        far = ~(number < (FAR if self.metric == "l1" else FAR**2))
        rows[far] = 0
        if self.metric == "l1":
            number *= 2 * UNIT
        else:
            np.negative(rows, out=rows)
            number *= self._share(short) / 2 - 0.5
        number += SLACK if self.metric == "cosine" else TINY
        number[far] = np.inf
        return Side(samples, rows, number, self._inverse(samples))

    def _inverse(self, samples: Array) -> Array | None:
        """1 / length of each sample, where distances need it."""
        if self.metric != "cosine":
            return None
        parts = blocks(len(samples), ROOM // (8 * self.depth))
        return np.concatenate([inverse_lengths(samples[part]) for part in parts] or [np.empty(0)])

    def _share(self, short: bool) -> float:
        """γ for a row, with some roundings to spare."""
        n = (self.width(short) + 8) * UNIT
        return n / (1 - n)

    def _rows(self, samples: Array, short: bool) -> tuple[Array, Array]:
        """Samples in float32, with their squared length, of l1 the length of what float32 rounds."""
        rows = np.empty((len(samples), self.width(short)), np.float32)
        number = np.empty(len(samples))
        with np.errstate(over="ignore", invalid="ignore"):
            for part, wide in self._moved(samples):
                write = self._sums if self.metric == "l1" else self._lengths
                number[part] = write(wide, rows[part], short)
        return rows, number

    def _lengths(self, wide: Array, rows: Array, short: bool) -> Array:
        """Fill in rows of l2 and cosine; returns squared lengths."""
        squares: Array = np.square(wide).sum(1)
        if self.directions is None or not short:
            rows[...] = wide
            return squares
        inside = wide @ self.directions
        rest = np.maximum(squares - np.square(inside).sum(1), 0) + SLACK * squares
        rows[:, :-1], rows[:, -1] = inside, np.sqrt(rest)
        return squares

    def _sums(self, wide: Array, rows: Array, short: bool) -> Array:
        """Fill in rows of l1; returns the sum of their sizes, and of what float64 rounds."""
        made = wide
        if short:
            full = np.zeros((len(wide), rows.shape[1] * GROUP))
            full[:, : self.depth] = wide
            made = full.reshape(len(wide), -1, GROUP).sum(2)
        rows[...] = made
        return np.asarray(np.abs(made).sum(1) + SLACK / UNIT * np.abs(wide).sum(1))

    def _moved(self, samples: Array) -> Iterator[tuple[slice, Array]]:
        """Blocks of samples in float64, moved and multiplied."""
        for part in blocks(len(samples), ROOM // (8 * self.depth)):
            wide = samples[part].astype(np.float64)
            if self.metric == "cosine":
                wide *= inverse_lengths(wide)[:, None]
            wide -= self.centre
            wide *= self.scale
            yield part, wide

    def _some(self, points: Array) -> Array:
        """Some of the points, evenly spread; what they show need not hold for all."""
        step = -(-len(points) // SAMPLES)
        return np.concatenate([wide for _, wide in self._moved(points[::step])])

    def _scale(self, points: Array) -> float:
        """A power of 2 that leaves no point longer than about 1; unit vectors are that already."""
        if self.metric == "cosine":
            return 1.0
        low, high = (x.astype(np.float64) - self.centre for x in (points.min(0), points.max(0)))
        reach = np.maximum(-low, high)
        with np.errstate(over="ignore"):
            most = float(np.square(reach).sum())
        if reach.any() and not SMALLEST < most < LARGEST:
            came = f"points as far as {reach.max():.3g} from their mean"
            hint = "divide X by its largest number"
            raise DataError("nearest neighbours", came, "squares that float64 can hold", hint)
        return 1.0 if most == 0 else float(2.0 ** -np.ceil(np.log2(most) / 2))

    def _directions(self, some: Array) -> Array:
        """(D, DIRECTIONS) about the main directions of some points: any orthonormal ones would do, too.

        Source: subspace iteration, Golub and Van Loan 2013, §8.2.4.
        """
        found = Generator(0).normal((self.depth, DIRECTIONS), dtype="float64")
        for _ in range(ROUNDS):
            found = np.linalg.qr(some.T @ (some @ found))[0]
        return found
