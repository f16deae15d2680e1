"""Compiled steps against PyTorch and JAX: training and inference of the networks without convolution."""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from networks import NETWORKS
from turns import Worker, agree, alternate

TUNED = {"MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_MMAP_THRESHOLD_": "100000000000"}
"""glibc keeps freed memory, so that PyTorch pays for no page faults."""


def peers(name: str, verb: str, weights: str) -> dict[str, Worker]:
    """Everybody else, each in a process of its own."""
    found = {
        "PyTorch": Worker("engine_torch.py", name, verb, weights, "eager"),
        "PyTorch, malloc tuned": Worker("engine_torch.py", name, verb, weights, "eager", **TUNED),
    }
    if shutil.which("g++"):
        found["PyTorch, compile"] = Worker("engine_torch.py", name, verb, weights, "compile")
    if not NETWORKS[name].lstm:
        found["JAX jit"] = Worker("engine_jax.py", name, verb, weights)
    return found


def compared(name: str, verb: str) -> list[dict[str, Any]]:
    """One network, one verb: medians over turns, and the ratio to chainrule's."""
    network = NETWORKS[name]
    with tempfile.TemporaryDirectory() as folder:
        weights = str(Path(folder) / "weights.npz")
        workers = {"chainrule": Worker("engine_chainrule.py", name, verb, weights)}
        workers |= peers(name, verb, weights)
        alternate(list(workers.values()), rounds=12, steps=max(20, network.steps))
    agree(workers, after=20)
    base = statistics.median(workers["chainrule"].seconds)
    return [
        {
            "network": network.title if who == "chainrule" else "",
            "": f"{verb}, {who}",
            "ms": round(1e3 * statistics.median(worker.seconds), 3),
            "least": round(1e3 * min(worker.seconds), 3),
            "times chainrule's": round(statistics.median(worker.seconds) / base, 2),
            "after 20": round(worker.losses[19], 4),
        }
        for who, worker in workers.items()
    ]


def engine() -> list[dict[str, Any]]:
    """Compiled training steps (SGD with momentum) and inference against PyTorch 2.13.0 and JAX, two threads."""
    return [row for name in NETWORKS for verb in ("train", "look") for row in compared(name, verb)]
