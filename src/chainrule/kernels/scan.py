"""Running totals along an axis of an array (A, L, B), with B = 1 or with columns side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .indexing import shared
from .language.machine import Machine
from .language.types import LANES
from .language.values import Index, Vector


@dataclass(frozen=True)
class ScanRows:
    """out[a, l] = Σ x[a, i] over i ≤ l, or i ≥ l in reverse.  Arguments: pieces, A, L; x; out, both row by row.

    The vector runs along l: 16 totals by a tree of four sums, then the total of all before them.  Pieces share out a.
    """

    dtype: np.dtype
    reverse: bool = False

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, size = (take.integer() for _ in range(3))
        x, out = take.pointer(self.dtype), take.pointer(self.dtype)
        for a in k.range(*k.share(high, pieces)):
            before = k.variable(k.constant(0, self.dtype))
            for i, mask in self.blocks(k, size):
                totals = self.totals(k, k.load(x, a * size + i, mask)) + before.get()
                k.store(out, a * size + i, totals, mask)
                before.set(k.shuffle(totals, totals, [0 if self.reverse else LANES - 1] * LANES))

    def blocks(self, k: Machine, size: Index) -> Iterator[tuple[Index, Vector | None]]:
        """The vectors of a row, from the end that comes first."""
        if not self.reverse:
            yield from k.lanes(0, size)
            return
        whole = size // LANES * LANES
        for _ in k.when(whole < size):
            yield whole, k.below(size - whole)
        for i in k.range(0, whole, LANES):
            yield whole - LANES - i, None

    def totals(self, k: Machine, x: Vector) -> Vector:
        """Running totals within a vector: each lane takes in the one 1, 2, 4, 8 lanes before it."""
        zero = k.constant(0, self.dtype)
        for distance in (1, 2, 4, 8):
            lanes = range(distance, LANES + distance) if self.reverse else range(-distance, LANES - distance)
            x = x + k.shuffle(x, zero, [lane if 0 <= lane < LANES else LANES for lane in lanes])
        return x


@dataclass(frozen=True)
class ScanColumns:
    """out[a, l, b] = Σ x[a, i, b] over i ≤ l, or i ≥ l in reverse.

    Arguments: pieces, A, L, B; x; out, both row by row.  The vector runs along b, and each row is added to the one
    before it, which is still in the cache.  Pieces share out a, or b if they go across.
    """

    dtype: np.dtype
    reverse: bool = False
    across: bool = False

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, high, size, width = (take.integer() for _ in range(4))
        x, out = take.pointer(self.dtype), take.pointer(self.dtype)
        rows, (start, stop) = shared(k, high, width, pieces, self.across)
        for a in k.range(*rows):
            first, step = a * size * width, width
            if self.reverse:
                first, step = first + (size - 1) * width, k.whole("sub", 0, width)
            for b, mask in k.lanes(start, stop):
                k.store(out, first + b, k.load(x, first + b, mask), mask)
            for n in k.range(1, size):
                row = first + n * step
                for b, mask in k.lanes(start, stop):
                    before = k.load(out, row - step + b, mask)
                    k.store(out, row + b, before + k.load(x, row + b, mask), mask)
