"""What this machine can do at most: multiply-adds in registers, measured once a process."""

from __future__ import annotations

import time
from functools import cache

import numpy as np

from .language import Machine, engine, write
from .language.control import MOST_PIECES
from .language.types import F32, LANES
from .threads import pool, threads

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


@cache
def peak(count: int | None = None) -> float:
    """The floating-point operations a second of float32 that `count` threads reach; all of them unless told."""
    count = min(count or threads(), MOST_PIECES)
    kernel = write(multiply_adds)
    numbers = np.zeros(SUMS * LANES * max(count, 1), np.float32)
    rounds = 20_000
    arguments = np.array([numbers.ctypes.data, rounds], np.int64)
    address = engine().load([kernel])[kernel.name]
    record = np.array([address, arguments.ctypes.data, count, 0], np.int64)
    best = float("inf")
    for _ in range(9):
        began = time.perf_counter()
        pool().run(record.ctypes.data, 1)
        best = min(best, time.perf_counter() - began)
    return 2.0 * SUMS * LANES * rounds * count / best
