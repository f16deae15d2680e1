"""The schedules: steps, half a cosine, a straight line, powers, 1/t, one cycle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..ops.arguments import flag
from .group import Bounds, Group
from .optimizer import Optimizer
from .schedule import Schedule, require_steps


class StepLR(Schedule):
    """Multiply the rate by gamma every step_size steps.

    rate(t) = base · gamma^⌊t / step_size⌋

    step_size:  ≥ 1;  gamma:  ≥ 0
    Raises SettingError outside of these.

    >>> from chainrule import Tensor, optim
    >>> w = Tensor([1.0], requires_grad=True)
    >>> schedule = StepLR(optim.SGD([w], lr=0.8), step_size=2, gamma=0.5)
    >>> [schedule.rate(t) for t in range(5)]
    [0.8, 0.8, 0.4, 0.4, 0.2]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def check(self) -> None:
        require_steps(self.who, "step_size", self.step_size)
        Bounds().check(self.who, "gamma", self.gamma)

    def rate(self, t: int, group: int = 0) -> float:
        """base · gamma^⌊t / step_size⌋"""
        return self.bases[group] * float(self.gamma) ** (t // self.step_size)


class CosineAnnealingLR(Schedule):
    """Half a cosine from the base rate down to eta_min in T_max steps; after that it comes back up.

    rate(t) = eta_min + (base - eta_min) · (1 + cos(π · t / T_max)) / 2

    T_max:  ≥ 1;  eta_min:  ≥ 0
    Raises SettingError outside of these.
    Source: Loshchilov & Hutter 2017 (SGDR), equation 5.

    >>> from chainrule import Tensor, optim
    >>> w = Tensor([1.0], requires_grad=True)
    >>> schedule = CosineAnnealingLR(optim.SGD([w], lr=1.0), T_max=4)
    >>> [round(schedule.rate(t), 3) for t in range(5)]
    [1.0, 0.854, 0.5, 0.146, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def check(self) -> None:
        require_steps(self.who, "T_max", self.T_max)
        Bounds(usual=0.0).check(self.who, "eta_min", self.eta_min)

    def rate(self, t: int, group: int = 0) -> float:
        """eta_min + (base - eta_min) · (1 + cos(π · t / T_max)) / 2"""
        return between(self.bases[group], self.eta_min, t / self.T_max)


class LinearLR(Schedule):
    """A straight line from start_factor · base to end_factor · base in total_iters steps: a warm-up.

    rate(t) = base · (start_factor + (end_factor - start_factor) · min(t, total_iters) / total_iters)

    total_iters:  ≥ 1;  start_factor, end_factor:  ≥ 0
    Raises SettingError outside of these.
    Source: Goyal et al. 2017, §2.2 (gradual warm-up).  Also: SequentialLR, to go on with another schedule.

    >>> from chainrule import Tensor, optim
    >>> w = Tensor([1.0], requires_grad=True)
    >>> schedule = LinearLR(optim.SGD([w], lr=1.0), start_factor=0.25, total_iters=3)
    >>> [schedule.rate(t) for t in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer)

    def check(self) -> None:
        require_steps(self.who, "total_iters", self.total_iters)
        for name in ("start_factor", "end_factor"):
            Bounds().check(self.who, name, getattr(self, name))

    def rate(self, t: int, group: int = 0) -> float:
        """base · (start_factor + (end_factor - start_factor) · min(t, total_iters) / total_iters)"""
        done = min(t, self.total_iters) / self.total_iters
        return self.bases[group] * (self.start_factor + (self.end_factor - self.start_factor) * done)


class ExponentialLR(Schedule):
    """Multiply the rate by gamma in every step.

    rate(t) = base · gammaᵗ

    gamma:  ≥ 0
    Raises SettingError for another gamma.

    >>> from chainrule import Tensor, optim
    >>> w = Tensor([1.0], requires_grad=True)
    >>> schedule = ExponentialLR(optim.SGD([w], lr=0.8), gamma=0.5)
    >>> [schedule.rate(t) for t in range(4)]
    [0.8, 0.4, 0.2, 0.1]
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def check(self) -> None:
        Bounds(usual=0.9).check(self.who, "gamma", self.gamma)

    def rate(self, t: int, group: int = 0) -> float:
        """base · gammaᵗ"""
        return self.bases[group] * float(self.gamma) ** t


class InverseTimeLR(Schedule):
    """Divide the rate by a number that grows evenly: the 1/t decay.

    rate(t) = base / (1 + decay · t)

    decay:  ≥ 0; after 1 / decay steps the rate is half
    Raises SettingError for another decay.
    Source: Robbins & Monro 1951, whose conditions Σ rate = ∞ and Σ rate² < ∞ it meets.

    >>> from chainrule import Tensor, optim
    >>> w = Tensor([1.0], requires_grad=True)
    >>> schedule = InverseTimeLR(optim.SGD([w], lr=1.0), decay=1.0)
    >>> [round(schedule.rate(t), 3) for t in range(4)]
    [1.0, 0.5, 0.333, 0.25]
    """

    def __init__(self, optimizer: Optimizer, decay: float) -> None:
        self.decay = decay
        super().__init__(optimizer)

    def check(self) -> None:
        Bounds(usual=0.01).check(self.who, "decay", self.decay)

    def rate(self, t: int, group: int = 0) -> float:
        """base / (1 + decay · t)"""
        return self.bases[group] / (1 + self.decay * t)


class PolynomialLR(Schedule):
    """From the base rate to 0 in total_iters steps, along a power of what is left; then it stays 0.

    rate(t) = base · (1 - min(t, total_iters) / total_iters)^power

    total_iters:  ≥ 1;  power:  ≥ 0; 1 is a straight line
    Raises SettingError outside of these.
    Source: as PyTorch; for networks first in Liu et al. 2015 (ParseNet).

    >>> from chainrule import Tensor, optim
    >>> w = Tensor([1.0], requires_grad=True)
    >>> schedule = PolynomialLR(optim.SGD([w], lr=1.0), total_iters=4, power=2.0)
    >>> [schedule.rate(t) for t in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer)

    def check(self) -> None:
        require_steps(self.who, "total_iters", self.total_iters)
        Bounds(usual=1.0).check(self.who, "power", self.power)

    def rate(self, t: int, group: int = 0) -> float:
        """base · (1 - min(t, total_iters) / total_iters)^power"""
        left = 1 - min(t, self.total_iters) / self.total_iters
        return self.bases[group] * left ** float(self.power)


class OneCycleLR(Schedule):
    """Up to max_lr and down to almost nothing, in two half cosines; the momentum goes the other way.

    rate: max_lr / div_factor → max_lr in the first pct_start · total_steps - 1 steps
          → max_lr / div_factor / final_div_factor at total_steps - 1, where it stays
    momentum (betas[0] of Adam): max_momentum → base_momentum → max_momentum

    max_lr:  one for all groups, or a list with one for each;  pct_start:  0 ≤ … < 1
    Raises SettingError for settings that cannot be, and if it is stepped more than total_steps times.
    Source: Smith & Topin 2018, §2; the numbers and the cosines are those of PyTorch.

    >>> from chainrule import Tensor, optim
    >>> w = Tensor([1.0], requires_grad=True)
    >>> schedule = OneCycleLR(optim.SGD([w], lr=0.1, momentum=0.9), max_lr=1.0, total_steps=10)
    >>> [round(schedule.rate(t), 3) for t in range(0, 10, 2)]
    [0.04, 1.0, 0.812, 0.389, 0.05]
    >>> round(schedule.momentum(2), 3)
    0.85
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int,
        *,
        pct_start: float = 0.3,
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        self.max_lr, self.total_steps, self.pct_start = max_lr, total_steps, pct_start
        self.cycle_momentum = flag("OneCycleLR", "cycle_momentum", cycle_momentum)
        self.base_momentum, self.max_momentum = base_momentum, max_momentum
        self.div_factor, self.final_div_factor = div_factor, final_div_factor
        super().__init__(optimizer)

    def check(self) -> None:
        require_steps(self.who, "total_steps", self.total_steps)
        for name, usual in {"pct_start": 0.3, "base_momentum": 0.85, "max_momentum": 0.95}.items():
            Bounds(below=1.0, usual=usual).check(self.who, name, getattr(self, name))
        for name, usual in {"div_factor": 25.0, "final_div_factor": 1e4}.items():
            Bounds(least=1.0, usual=usual).check(self.who, name, getattr(self, name))
        rolling = all(g.uses("momentum") or g.uses("betas") for g in self.optimizer.param_groups)
        self.require(
            rolling or not self.cycle_momentum,
            f"cycle_momentum with {self.optimizer.who} that has no momentum",
            "an optimizer with momentum or betas",
            "cycle_momentum=False, or SGD(..., momentum=0.9)",
        )

    def starts(self) -> list[float]:
        """The highest rate of each group."""
        count = len(self.optimizer.param_groups)
        one = not isinstance(self.max_lr, Sequence)
        peaks = [self.max_lr] * count if one else list(self.max_lr)  # type: ignore[arg-type]
        came = f"{len(peaks)} rates max_lr for {count} parameter groups"
        self.require(len(peaks) == count, came, "one rate, or one for each group", "max_lr=0.1")
        return [Bounds().check(self.who, "max_lr", peak)[0] for peak in peaks]

    def rate(self, t: int, group: int = 0) -> float:
        """Up to max_lr by a half cosine, and down by another."""
        peak = self.bases[group]
        low = peak / self.div_factor
        return self.cycle(t, low, peak, low / self.final_div_factor)

    def momentum(self, t: int) -> float:
        """Down to base_momentum while the rate goes up, and back."""
        return self.cycle(t, self.max_momentum, self.base_momentum, self.max_momentum)

    def cycle(self, t: int, start: float, middle: float, end: float) -> float:
        """start → middle → end, each a half cosine."""
        self.require(
            t <= self.total_steps,
            f"step {t} of a cycle of {self.total_steps}",
            f"at most {self.total_steps} calls of step()",
            "total_steps = epochs · batches of an epoch",
        )
        top, last = self.pct_start * self.total_steps - 1, self.total_steps - 1
        if t < top:
            return between(start, middle, t / top)
        return between(middle, end, min((t - top) / (last - top), 1.0))

    def settings(self, t: int, group: int) -> dict[str, Any]:
        settings = super().settings(t, group)
        if self.cycle_momentum:
            settings |= rolled(self.optimizer.param_groups[group], self.momentum(t))
        return settings


def between(start: float, end: float, done: float) -> float:
    """From start to end along half a cosine; done goes from 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2


def rolled(group: Group, momentum: float) -> dict[str, Any]:
    """The setting that is a group's momentum."""
    if group.uses("betas"):
        return {"betas": (momentum, *group["betas"][1:])}
    return {"momentum": momentum}
