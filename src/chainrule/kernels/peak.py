"""What this machine can do at most: multiply-adds in registers, bytes to and from memory; measured once a process."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import numpy as np

from .call import Call
from .language import Machine
from .language.control import MOST_PIECES
from .language.types import F32, LANES
from .threads import threads

SUMS = 12
"""Sums that do not wait for each other: more than the latency of a multiply-add needs."""


def multiply_adds(k: Machine) -> None:
    """Arguments: 16 · 12 numbers, how many rounds."""
    numbers, rounds = k.pointer(0, F32), k.integer(1)
    sums = [k.variable(k.load(numbers, n * LANES)) for n in range(SUMS)]
    x = k.load(numbers, 0)
    for _ in k.range(rounds):
        for total in sums:
            total.set(k.fma(x, x, total.get()))
    for n, total in enumerate(sums):
        k.store(numbers, k.piece * (SUMS * LANES) + n * LANES, total.get())


COPIED = 1 << 24
"""Numbers that are copied to see how fast memory is: more than caches hold."""


def copies(k: Machine) -> None:
    """Arguments: source, target, numbers of a piece."""
    source, target, count = k.pointer(0, F32), k.pointer(1, F32), k.integer(2)
    for i in k.range(0, count, LANES):
        place = k.piece * count + i
        k.store(target, place, k.load(source, place))


def bandwidth(count: int | None = None) -> float:
    """The bytes a second that `count` threads read and write, copying more than caches hold; all of them unless told.

    A kernel whose values are still in a cache moves more.
    """
    return measured_bandwidth(min(count or threads(), MOST_PIECES))


def peak(count: int | None = None) -> float:
    """The floating-point operations a second of float32 that `count` threads reach; all of them unless told."""
    return measured_peak(min(count or threads(), MOST_PIECES))


@cache
def measured_bandwidth(count: int) -> float:
    # written before: pages of zeros that nobody has touched are all one, which a cache holds
    source, target = np.ones(COPIED, np.float32), np.ones(COPIED, np.float32)
    each = COPIED // count // LANES * LANES
    return 8.0 * each * count / least(copies, [source, target, each], count)


@cache
def measured_peak(count: int) -> float:
    numbers = np.zeros(SUMS * LANES * max(count, 1), np.float32)
    rounds = 20_000
    return 2.0 * SUMS * LANES * rounds * count / least(multiply_adds, [numbers, rounds], count)


def least(kernel: Callable[[Machine], None], arguments: list[np.ndarray | int], pieces: int) -> float:
    """The seconds of a kernel, the best of nine times."""
    call = Call(kernel, arguments, pieces)
    best = float("inf")
    for _ in range(9):
        began = time.perf_counter()
        call.run()
        best = min(best, time.perf_counter() - began)
    return best
