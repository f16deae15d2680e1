"""Nearest neighbours of test pictures among training pictures, beside scikit-learn's brute force."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from turns import Worker, turn

TURNS = 3
METRICS = ("l2", "l1", "cosine")


class Case(NamedTuple):
    """A data set, the dtype of its pictures here (the peer gets float32), a metric, and how many queries."""

    data: str
    dtype: str
    metric: str
    queries: int


CASES = [
    Case("fashion-mnist", "float32", "l2", 10_000),
    Case("fashion-mnist", "uint8", "l2", 10_000),
    Case("fashion-mnist", "float32", "l1", 500),
    Case("fashion-mnist", "uint8", "l1", 500),
    Case("fashion-mnist", "float32", "cosine", 2_000),
    Case("mnist-5k", "float32", "l2", 1_000),
    Case("noise", "float32", "l2", 2_000),
]
"""Noise: 20,000 × 784 numbers of the normal distribution, of which no few directions say much."""


def neighbours(*metrics: str) -> list[dict[str, Any]]:
    """KNeighborsClassifier(5).predict, two threads, beside scikit-learn's with algorithm="brute" of float32."""
    return [row(case) for case in CASES if not metrics or case.metric in metrics]


def row(case: Case) -> dict[str, Any]:
    """Medians over turns; the peak of our process beyond the arrays that it was given."""
    words = (case.data, case.metric, str(case.queries))
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("ours.npy", "theirs.npy")]
        ours = Worker("neighbours_worker.py", "chainrule", *words, case.dtype, str(files[0]))
        peer = Worker("neighbours_worker.py", "scikit-learn", *words, "float32", str(files[1]))
        for _ in range(TURNS):
            turn([ours, peer], 1)
        for worker in (ours, peer):
            worker.end()
        mine, its = (np.load(file) for file in files)
    seconds = [statistics.median(worker.seconds) for worker in (ours, peer)]
    return {
        "data": f"{case.data}, {case.dtype}",
        "metric": case.metric,
        "queries": case.queries,
        "chainrule, s": round(seconds[0], 2),
        f"scikit-learn {peer.facts['version']}, s": round(seconds[1], 2),
        "times": round(seconds[1] / seconds[0], 1),
        "same labels %": round(100 * float((mine == its).mean()), 2),
        "fit, s": round(ours.facts["fit"], 2),
        "MiB beyond data": round(ours.losses[-1]),
    }
