"""Exact distances of pairs: float64, summed in one order wherever they are computed, so that all ways to neighbours
find the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..kernels.language.types import LANES

Array = NDArray[Any]


def exact(queries: Array, points: Array, metric: str) -> Array:
    """(P,) float64: the distance of each pair, of l2 squared.

    queries, points:  (P, D) numbers of any dtype;  metric: "l2", "l1" or "cosine"

    >>> exact(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]), "l2")
    array([25.])
    >>> exact(np.array([[0, 0]]), np.array([[3, 4]]), "l1")
    array([7.])
    """
    q, x = queries.astype(np.float64), points.astype(np.float64)
    if metric != "cosine":
        apart = q - x
        return in_lanes(np.abs(apart) if metric == "l1" else apart * apart)
    far: Array = 1.0 - in_lanes(q * x) * (inverse_lengths(q) * inverse_lengths(x))
    return np.maximum(far, 0)


def in_lanes(terms: Array) -> Array:
    """(P,) the sum of each row (P, D): 16 sums side by side in the order of the numbers, then a tree."""
    count, depth = terms.shape
    total = np.zeros((count, LANES))
    for start in range(0, depth, LANES):
        part = terms[:, start : start + LANES]
        total[:, : part.shape[1]] += part
    for half in (8, 4, 2, 1):
        total = total[:, :half] + total[:, half : 2 * half]
    return total[:, 0]


def inverse_lengths(samples: Array) -> Array:
    """(N,) 1 / length of each row, 0 of one of zeros: a sample without a direction is at distance 1 from all.

    Raises DataError where the square of a length leaves float64.
    """
    wide = samples.astype(np.float64)
    with np.errstate(over="ignore", under="ignore"):
        squares = in_lanes(wide * wide)
    lost = ~(squares < LARGEST) | ((squares < SMALLEST) & wide.any(1))
    if lost.any():
        came = f"sample {int(np.argmax(lost))} has a length whose square float64 cannot hold"
        raise DataError(
            "cosine distance", came, "numbers of a common size", "divide the sample by its largest number"
        )
    return np.divide(1, np.sqrt(squares), out=np.zeros(len(wide)), where=squares > 0)


SMALLEST, LARGEST = 1e-280, 1e280
"""Squares of lengths that leave room for what is computed of them."""
