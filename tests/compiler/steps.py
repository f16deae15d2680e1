"""What the tests of the compiler share: arrangements of small steps, and learners."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule import Gate, Spec, Tensor, nn, optim
from chainrule.compiler.arrange import Arrangement, arrange

X = np.linspace(-1, 1, 15, dtype="float32").reshape(5, 3)


@cr.gate
class Halved(Gate):
    """out = x / 2, for which there is no kernel."""

    def spec(self, x: Spec) -> Spec:
        return x

    def forward(self, x: np.ndarray) -> Any:
        return x / 2

    def backward(self, upstream: Any) -> Any:
        return upstream / 2


def arranged(function: Any, *arguments: Any) -> Arrangement:
    """The arrangement of a step, before any memory is given out."""
    return arrange(cr.trace(function, *arguments))


def labels(made: Arrangement) -> list[list[str]]:
    """The gates of each group, in the order in which they run."""
    groups = made.groups.groups
    return [[op.gate.label for op in groups[k].ops] for k in made.order]


class Learner:
    """Two layers, an optimizer, and a step: twice the same with the same seed."""

    def __init__(self, seed: int = 0, *, optimizer: Any = optim.SGD, **settings: Any) -> None:
        rng = cr.random.Generator(seed)
        self.model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.Tanh(), nn.Linear(4, 2, rng=rng))
        self.optimizer = optimizer(self.model.parameters(), **{"lr": 0.1, **settings})

    def step(self, x: Any) -> Any:
        self.optimizer.zero_grad()
        loss = (self.model(x) ** 2).mean()
        loss.backward()
        self.optimizer.step()
        return loss

    def plain(self, x: np.ndarray) -> float:
        return self.step(Tensor(x)).item()

    def state(self) -> list[np.ndarray]:
        cells = [*self.model.parameters(), *self.optimizer._state.values()]
        return [c.numpy().copy() for c in cells]


def near(left: list[Any], right: list[Any], tolerance: float = 1e-6) -> bool:
    """The same arrays but for rounding."""
    return len(left) == len(right) and all(
        np.allclose(a, b, rtol=tolerance, atol=tolerance) for a, b in zip(left, right, strict=True)
    )
