"""What looking into a compiled step costs: watched values, the guard; all in one process, in turns."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

from convnets_chainrule import first
from pictures import CONVNETS
from turns import run_json

from chainrule.compiler import arrange

Figures = list[dict[str, Any]]
ROUNDS, STEPS = 15, 3
TEN = {
    "statistics of ten activations": ("*/relu", True, 1),
    "statistics of ten sums that no kernel stores": ("*/conv2d", True, 1),
    "ten activations, copied": ("*/relu", False, 1),
    "ten activations, copied every 10th step": ("*/relu", False, 10),
    "ten gradients of weights, copied": ("*.weight.grad", False, 1),
}
"""What is watched: pattern, statistics, every."""


def glass(*names: str) -> Figures:
    """What a watched training step takes, in times of the step that nobody watches; and what the guard takes of it."""
    return [row for name in names or ("convnet", "resnet20") for row in looked_into(name)]


def looked_into(name: str) -> Figures:
    """One network: each way of looking in turns with the step alone."""
    step, *batch = first(name)
    alone = compiled_without_guard(name)
    for _ in range(3):
        step(*batch), alone(*batch)
    rows = [row(name, "nobody", [1.0], None)]
    paths = list(step.values(*batch))
    for what, (pattern, said, every) in TEN.items():
        chosen = [p for p in paths if p.endswith(pattern.strip("*"))][:10]
        begun = first_seconds(name, chosen, said)
        with step.watch(*chosen, statistics=said):
            step(*batch)  # the plan is made once

        @contextmanager
        def watched(chosen: list[str] = chosen, said: bool = said, every: int = every) -> Iterator[None]:
            with step.watch(*chosen, statistics=said, every=every):
                yield

        steps = STEPS if every == 1 else every
        rows.append(row(name, what, times(step, step, batch, watched, steps), begun))
    rows.append(row(name, "without the guard", times(step, alone, batch, nullcontext, STEPS), None))
    return rows


def row(name: str, what: str, found: list[float], begun: float | None) -> dict[str, Any]:
    figures = {
        "network": CONVNETS[name].title,
        "watched": what,
        "of the step": round(statistics.median(found), 3),
    }
    return figures | {"seconds to begin": None if begun is None else round(begun, 3)}


def times(
    step: Callable[..., Any], other: Callable[..., Any], batch: list[Any], inside: Any, steps: int
) -> list[float]:
    """How many times as long as `step` the other takes, turn by turn."""
    found = []
    for _ in range(ROUNDS):
        before = seconds(step, batch, steps)
        with inside():
            then = seconds(other, batch, steps)
        found.append(then / ((before + seconds(step, batch, steps)) / 2))
    return found


def seconds(step: Callable[..., Any], batch: list[Any], steps: int) -> float:
    began = time.perf_counter()
    for _ in range(steps):
        step(*batch)
    return time.perf_counter() - began


def first_seconds(name: str, paths: list[str], said: bool) -> float:
    """What the first watched step takes more than the next one, where no kernel of it was compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        words = (name, "said" if said else "copied", *paths)
        return float(run_json("glass_chainrule.py", *words, CHAINRULE_CACHE=folder)["seconds"])


def compiled_without_guard(name: str) -> Any:
    """A step that writes state whatever its numbers are."""
    with mock.patch.object(arrange, "guard", lambda made, numbers: None):
        step, *batch = first(name)
        step.plan(*batch)
    return step
