"""Whole training steps, direct and traced, and what they leave: shared by tests of layers and of the zoo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import nn, optim
from chainrule.random import Generator

OPTIMIZERS: dict[str, Callable[..., optim.Optimizer]] = {
    "sgd": lambda parameters: optim.SGD(parameters, lr=0.01, momentum=0.9),
    "adam": lambda parameters: optim.Adam(parameters, lr=1e-3),
}


def pictures(shape: tuple[int, ...], classes: int, count: int = 4, seed: int = 7) -> tuple[Any, Any]:
    """Pictures of noise, float32, and labels."""
    rng = Generator(seed)
    return rng.normal((count, *shape)), rng.integers(0, classes, (count,))


def whole_step(model: nn.Module, optimizer: optim.Optimizer, loss_function: Any) -> Callable[..., Any]:
    """The step that a user writes."""

    def step(images, labels):
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def everything(model: nn.Module, optimizer: optim.Optimizer) -> dict[str, np.ndarray]:
    """All state: weights, every buffer, gradients, slots and rates."""
    state = {f"weight {name}": p.numpy() for name, p in model.named_parameters()}
    state |= {f"buffer {name}": b.numpy() for name, b in model.named_buffers()}
    grads = {name: p.grad for name, p in model.named_parameters()}
    state |= {f"grad {name}": g.numpy() for name, g in grads.items() if g is not None}
    return state | {f"optimizer {name}": array for name, array in optimizer.state_dict().items()}


def assert_same_bits(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> None:
    """The same names, and the same bytes under each."""
    assert list(first) == list(second)
    different = [name for name in first if first[name].tobytes() != second[name].tobytes()]
    assert not different


def traced_is_direct(
    build: Callable[[], nn.Module], optimizer: str, images: Any, labels: Any, loss: Any = None, runs: int = 3
) -> None:
    """The program of a whole step, run so many times, leaves the bits of as many direct steps."""
    loss = loss or nn.CrossEntropyLoss()
    results = []
    for traced in (False, True):
        model = build()
        rule = OPTIMIZERS[optimizer](model.parameters())
        step = whole_step(model, rule, loss)
        run = cr.trace(step, images, labels) if traced else step
        losses = np.array([run(images, labels).item() for _ in range(runs)], np.float32)
        assert np.isfinite(losses).all()
        results.append({"losses": losses, **everything(model, rule)})
    assert_same_bits(*results)
