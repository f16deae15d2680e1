"""Matrix products, alone: their share of the peak that one and two threads reach in registers."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.kernels.peak import measured_peak, peak

SHAPES = [
    (256, 256, 256),
    (512, 512, 512),
    (1024, 1024, 1024),
    (2048, 2048, 2048),
    (128, 512, 784),
    (512, 784, 128),
]


def median(step: Any, *arrays: np.ndarray, flops: float) -> float:
    """Operations a second, by the median of many calls."""
    step(*arrays)
    seconds = []
    for _ in range(max(7, min(300, int(4e9 / flops)))):
        began = time.perf_counter()
        step(*arrays)
        seconds.append(time.perf_counter() - began)
    return flops / statistics.median(seconds)


def products() -> list[dict[str, Any]]:
    """C = A·B of float32 in a compiled step, B packed anew in each call, as a share of the measured peak."""
    rows = []
    rng = np.random.default_rng(0)
    forms = {"A·B": lambda a, b: a @ b, "A·Bᵀ": lambda a, b: a @ b.mT, "Aᵀ·B": lambda a, b: a.mT @ b}
    for m, n, k in SHAPES:
        row: dict[str, Any] = {"M × N × K": f"{m} × {n} × {k}"}
        for form, product in forms.items():
            a = rng.normal(size=(k, m) if form == "Aᵀ·B" else (m, k)).astype("f4")
            b = rng.normal(size=(n, k) if form == "A·Bᵀ" else (k, n)).astype("f4")
            step = cr.compile(
                lambda x, y, product=product: product(cr.Tensor.of(x.data), cr.Tensor.of(y.data))
            )
            for threads in (1, 2):
                cr.set_threads(threads)
                measured_peak.cache_clear()
                share = median(step, a, b, flops=2.0 * m * n * k) / peak(threads)
                row[f"{form}, {threads} thread{'s' * (threads > 1)}"] = f"{share:.0%}"
        rows.append(row)
    cr.set_threads(None)
    return rows
