"""How long the records of a plan take inside of a step: the driver notes the time between them, and runs on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..kernels.language.driver import clock_of
from ..kernels.language.target import host
from ..kernels.threads import pool
from .plan import Plan
from .schedule import Python


def there() -> bool:
    """Whether this system has a clock for it."""
    return clock_of(host()) is not None


class Times(NamedTuple):
    """Means over the quickest third of some steps, so that records add up to the step whatever else the machine does.

    records: seconds of each record of the plan;  step: of a whole call of the plan
    """

    records: list[float]
    step: float


def clocked(plan: Plan, arrays: Sequence[np.ndarray], repeats: int) -> Times:
    """The times of a plan, which runs on the step's own state; that is given back."""
    with plan.lock:
        return noted(plan, arrays, repeats)


def noted(plan: Plan, arrays: Sequence[np.ndarray], repeats: int) -> Times:
    """The same, by who has the plan for itself."""
    plan.begin(arrays)  # takes over what was set from outside
    saved = [(array, array.copy()) for _, array in plan.room.state]
    stamps = [np.zeros(1 + (0 if isinstance(s, Python) else s[1]), np.int64) for s in plan.native]
    rounds, steps = list[np.ndarray](), list[float]()
    for number in range(repeats + 1):
        try:
            began = time.perf_counter()
            made = plan.begin(arrays)
            stopped = plan.walk(arrays, made, stamps)
            seconds = time.perf_counter() - began
        finally:
            for array, old in saved:  # each time: a step that goes on learning may run away
                np.copyto(array, old)
        if stopped is not None:
            plan.refuse(stopped, arrays, made)
        if number:  # the first one finds cold caches
            steps.append(seconds)
            rounds.append(np.concatenate([np.diff(stamp) for stamp in stamps]))
    quickest = np.argsort(steps)[: -(-repeats // 3)]
    records = [*ahead(plan, repeats), *(1e-9 * np.mean(np.array(rounds)[quickest], 0)).tolist()]
    return Times(records, float(np.mean(np.array(steps)[quickest])))


def ahead(plan: Plan, repeats: int) -> list[float]:
    """The seconds of what is laid out again only when somebody has changed the weights."""
    stamps = np.zeros((repeats, 1 + plan.ahead), np.int64)
    for row in stamps:
        pool().run(plan.records.address(0), plan.ahead, row.ctypes.data)
    return [float(seconds) for seconds in 1e-9 * np.median(np.diff(stamps, axis=1), 0)]
