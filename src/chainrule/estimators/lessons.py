"""How a model learns from arrays: one compiled step that takes its samples out of the whole set itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..errors import DivergedError, NonFiniteError
from ..optim import ReduceLROnPlateau
from ..random import Generator
from ..train import Trainer
from ..train.steps import Runner
from .scaling import Scaling

Array = NDArray[Any]


class Lessons:
    """A trainer's step on samples that it finds by their numbers and scales as it reads them.

    Nothing is copied and nothing looked at twice: the set was checked at the door, and the step itself notices a loss
    or a gradient that is not finite.

    who:  the estimator that messages name;  lr: the rate that it was asked for
    trainer:  model, loss, optimizer, schedule, penalty;  rng: the order of samples follows from its seed
    """

    def __init__(self, who: str, lr: float, trainer: Trainer, scaling: Scaling, rng: Generator) -> None:
        self.who, self.lr, self.trainer, self.scaling, self.rng = who, lr, trainer, scaling, rng
        self.run_step = Runner(self.step, state=trainer.state, plain=trainer.plain)

    def step(self, X: Any, numbers: Any, chosen: Any) -> Any:
        """Learn from the chosen samples; their loss, before the update."""
        loss, _ = self.trainer.learn(self.scaling(ops.index(X, chosen)), ops.index(numbers, chosen))
        return loss

    def run(self, X: Array, numbers: NDArray[np.int64], epochs: int, batch_size: int) -> list[float]:
        """Go through all samples `epochs` times; the mean loss of each time, with the penalty, while learning.

        X:  (N, …) uint8, float32 or float64;  numbers: (N,) of their classes
        Epoch e goes through them in the order of `rng.split("epoch", e)`; the last batch holds the rest.
        Raises DivergedError if the loss or a gradient is not finite.
        """
        self.trainer.model.train()
        X = np.ascontiguousarray(X)  # once: a step would copy all of another layout each time
        return [self.epoch(epoch, X, numbers, batch_size) for epoch in range(1, epochs + 1)]

    def epoch(self, epoch: int, X: Array, numbers: NDArray[np.int64], batch_size: int) -> float:
        """Once through all samples, in a new order."""
        order = self.rng.split("epoch", epoch).permutation(len(X))
        schedule, total = self.trainer.schedule, 0.0
        for begin in range(0, len(X), batch_size):
            chosen = order[begin : begin + batch_size]
            total += self.take(epoch, X, numbers, chosen) * len(chosen)
            if schedule is not None and not isinstance(schedule, ReduceLROnPlateau):
                schedule.step()
        if isinstance(schedule, ReduceLROnPlateau):
            schedule.step(total / len(X))
        return total / len(X)

    def take(self, epoch: int, X: Array, numbers: NDArray[np.int64], chosen: NDArray[np.int64]) -> float:
        """One step; its loss."""
        try:
            loss = float(self.run_step(X, numbers, chosen).item())
        except NonFiniteError as error:
            raise self.diverged(epoch, error.came).at(error.layer, error.line) from None
        if not math.isfinite(loss):
            raise self.diverged(epoch, f"a loss of {loss}")
        return loss

    def diverged(self, epoch: int, came: str) -> DivergedError:
        """The error of a step that ran away."""
        hint = f"lr={self.lr / 10:.2g} instead of {self.lr:.2g}"
        return DivergedError(self.who, f"in epoch {epoch}, {came}", "finite numbers", hint)
