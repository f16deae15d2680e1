"""The schedule that looks at how the training goes: a smaller rate where a metric no longer gets better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import SettingError, StateError
from ..tensor import Tensor
from .group import Bounds, is_real
from .optimizer import Optimizer
from .state import State, matched

MODES = ("min", "max")
THRESHOLDS = ("rel", "abs")


class ReduceLROnPlateau:
    """Multiply the rate by factor when a metric has not got better for more than patience calls of step(metric).

    mode:  "min" for losses, "max" for accuracies;  factor:  0 ≤ … < 1;  patience, cooldown:  whole numbers ≥ 0
    threshold:  how much better counts: a share of the best so far ("rel"), or a difference ("abs")
    cooldown:  calls after a reduction that are not counted
    min_lr:  no rate goes below;  eps:  a change by less is left out
    Raises SettingError outside of these.  Step it after each epoch, between the steps of training: no step is traced
    anew.  `train.Trainer(schedule=...)` does so, with the validation loss (for "max" the accuracy).
    Source: as PyTorch.

    >>> from chainrule import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> schedule = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (2.0, 1.5, 1.5, 1.5):
    ...     schedule.step(loss)
    >>> optimizer.lr
    0.5
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        self.who = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            came, hint = f"a {type(optimizer).__name__}", "SGD(model.parameters(), lr=0.1)"
            raise SettingError(self.who, came, "an optimizer", hint)
        self.optimizer, self.mode, self.threshold_mode = optimizer, mode, threshold_mode
        for name, value, allowed in (("mode", mode, MODES), ("threshold_mode", threshold_mode, THRESHOLDS)):
            if value not in allowed:
                expected = f"one of {', '.join(allowed)}"
                raise SettingError(self.who, f"{name} = {value!r}", expected, f'{name}="{allowed[0]}"')
        (self.factor,) = Bounds(below=1.0).check(self.who, "factor", factor)
        (self.threshold,) = Bounds(usual=1e-4).check(self.who, "threshold", threshold)
        (self.min_lr,) = Bounds(usual=0.0).check(self.who, "min_lr", min_lr)
        (self.eps,) = Bounds(usual=1e-8).check(self.who, "eps", eps)
        self.patience = whole(self.who, "patience", patience, 10)
        self.cooldown = whole(self.who, "cooldown", cooldown, 0)
        self.best = math.inf if mode == "min" else -math.inf
        self.bad = self.cooling = 0

    def step(self, metric: float | Tensor) -> None:
        """Look at the metric of one more epoch, a number or a tensor of one; NaN is no better than anything.

        Raises SettingError for what is no number.
        """
        if isinstance(metric, Tensor) and metric.size == 1:
            metric = metric.item()
        if not is_real(metric):
            came = f"metric {metric!r}"
            raise SettingError(self.who, came, "a number", "schedule.step(validation_loss)")
        if self.is_better(float(metric)):
            self.best, self.bad = float(metric), 0
        else:
            self.bad += 1
        if self.cooling > 0:
            self.cooling, self.bad = self.cooling - 1, 0
        if self.bad > self.patience:
            self.reduce()
            self.cooling, self.bad = self.cooldown, 0

    def is_better(self, metric: float) -> bool:
        """Whether a metric beats the best by the threshold."""
        share = self.threshold if self.threshold_mode == "rel" else 0.0
        difference = self.threshold - share
        if self.mode == "min":
            return metric < self.best * (1 - share) - difference
        return metric > self.best * (1 + share) + difference

    def reduce(self) -> None:
        """A smaller rate for every group, as far as it may go."""
        for group in self.optimizer.param_groups:
            rate = max(group["lr"] * self.factor, self.min_lr)
            if group["lr"] - rate > self.eps:
                group.set("lr", rate)

    def state_dict(self) -> State:
        """The best metric, and how long ago it was, as arrays."""
        return {
            "best": np.asarray(self.best, np.float64),
            "bad": np.asarray(self.bad, np.int64),
            "cooling": np.asarray(self.cooling, np.int64),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where state_dict() was called; on a mismatch StateError, and nothing changes."""
        arrays = matched(self.who, self.state_dict(), state)
        if arrays["bad"] < 0 or arrays["cooling"] < 0:
            came = f"bad = {arrays['bad']}, cooling = {arrays['cooling']}"
            raise StateError(self.who, came, "numbers ≥ 0", "a state that state_dict() gave")
        self.best = float(arrays["best"])
        self.bad, self.cooling = int(arrays["bad"]), int(arrays["cooling"])


def whole(who: str, name: str, value: Any, usual: int) -> int:
    """A whole number ≥ 0."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise SettingError(who, f"{name} = {value!r}", f"a whole number {name} ≥ 0", f"{name}={usual}")
    return int(value)
