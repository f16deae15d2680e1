"""Memory as the checking machine holds it: the bytes of arguments, and which piece touched them in this run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

NOBODY: Final = -1
SEVERAL: Final = -2


class Fault(Exception):
    """What a kernel must not do: argument, element, size, piece."""


class Region(NamedTuple):
    """The bytes of an argument or of scratch memory: what they hold, and who touched them in this run."""

    name: str
    data: np.ndarray
    defined: np.ndarray
    readers: np.ndarray
    writers: np.ndarray
    raisers: np.ndarray


def regions(arguments: Sequence[np.ndarray | int], unwritten: Sequence[int]) -> list[Region | int]:
    """Arguments as the machine holds them; arrays that overlap know each other's marks."""
    flat = {n: flattened(n, x) for n, x in enumerate(arguments) if isinstance(x, np.ndarray)}
    ranges = {n: (x.ctypes.data, x.ctypes.data + x.size) for n, x in flat.items()}
    found: list[Region | int] = [0 if n in flat else int(x) for n, x in enumerate(arguments)]
    waiting = sorted(flat, key=lambda n: ranges[n])
    while waiting:
        together = [waiting.pop(0)]
        start, stop = ranges[together[0]]
        while waiting and ranges[waiting[0]][0] < stop:
            together.append(waiting.pop(0))
            stop = max(stop, ranges[together[-1]][1])
        marks = fresh_marks(stop - start, True)
        for n in together:
            first, last = ranges[n][0] - start, ranges[n][1] - start
            found[n] = Region(f"argument {n}", flat[n], *(mark[first:last] for mark in marks))
    for n in unwritten:
        region = found[n]
        if isinstance(region, Region):
            region.defined[:] = False
    return found


def flattened(slot: int, array: np.ndarray) -> np.ndarray:
    """The bytes of a contiguous array."""
    if not array.flags.c_contiguous:
        raise Fault(f"argument {slot}: an array that is not contiguous")
    return array.reshape(-1).view(np.uint8)


def fresh_marks(size: int, defined: bool) -> list[np.ndarray]:
    """Marks of bytes that no piece has touched."""
    return [np.full(size, defined), *(np.full(size, NOBODY, np.int32) for _ in range(3))]


def element_of(where: Any, at: Any, dtype: np.dtype) -> int:
    """The element that one of the accessed bytes belongs to."""
    byte = where.start + at if isinstance(where, slice) else where[at]
    return int(byte) // dtype.itemsize
