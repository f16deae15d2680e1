"""The exact search for nearest neighbours: blocks of points go past blocks of queries, the best are kept on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..kernels.nearest import room
from . import native, plain
from .best import Best
from .bounds import Bounds
from .sides import Side, blocks

Array = NDArray[Any]

BLOCK = 1 << 24
"""Bytes of the rows of one block of points or queries."""
SEEDS = 1024
"""Points, evenly spread over all, that are searched first: their k-th distance is a limit for all others."""
LOOSE = 0.5
"""The share of seeds that had to be looked at from which on a query's short bounds say too little."""
FEW = 64
"""Queries below which it does not pay to make whole rows of all points."""


class Search:
    """The points among which neighbours are searched.

    points:  (N, D) finite, uint8, float32 or float64;  metric: "l2", "l1" or "cosine"
    Raises DataError for numbers so large or small that their squares leave float64.

    >>> points = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    >>> found, numbers = Search(points, "l2").nearest(np.array([[3.0, 3.0]]), 2)
    >>> found.round(3).tolist(), numbers.tolist()
    ([[1.0, 4.243]], [[1, 0]])
    """

    def __init__(self, points: Array, metric: str = "l2") -> None:
        self.points, self.metric = np.ascontiguousarray(points), metric
        self.bounds = Bounds(self.points, metric)
        self.short = self.bounds.points(self.points, short=True) if self.bounds.short else None

    def nearest(self, queries: Array, k: int) -> tuple[Array, Array]:
        """(Q, k) the distances of the nearest points in order, and their numbers; of equal ones the smaller first.

        queries:  (Q, D) finite, uint8, float32 or float64;  k: 1 … N
        Memory beside points and results: a few blocks. Cost: N·Q products of 64 numbers where short bounds serve.
        Raises DataError for distances that float64 cannot hold.
        """
        found, numbers = np.empty((len(queries), k)), np.empty((len(queries), k), np.int64)
        wide = max(4 * self.points.shape[1], 16 * room(k))
        for part in blocks(len(queries), BLOCK // wide):
            found[part], numbers[part] = self._block(np.ascontiguousarray(queries[part]), k)
        if not np.isfinite(found).all():
            came, hint = (
                "distances that float64 cannot hold",
                "divide points and queries by their largest number",
            )
            raise DataError("nearest neighbours", came, "numbers of a common size", hint)
        return np.sqrt(found) if self.metric == "l2" else found, numbers

    def _block(self, queries: Array, k: int) -> tuple[Array, Array]:
        """Some queries, whose rows have room in memory."""
        best = Best.none(len(queries), k)
        if self.short is None:
            return self._by_whole(queries, best).kept
        asked, step = self.bounds.queries(queries, short=True), len(self.points) // SEEDS
        if step < 2 or k > SEEDS:
            return self._by_short(asked, self.short, best).kept
        seeds = self.short.part(slice(None, None, step))
        self._look(asked, seeds, best, range(0, len(self.points), step), short=True)
        loose = best.looked > LOOSE * len(seeds)
        if np.count_nonzero(loose) < FEW:
            loose[:] = False
        found, numbers = np.empty((len(queries), k)), np.empty((len(queries), k), np.int64)
        for which, whole in ((loose, True), (~loose, False)):
            part, mine = Best.none(int(which.sum()), k, best.last[which]), asked.part(which)
            made = self._by_whole(mine.samples, part) if whole else self._by_short(mine, self.short, part)
            found[which], numbers[which] = made.kept
        return found, numbers

    def _by_short(self, asked: Side, held: Side, best: Best) -> Best:
        """All points by their short bounds."""
        for part in blocks(len(held), BLOCK // held.rows[:1].nbytes):
            self._look(asked, held.part(part), best, range(part.start, part.stop), short=True)
        return best

    def _by_whole(self, queries: Array, best: Best) -> Best:
        """All points by bounds of whole samples, made block by block."""
        if not len(queries):
            return best
        asked = self.bounds.queries(queries, short=False)
        for part in blocks(len(self.points), BLOCK // (4 * self.points.shape[1])):
            held = self.bounds.points(self.points[part], short=False)
            self._look(asked, held, best, range(part.start, part.stop), short=False)
        return best

    def _look(self, asked: Side, held: Side, best: Best, numbers: range, *, short: bool) -> None:
        """Let points go past queries."""
        look = native.look if native.can_compile() else plain.look
        look(asked, held, best, self.bounds.rise(short), numbers, self.metric)
