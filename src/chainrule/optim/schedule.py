"""What every schedule is, and how one follows the other.  A schedule sets the rates of its optimizer.

`rate(t)` is pure: the rate after t calls of `step()`, so a schedule can be drawn before it is used.  What a
call stands for, a batch or an epoch, is the caller's choice.  While a schedule lives, it owns the rate.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import SettingError, StateError
from .optimizer import Optimizer
from .state import State, matched


class Schedule:
    """Base of all schedules: a subclass gives `rate`.  Made at t = 0, it sets the first rate at once.

    optimizer:  each of its groups starts from the rate that a person gave it (group.base_lr)
    Raises TraceError when made or stepped inside a traced step.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.who = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            came = f"a {type(optimizer).__name__}"
            raise SettingError(self.who, came, "an optimizer", "SGD(model.parameters(), lr=0.1)")
        self.optimizer = optimizer
        self.t = 0
        self.check()
        self.bases = self.starts()
        self.apply(0)

    def check(self) -> None:
        """A SettingError for settings that cannot work; called before the first rate is set."""

    def starts(self) -> list[float]:
        """The rate that each group's formula starts from."""
        return [group.base_lr for group in self.optimizer.param_groups]

    def rate(self, t: int, group: int = 0) -> float:
        """The learning rate of a parameter group after t steps."""
        raise NotImplementedError(f"{self.who}.rate")

    def settings(self, t: int, group: int) -> dict[str, Any]:
        """All hyperparameters of a group that this schedule sets."""
        return {"lr": self.rate(t, group)}

    def step(self) -> None:
        """Go on to the next rate; call it after optimizer.step()."""
        self.apply(self.t + 1)
        self.t += 1

    def apply(self, t: int) -> None:
        """Give each group what belongs to this moment; groups added later are left alone."""
        wanted = [self.settings(t, k) for k in range(len(self.bases))]
        for group, settings in zip(self.optimizer.param_groups, wanted, strict=False):
            for key, value in settings.items():
                group.set(key, value)

    def state_dict(self) -> State:
        """The moment, and the rates it started from, as arrays."""
        return {"t": np.asarray(self.t, np.int64), "bases": np.asarray(self.bases, np.float64)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where state_dict() was called; on a mismatch StateError, and nothing changes."""
        arrays = matched(self.who, self.state_dict(), state)
        self.check_state(arrays)
        before = self.state_dict()
        self.load_state(arrays)
        try:
            self.apply(self.t)
        except SettingError as error:  # a moment after the end of a cycle
            self.load_state(before)
            raise StateError(self.who, error.came, error.expected, error.hint) from None

    def check_state(self, state: State) -> None:
        """A StateError for a moment or rates that cannot be."""
        if not (state["t"] >= 0 and np.all(state["bases"] >= 0) and np.all(np.isfinite(state["bases"]))):
            came = f"t = {state['t']}, bases = {state['bases'].tolist()}"
            raise StateError(self.who, came, "t ≥ 0 and finite rates ≥ 0", "a state that state_dict() gave")

    def load_state(self, state: State) -> None:
        """Take over a state that was checked."""
        self.t, self.bases = int(state["t"]), state["bases"].tolist()

    def require(self, holds: bool, came: str, expected: str, hint: str) -> None:
        """A SettingError unless the condition holds."""
        if not holds:
            raise SettingError(self.who, came, expected, hint)


class SequentialLR(Schedule):
    """One schedule after the other; each starts at its own t = 0.  Step this one, not those inside.

    rate(t) = schedules[k].rate(t - milestones[k - 1]) for the last milestone that t has reached

    schedulers:  of the same optimizer;  milestones:  growing steps, one fewer than schedulers
    Raises SettingError for others.

    >>> from chainrule import Tensor, optim
    >>> optimizer = optim.SGD([Tensor([1.0], requires_grad=True)], lr=1.0)
    >>> warm_up = optim.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> cosine = optim.CosineAnnealingLR(optimizer, T_max=4)
    >>> schedule = SequentialLR(optimizer, [warm_up, cosine], milestones=[2])
    >>> [round(schedule.rate(t), 3) for t in range(7)]
    [0.5, 0.75, 1.0, 0.854, 0.5, 0.146, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[Schedule], milestones: Sequence[int]
    ) -> None:
        self.schedulers, self.milestones = as_list(schedulers), as_list(milestones)
        super().__init__(optimizer)

    def check(self) -> None:
        strange = [s for s in self.schedulers if not isinstance(s, Schedule)]
        came = f"{strange[0]!r} among the schedules" if strange else ""
        self.require(not strange, came, "schedules", "StepLR(optimizer, 10)")
        for step in self.milestones:
            require_steps(self.who, "milestones", step)
        same = bool(self.schedulers) and all(s.optimizer is self.optimizer for s in self.schedulers)
        self.require(
            same,
            "no schedules, or some of another optimizer",
            "schedules of this optimizer",
            "make them with it",
        )
        growing = all(a < b for a, b in zip([0, *self.milestones], self.milestones, strict=False))
        self.require(
            growing and len(self.milestones) == len(self.schedulers) - 1,
            f"milestones {self.milestones} for {len(self.schedulers)} schedules",
            f"{len(self.schedulers) - 1} growing steps ≥ 1",
            "milestones=[warm_up_steps]",
        )

    def at(self, t: int) -> tuple[Schedule, int]:
        """The schedule of the moment t, and the moment on its own clock."""
        k = bisect_right(self.milestones, t)
        return self.schedulers[k], t - (self.milestones[k - 1] if k else 0)

    def rate(self, t: int, group: int = 0) -> float:
        """The rate of the schedule whose turn it is."""
        schedule, moment = self.at(t)
        return schedule.rate(moment, group)

    def settings(self, t: int, group: int) -> dict[str, Any]:
        schedule, moment = self.at(t)
        return schedule.settings(moment, group)

    def state_dict(self) -> State:
        state = super().state_dict()
        for k, schedule in enumerate(self.schedulers):
            state |= {f"{k}/{name}": array for name, array in schedule.state_dict().items()}
        return state

    def check_state(self, state: State) -> None:
        super().check_state(state)
        for k, schedule in enumerate(self.schedulers):
            schedule.check_state(inner(state, k))

    def load_state(self, state: State) -> None:
        super().load_state(state)
        for k, schedule in enumerate(self.schedulers):
            schedule.load_state(inner(state, k))


def as_list(given: Any) -> list[Any]:
    """A sequence as a list; anything else as its only part, which is then refused by name."""
    return list(given) if isinstance(given, list | tuple) else [given]


def inner(state: State, k: int) -> State:
    """The part of a state that belongs to schedule k."""
    return {name.removeprefix(f"{k}/"): a for name, a in state.items() if name.startswith(f"{k}/")}


def require_steps(who: str, name: str, steps: Any) -> None:
    """A SettingError for anything but a whole number ≥ 1."""
    if not isinstance(steps, int | np.integer) or isinstance(steps, bool) or steps < 1:
        raise SettingError(who, f"{name} = {steps!r}", f"a whole number {name} ≥ 1", f"{name}=10")
