"""Weighted sums of a few places along one axis, by a table.  An array is seen as (A, L, B): axes before that one, the
axis itself, axes behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import F32, I64
from .language.values import Index, Pointer


@dataclass(frozen=True)
class Resample:
    """out[a, j, b] = Σ_k weight[k, j] · x[a, place[k, j], b] over the count[j] terms of place j, in their order.

    narrow:  whether B is 1: the vector then runs along j, else along b
    Arguments: pieces, A, L, B, J, K; place and count (int64), weight; x, out.  Pieces share out rows of out.
    """

    dtype: np.dtype = F32
    narrow: bool = False

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        sizes = [take.integer() for _ in range(6)]
        table = take.pointer(I64), take.pointer(I64), take.pointer(self.dtype)
        x, out = take.pointer(self.dtype), take.pointer(self.dtype)
        (self.along if self.narrow else self.beside)(k, sizes, table, x, out)

    def beside(
        self, k: Machine, sizes: list[Index], table: tuple[Pointer, ...], x: Pointer, out: Pointer
    ) -> None:
        """Rows of neighbours, each weighted as a whole."""
        pieces, high, length, width, places, _ = sizes
        place, count, weight = table
        for row in k.range(*k.share(high * places, pieces)):
            plane, j = row // places * length, row % places
            terms = k.first(k.spread(count, j))
            for b, mask in k.lanes(0, width):
                total = k.variable(k.constant(0, self.dtype))
                for term in k.range(terms):
                    entry = term * places + j
                    there = (plane + k.first(k.spread(place, entry))) * width + b
                    total.set(total.get() + k.load(x, there, mask) * k.spread(weight, entry))
                k.store(out, row * width + b, total.get(), mask)

    def along(
        self, k: Machine, sizes: list[Index], table: tuple[Pointer, ...], x: Pointer, out: Pointer
    ) -> None:
        """Sixteen places of one line at once."""
        pieces, high, length, _, places, most = sizes
        place, count, weight = table
        for row in k.range(*k.share(high, pieces)):
            for j, mask in k.lanes(0, places):
                terms = k.load(count, j, mask)
                total = k.variable(k.constant(0, self.dtype))
                for term in k.range(most):
                    some = terms > k.splat(term)
                    there = k.load(place, term * places + j, mask) + k.splat(row * length)
                    seen = k.gather(x, there, some) * k.load(weight, term * places + j, mask)
                    total.set(total.get() + seen)
                k.store(out, row * places + j, total.get(), mask)
