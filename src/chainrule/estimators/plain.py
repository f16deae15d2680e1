"""Points go past queries in NumPy, where there is no compiler: the same bounds, the same distances, the same best."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .best import Best
from .distances import exact
from .sides import Side, blocks

Array = NDArray[Any]

FIRST = 64
"""Points of the first block; each further one is twice as long, as fewer and fewer points have to be looked at."""
ROOM = 1 << 23
"""Bytes of bounds, or of the samples of pairs, at a time."""


def look(asked: Side, held: Side, best: Best, rise: float, numbers: range, metric: str) -> None:
    """Let points go past queries, and keep the best.

    rise:  what a distance is multiplied by in a bound;  numbers: those of the points
    """
    for part in growing(len(held), ROOM // (4 * max(1, len(asked)))):
        points = held.part(part)
        near = bounds(asked, points, metric) <= best.allowed(rise, asked.number)[:, None]
        queries, found = np.nonzero(near)
        if len(queries):
            pairs = blocks(len(queries), ROOM // (8 * asked.samples.shape[1]))
            made = [exact(asked.samples[queries[p]], points.samples[found[p]], metric) for p in pairs]
            best.add(queries, np.concatenate(made), numbers.start + (found + part.start) * numbers.step)


def bounds(asked: Side, held: Side, metric: str) -> Array:
    """(Q, P) float32: the bound of each pair."""
    begin = held.number.astype(np.float32)
    if metric != "l1":
        return np.asarray(begin + asked.rows @ held.rows.T)
    found = np.repeat(begin[None], len(asked), axis=0)
    for a, b in zip(asked.rows.T, held.rows.T, strict=True):
        found += np.abs(a[:, None] - b)
    return found


def growing(count: int, most: int) -> Iterator[slice]:
    """0 … count in stretches that begin short.

    >>> list(growing(200, 1000))
    [slice(0, 64, None), slice(64, 192, None), slice(192, 200, None)]
    """
    start, size = 0, FIRST
    while start < count:
        stop = min(start + max(1, min(size, most)), count)
        yield slice(start, stop)
        start, size = stop, 2 * size
