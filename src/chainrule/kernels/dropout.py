"""Dropout: the same bits as the plain gate, drawn again where they are needed.

Source: Philox4x32-10 (Salmon et al. 2011, §3.3), as in `chainrule.random.philox`; constants from there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..random.philox import MULTIPLIERS, ROUNDS, WEYL
from .formula import Arguments
from .language.machine import Machine
from .language.types import I64, LANES, U32, U64
from .language.values import Vector

BLOCK = 4 * LANES
"""Elements that one round of 16 counters serves."""


@dataclass(frozen=True)
class Dropout:
    """out = x · scale where bits < limit, else 0; element i of the row-major order has word i % 4 of counter i // 4.

    Arguments: pieces, count; x, the step (int64), out; layer, the seed's two halves, limit; scale.
    """

    dtype: np.dtype

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, count = take.integer(), take.integer()
        x, step, out = take.pointer(self.dtype), take.pointer(I64), take.pointer(self.dtype)
        layer, low, high, limit = (k.splat(take.integer()) for _ in range(4))
        scale = k.spread(take.pointer(self.dtype), 0)
        words = k.scratch(U32, BLOCK)
        mask32 = k.constant(0xFFFFFFFF, U64)
        keys = [k.convert(low, U64), k.convert(high, U64)]
        upper = [k.convert(k.spread(step, 0), U64) & mask32, k.convert(layer, U64)]
        start, stop = k.share(count, pieces, BLOCK)
        for block in k.range(start, stop, BLOCK):
            counter = k.convert(k.positions(block // 4), U64)
            for number, word in enumerate(philox(k, counter, upper, keys, mask32)):
                places = k.iota() * 4 + number
                k.scatter(words, places, k.convert(word, U32))
            for i, mask in k.lanes(block, (block + BLOCK).at_most(stop)):
                kept = k.convert(k.load(words, i - block), I64) < limit
                value = k.where(kept, k.load(x, i, mask) * scale, k.constant(0, self.dtype))
                k.store(out, i, value, mask)


def philox(
    k: Machine, counter: Vector, upper: list[Vector], keys: list[Vector], mask: Vector
) -> tuple[Vector, Vector, Vector, Vector]:
    """The four words of 16 counters, in the low halves of uint64 lanes."""
    c0, c1, c2, c3 = counter & mask, counter >> 32, upper[0], upper[1]
    k0, k1 = keys
    for _ in range(ROUNDS):
        p0, p1 = c0 * MULTIPLIERS[0], c2 * MULTIPLIERS[1]
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & mask, (p0 >> 32) ^ c3 ^ k1, p0 & mask
        k0, k1 = (k0 + WEYL[0]) & mask, (k1 + WEYL[1]) & mask
    return c0, c1, c2, c3
