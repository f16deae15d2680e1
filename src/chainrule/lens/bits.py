"""Arrays compared to the bit, and where they are farthest apart."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..graph import Spec


class Gap(NamedTuple):
    """One value of two trainings that is not the same.

    path:  its name;  at: the worst element;  first, second: its two numbers, or the two specs
    differ, size:  how many elements are not the same, of how many
    """

    path: str
    at: tuple[int, ...]
    first: Any
    second: Any
    differ: int
    size: int


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays have the same shape, dtype and bits.

    >>> same(np.array([0.0]), np.array([-0.0])), same(np.array([np.nan]), np.array([np.nan]))
    (False, True)
    """
    return a.shape == b.shape and a.dtype == b.dtype and bool(np.array_equal(bits(a), bits(b)))


def bits(array: np.ndarray) -> np.ndarray:
    """The numbers as whole numbers of the same size."""
    return np.ascontiguousarray(array).reshape(-1).view(f"u{array.dtype.itemsize}")


def gap(path: str, a: np.ndarray, b: np.ndarray) -> Gap | None:
    """Where two arrays are farthest apart; None if they are the same to the bit.

    >>> gap("w", np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.5, 3.1]))
    Gap(path='w', at=(1,), first=2.0, second=2.5, differ=2, size=3)
    """
    if a.shape != b.shape or a.dtype != b.dtype:
        return Gap(path, (), str(Spec(a.shape, a.dtype)), str(Spec(b.shape, b.dtype)), a.size, a.size)
    differ = bits(a) != bits(b)
    if not differ.any():
        return None
    with np.errstate(all="ignore"):
        distance = np.abs(a.astype(np.float64) - b.astype(np.float64)).reshape(-1)
    distance[np.isnan(distance)] = np.inf
    at = int(np.argmax(np.where(differ, distance, -1.0)))
    index = tuple(int(i) for i in np.unravel_index(at, a.shape))
    return Gap(path, index, a[index].item(), b[index].item(), int(differ.sum()), a.size)
