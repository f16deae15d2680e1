"""What a compiled step costs beside its arithmetic: the call, compiling, sleeping threads, busy neighbours."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import numpy as np
from engine_chainrule import model_of
from networks import NETWORKS, batches
from work_chainrule import learner

import chainrule as cr
from chainrule import optim


def first(name: str) -> tuple[Any, np.ndarray, np.ndarray]:
    """A training step of a network that was never called, and a batch."""
    network = NETWORKS[name]
    return cr.compile(learner(model_of(network)), fallback="error"), *batches(network)[0]


def seconds(step: Any, *batch: np.ndarray, times: int = 60, pause: float = 0.0, between: Any = None) -> float:
    """The median of so many calls."""
    found = []
    for _ in range(times):
        if pause:
            time.sleep(pause)
        if between is not None:
            between()
        began = time.perf_counter()
        step(*batch)
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def call() -> list[dict[str, Any]]:
    """A training step of a 2-2 linear model on one thread: almost nothing but its fixed cost."""
    w = cr.Tensor(np.ones((2, 2), "f4"), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.001)

    @cr.compile(fallback="error")
    def step(x: np.ndarray) -> cr.Tensor:
        optimizer.zero_grad()
        loss = (x @ w).sum()
        loss.backward()
        optimizer.step()
        return loss

    cr.set_threads(1)
    x = np.ones((2, 2), "f4")
    step(x)
    found = seconds(step, x, times=5000)
    cr.set_threads(None)
    return [{"what": "a step of a 2-2 linear model, one thread", "µs": round(1e6 * found, 1)}]


def compiling() -> list[dict[str, Any]]:
    """The first call of a training step: nothing cached, and in a second process."""
    return [{"step": NETWORKS[name].title} | first_calls("costs", name) for name in ("mlp", "lstm")]


def first_calls(module: str, name: str, times: int = 5) -> dict[str, float]:
    """Seconds of the first call of what `first(name)` of a module gives: medians over processes."""
    here = os.path.dirname(os.path.abspath(__file__))
    code = (
        f"import sys, time, json; sys.path.insert(0, {here!r}); import numpy; from {module} import first\n"
        f"step, x, y = first({name!r}); began = time.perf_counter(); step(x, y)\n"
        "print(json.dumps(time.perf_counter() - began))"
    )
    found: dict[str, list[float]] = {"cold": [], "second process": []}
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "CHAINRULE_CACHE": folder}
            for taken in found.values():
                command = [sys.executable, "-c", code]
                done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
                taken.append(json.loads(done.stdout))
    return {f"{which}, s": round(statistics.median(taken), 2) for which, taken in found.items()}


def threads() -> list[dict[str, Any]]:
    """Two threads against one: in a row, after sleep, after a NumPy product, beside a busy process."""
    rows = []
    busy = [sys.executable, "-c", "while True: pass"]
    square = np.ones((512, 512), "f4")
    for name in ("wide", "deep"):
        step, x, y = first(name)
        step(x, y)
        cases: dict[str, dict[str, Any]] = {
            "in a row": {},
            "after 50 ms of sleep": {"pause": 0.05, "times": 20},
            "after a NumPy product": {"between": lambda: square @ square},
            "beside a busy process": {"times": 150},
        }
        for case, settings in cases.items():
            other = subprocess.Popen(busy) if case.startswith("beside") else None
            time.sleep(0.3)
            taken: dict[int, list[float]] = {1: [], 2: []}
            for _ in range(5):
                for count in taken:
                    cr.set_threads(count)
                    step(x, y)
                    taken[count].append(seconds(step, x, y, **{"times": 30, **settings}))
            if other is not None:
                other.kill()
                other.wait()
            one, two = (1e3 * statistics.median(taken[count]) for count in (1, 2))
            title = NETWORKS[name].title
            rows.append(
                {
                    "network": title,
                    "": case,
                    "1 thread, ms": round(one, 2),
                    "2, ms": round(two, 2),
                    "times": round(one / two, 2),
                }
            )
    cr.set_threads(None)
    return rows
