"""What the workers of chainrule share: the training step, and steps served one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from itertools import cycle
from typing import Any

import numpy as np
from networks import MOMENTUM, RATE
from resident import resident
from turns import serve

import chainrule as cr
from chainrule import nn, optim
from chainrule.kernels.language.target import binding

IMPORTED = resident()
"""MiB after the imports, before there is a model."""

Batch = tuple[np.ndarray, np.ndarray]


def momentum(model: nn.Module, rate: float = RATE) -> optim.Optimizer:
    """SGD with momentum."""
    return optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM)


def learner(model: nn.Module, optimizer: optim.Optimizer | None = None) -> Callable[..., cr.Tensor]:
    """A training step as it is written: (images, labels) to the loss; SGD with momentum unless told."""
    optimizer = optimizer or momentum(model)
    loss_function = nn.CrossEntropyLoss()

    def step(images: np.ndarray, labels: np.ndarray) -> cr.Tensor:
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def compiled(step: Callable[..., cr.Tensor], *batch: np.ndarray) -> tuple[Any, list[str]]:
    """The compiled step, and the gates that it leaves to NumPy."""
    found = cr.compile(step, fallback="error")
    return found, [type(gate).__name__ for gate in found.left_to_numpy(*batch)]


def growth(load: Callable[[], Any]) -> float:
    """MiB that loading something takes: LLVM is an import that chainrule puts off until the first compile."""
    before = resident()
    load()
    return resident() - before


def work(
    model: nn.Module,
    given: Sequence[Batch],
    *,
    learn: bool,
    weights: str,
    rate: float = RATE,
    plain: bool = False,
) -> None:
    """Write the first weights, then serve steps of training, or of inference (a score instead of a loss)."""
    np.savez(weights, **model.state_dict())
    model.train(learn)
    run: Any = learner(model, momentum(model, rate)) if learn else lambda images: model(images)
    mode = nullcontext if learn else cr.no_grad
    inputs = cycle(pair if learn else pair[:1] for pair in given)
    imported, left = IMPORTED, list[str]()
    if not plain:
        imported += growth(binding)
        with mode():
            run, left = compiled(run, *given[0][: 2 if learn else 1])

    def step() -> float:
        with mode():
            return float(run(*next(inputs)).numpy().flat[0])

    serve(step, version=cr.__version__, numpy=np.__version__, imported=imported, left=left)
