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
    code = (
        f"from {module} import first; step, x, y = first({name!r}); began = time.perf_counter(); step(x, y)\n"
        "found = time.perf_counter() - began"
    )
    found: dict[str, list[float]] = {"cold": [], "second process": []}
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            for taken in found.values():
                taken.append(told("import time", code, CHAINRULE_CACHE=folder))
    return {f"{which}, s": round(statistics.median(taken), 2) for which, taken in found.items()}


SQUARE = np.ones((512, 512), "f4")
BUSY = [sys.executable, "-c", "while True: pass"]
CASES: dict[str, dict[str, Any]] = {
    "in a row": {},
    "after 50 ms of sleep": {"pause": 0.05, "times": 20},
    "after a NumPy product": {"between": lambda: SQUARE @ SQUARE},
    "beside a busy process": {"times": 150},
}


def threads() -> list[dict[str, Any]]:
    """Two threads against one: in a row, after sleep, after a NumPy product, beside a busy process."""
    networks = ("wide", "deep")
    rows = [against_one("import chainrule, numpy", name, case) for name in networks for case in CASES]
    late = [against_one("import numpy, chainrule", name, "after a NumPy product") for name in networks]
    return rows + [row | {"": f"{row['']}, NumPy imported first"} for row in late]


def against_one(imports: str, name: str, case: str) -> dict[str, Any]:
    """One network in one case, in a process that begins with these imports."""
    one, two = told(imports, f"from costs import one_and_two; found = one_and_two({name!r}, {case!r})")
    figures = {
        "1 thread, ms": round(1e3 * one, 2),
        "2, ms": round(1e3 * two, 2),
        "times": round(one / two, 2),
    }
    return {"network": NETWORKS[name].title, "": case, **figures}


def one_and_two(name: str, case: str) -> list[float]:
    """Seconds of a step on one thread and on two, in turns."""
    step, x, y = first(name)
    step(x, y)
    other = subprocess.Popen(BUSY) if case.startswith("beside") else None
    time.sleep(0.3)
    taken: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(5):
        for count in taken:
            cr.set_threads(count)
            step(x, y)
            taken[count].append(seconds(step, x, y, **{"times": 30, **CASES[case]}))
    if other is not None:
        other.kill()
        other.wait()
    return [statistics.median(each) for each in taken.values()]


def told(imports: str, code: str, **environment: str) -> Any:
    """What `found` is at the end of a process that begins with these imports."""
    here = os.path.dirname(os.path.abspath(__file__))
    lines = [
        imports,
        f"import sys; sys.path.insert(0, {here!r})",
        code,
        "import json; print(json.dumps(found))",
    ]
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **environment}
    )
    return json.loads(done.stdout)
