"""The nearest points found so far: a row for each query, as the kernel keeps it in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.language.types import LANES
from ..kernels.nearest import UPWARD, room

Array = NDArray[Any]


@dataclass
class Best:
    """The k best so far of Q queries.

    distances, numbers:  (Q, R) rows of the kernel: a vector that ends with -∞, then distances in order, ∞ for none
    limits:              (Q,) no neighbour is further away than this
    looked:              (Q,) how many exact distances were computed
    """

    k: int
    distances: Array
    numbers: Array
    limits: Array
    looked: Array

    @classmethod
    def none(cls, queries: int, k: int, limits: Array | None = None) -> Best:
        """Nothing found yet.

        >>> Best.none(1, 2).kept[0]
        array([[inf, inf]])
        """
        distances = np.full((queries, room(k)), np.inf)
        distances[:, :LANES] = -np.inf
        limits = np.full(queries, np.inf) if limits is None else limits
        looked = np.zeros(queries, np.int64)
        return cls(k, distances, np.zeros(distances.shape, np.int64), limits, looked)

    @property
    def kept(self) -> tuple[Array, Array]:
        """(Q, k) the distances, and the numbers of the points."""
        part = slice(LANES, LANES + self.k)
        return self.distances[:, part], self.numbers[:, part]

    @property
    def last(self) -> Array:
        """(Q,) the k-th distance so far."""
        return self.distances[:, LANES + self.k - 1]

    def allowed(self, rise: float, shift: Array) -> Array:
        """(Q,) the bound that a point has to keep, rounded upward to float32."""
        bound = np.minimum(self.last, self.limits) * rise + shift
        return np.asarray(bound + np.abs(bound) * UPWARD).astype(np.float32)

    def add(self, queries: Array, distances: Array, numbers: Array) -> None:
        """Take in more points, in the order of their numbers for each query, each number above those before.

        queries:  (P,) in order;  distances, numbers: (P,)

        >>> best = Best.none(1, 2)
        >>> best.add(np.array([0, 0, 0]), np.array([3.0, 1.0, 1.0]), np.array([4, 5, 6]))
        >>> best.kept[0].tolist(), best.kept[1].tolist()
        ([[1.0, 1.0]], [[5, 6]])
        """
        mine, counts = np.unique(queries, return_counts=True)
        self.looked[mine] += counts
        kept = [x[mine].reshape(-1) for x in self.kept]
        owner = np.concatenate([np.repeat(mine, self.k), queries])
        values, points = np.concatenate([kept[0], distances]), np.concatenate([kept[1], numbers])
        order = np.lexsort((values, owner))  # stable: of equal distances the one that came first
        starts = np.cumsum(counts + self.k) - counts - self.k
        first = order[starts[:, None] + np.arange(self.k)]
        for into, found in zip(self.kept, (values, points), strict=True):
            into[mine] = found[first]
