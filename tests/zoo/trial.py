"""A network of the zoo under trial: its training step compiled and plain, from any state, on noise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from chainrule import Tensor, zoo
from chainrule.random import Generator

from ..check.learning import Learning
from ..nn.steps import pictures

SHAPES: dict[str, tuple[int, ...]] = {
    "linear": (1, 8, 8),
    "two-layer": (1, 8, 8),
    "three-layer": (1, 12, 12),
    "lstm": (3, 6, 5),
    "lenet5": (1, 28, 28),
    "convnet": (3, 16, 12),
    "resnet20": (3, 16, 16),
    "alexnet": (3, 67, 67),
    "vgg16": (3, 32, 32),
}
"""Small pictures that each network takes."""
LARGE = ("alexnet", "vgg16")
"""Millions of parameters: few pictures, small steps, and a rule without slots."""
COUNTS = {"alexnet": 2, "vgg16": 1, "resnet20": 4}
"""Pictures of a batch, where 8 are many: the more relus, the more often one is near its kink."""

Arrays = dict[str, np.ndarray]


class After(NamedTuple):
    """What one step leaves."""

    loss: float
    gradients: Arrays
    state: Arrays


class Trial:
    """One network with its optimizer; all that its step may change can be read and set."""

    def __init__(self, name: str, dtype: str = "float32", count: int | None = None) -> None:
        self.name, self.dtype, large = name, dtype, name in LARGE
        self.count = count or COUNTS.get(name, 8)
        model = zoo.build(name, SHAPES[name], 10, rng=Generator(0)).astype(dtype)
        self.learning = Learning(model, "sgd" if large else "momentum", keep_gradients=True)
        self.learning.rule.lr = 1e-4 if large else 5e-3
        parts = [*model.named_parameters(), *model.named_buffers(), *self.learning.rule._state.items()]
        self.cells: dict[str, Tensor] = dict(parts)
        self.step, self.plain = self.learning.step, self.learning.plain

    def batch(self, seed: int = 0) -> tuple[Any, Any]:
        images, labels = pictures(SHAPES[self.name], 10, self.count, seed)
        return images.astype(self.dtype), labels

    def state(self) -> Arrays:
        return {name: cell.numpy().copy() for name, cell in self.cells.items()}

    def is_in(self, state: Arrays) -> bool:
        """Whether all bits are those of a state."""
        return all(cell.numpy().tobytes() == state[name].tobytes() for name, cell in self.cells.items())

    def set(self, state: Arrays) -> None:
        for name, cell in self.cells.items():
            cell.assign(Tensor(state[name], dtype=cell.dtype))

    def after(self, run: Callable[..., Any], seed: int) -> After:
        """What a step with the batch of a seed leaves; the gradients until the next one."""
        loss = run(*self.batch(seed)).item()
        parameters = dict(self.learning.model.named_parameters())
        return After(loss, {name: p.grad.numpy() for name, p in parameters.items()}, self.state())

    def digest(self, steps: int = 2) -> str:
        """SHA-256 over the losses of a few compiled steps and the state that they leave."""
        found = hashlib.sha256()
        for seed in range(steps):
            found.update(self.step(*self.batch(seed)).numpy().tobytes())
        for name, cell in self.cells.items():
            found.update(name.encode())
            found.update(np.ascontiguousarray(cell.numpy()))
        return found.hexdigest()


def furthest(came: Arrays, expected: Arrays, before: Arrays | None = None) -> float:
    """The largest distance of an array from the one expected, as a part of its length.

    before:  the distance counts as a part of how far the array has moved since, but for what rounding it takes
    """
    apart = [0.0]
    for name, array in came.items():
        if array.dtype.kind != "f":
            assert np.array_equal(array, expected[name]), name
            continue
        distance, length = norm(array - expected[name]), norm(expected[name])
        if before is not None:
            distance -= float(np.finfo(array.dtype).eps) * length
            length = norm(expected[name] - before[name])
        if distance > 0:
            apart.append(distance / length if length else np.inf)
    return max(apart)


def norm(array: np.ndarray) -> float:
    return float(np.linalg.norm(np.ravel(array)))
