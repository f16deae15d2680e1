"""What is done to each pixel by itself: scaled for the network, mixed with that of the next picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .formula import Arguments
from .language.machine import Machine
from .language.types import F32, U8


@dataclass(frozen=True)
class Scale:
    """out[n, c, p] = x[n, c, p] · slope[c] - offset[c], float32; x is bytes or float32.

    Arguments: pieces, N, C, P; slope, offset (C,); x, out.  Pieces share out planes.
    """

    dtype: np.dtype = U8

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, count, channels, size = (take.integer() for _ in range(4))
        slope, offset = take.pointer(F32), take.pointer(F32)
        x, out = take.pointer(self.dtype), take.pointer(F32)
        for plane in k.range(*k.share(count * channels, pieces)):
            times, less = k.spread(slope, plane % channels), k.spread(offset, plane % channels)
            for p, mask in k.lanes(0, size):
                pixels = k.convert(k.load(x, plane * size + p, mask), F32)
                k.store(out, plane * size + p, pixels * times - less, mask)


@dataclass(frozen=True)
class Mix:
    """out[n, p] = x[n, p] + rest[n] · (x[n + 1, p] - x[n, p]), of the last with the first; float32.

    Arguments: pieces, N, P; rest (N,); x, out.  Pieces share out pictures.
    """

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, count, size = (take.integer() for _ in range(3))
        rest, x, out = (take.pointer(F32) for _ in range(3))
        for n in k.range(*k.share(count, pieces)):
            share, other = k.spread(rest, n), (n + 1) % count * size
            for p, mask in k.lanes(0, size):
                mine = k.load(x, n * size + p, mask)
                k.store(out, n * size + p, mine + (k.load(x, other + p, mask) - mine) * share, mask)
