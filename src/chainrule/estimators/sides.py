"""What the two sides of a search bring: their samples, and their rows as bounds read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Side:
    """Some points, or some queries.

    samples:  (N, D) contiguous, uint8, float32 or float64
    rows:     (N, W) float32, of queries with the sign changed where products are taken away
    number:   (N,) float64: what a point's sums begin with, or what a query allows beside its distance
    inverse:  (N,) float64: 1 / length of each sample for cosine; else nothing
    """

    samples: Array
    rows: Array
    number: Array
    inverse: Array | None = None

    def __len__(self) -> int:
        return len(self.samples)

    def part(self, which: Any) -> Side:
        """Some of them, by a slice or a mask; only what does not lie in one stretch is copied."""
        inverse = None if self.inverse is None else np.ascontiguousarray(self.inverse[which])
        samples, rows, number = (
            np.ascontiguousarray(x[which]) for x in (self.samples, self.rows, self.number)
        )
        return Side(samples, rows, number, inverse)


def blocks(count: int, most: int) -> Iterator[slice]:
    """0 … count in stretches of at most so many, at least 1.

    >>> list(blocks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    each = max(1, most)
    for start in range(0, count, each):
        yield slice(start, min(start + each, count))
