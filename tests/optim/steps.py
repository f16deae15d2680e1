"""Whole steps with an optimizer, compiled and plain, and a run that is cut in two: shared by the tests of rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import Tensor
from chainrule.optim import Optimizer

RNG = np.random.default_rng(3)
WEIGHT, BIAS = RNG.normal(size=(3, 4)), RNG.normal(size=3)
INPUTS = [RNG.normal(size=(5, 4)) for _ in range(8)]


def problem(make: Callable[[Any], Optimizer]) -> tuple[Callable[[Any], Any], list[Tensor], Optimizer]:
    """Two groups, the second with a rate of its own, and a step."""
    w = Tensor(WEIGHT, requires_grad=True, name="w")
    b = Tensor(BIAS, requires_grad=True, name="b")
    optimizer = make([{"params": [w]}, {"params": [b], "lr": 0.03}])

    def step(x: Any) -> Any:
        optimizer.zero_grad()
        loss = ((x @ w.T + b) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step, [w, b], optimizer


def compiled_is_plain(make: Callable[[Any], Optimizer]) -> list[np.ndarray]:
    """Eight steps in float64 lead to the same place, and all of them run native; returns it."""
    ends = []
    for compiled in (False, True):
        step, parameters, optimizer = problem(make)
        run = cr.compile(step, fallback="error") if compiled else step
        for x in INPUTS:
            run(Tensor(x))
        if compiled:
            assert not run.left_to_numpy(Tensor(INPUTS[0])) and run.traces == 1
        ends.append([*(p.numpy() for p in parameters), *optimizer.state_dict().values()])
    for mine, other in zip(*ends, strict=True):
        np.testing.assert_allclose(mine, other, 1e-10, 1e-12)
    return ends[0]


def resumes_exactly(make: Callable[[Any], Optimizer]) -> None:
    """A state that was saved and loaded goes on to the same bits."""
    step, parameters, optimizer = problem(make)
    again, others, fresh = problem(make)
    for x in INPUTS[:4]:
        step(Tensor(x))
    for mine, other in zip(parameters, others, strict=True):
        other.assign(mine.numpy().copy())
    fresh.load_state_dict(optimizer.state_dict())
    for x in INPUTS[4:]:
        step(Tensor(x)), again(Tensor(x))
    for mine, other in zip(parameters, others, strict=True):
        assert mine.numpy().tobytes() == other.numpy().tobytes()
