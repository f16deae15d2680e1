"""Parameter groups: parameters that share hyperparameters, and the cells that hold these numbers.

A hyperparameter is a weak 0-d float64 cell: a traced step reads it as state, a new rate needs no new trace.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..errors import SettingError, StateError
from ..tensor import Tensor
from .state import State


class Bounds(NamedTuple):
    """Where a hyperparameter can work: least ≤ x < below.

    values:  how many numbers it has; 2 for betas
    optional:  0 leaves its term out of the update; it is then fixed, as slots and program are without it
    usual:  what an error message proposes
    """

    least: float = 0.0
    below: float = math.inf
    values: int = 1
    optional: bool = False
    usual: float | tuple[float, ...] = 0.1

    def check(self, who: str, name: str, value: Any) -> tuple[float, ...]:
        """The numbers of a hyperparameter, or a SettingError."""
        given = value if self.values > 1 else (value,)
        right = isinstance(given, tuple | list) and len(given) == self.values
        if not right or not all(is_real(x) and self.least <= x < self.below for x in given):
            raise SettingError(who, f"{name} = {value!r}", self.describe(name), f"{name}={self.usual}")
        return tuple(float(x) for x in given)

    def describe(self, name: str) -> str:
        if self.values > 1:
            return f"{self.values} numbers, each ≥ {self.least:g} and below {self.below:g}"
        if self.below < math.inf:
            return f"{self.least:g} ≤ {name} < {self.below:g}"
        return f"a finite {name} ≥ {self.least:g}"


class Group(Mapping[str, Any]):
    """Parameters with their hyperparameters, read and set by name: group["lr"], group["lr"] = 0.1.

    Reading gives Python floats (and tuples of them, bools, and "params", the list of tensors).  Setting one
    in a traced step raises TraceError: the number would be frozen into the program; set it between steps.
    An optional hyperparameter that was 0 at construction, and a bool, cannot be changed any more.

    base_lr:  the rate that a person set last, from which a schedule starts

    >>> from chainrule import optim
    >>> group = optim.SGD([Tensor([1.0], requires_grad=True)], lr=0.1).param_groups[0]
    >>> group["lr"] = group["lr"] / 2
    >>> group["lr"], group["momentum"], group.uses("momentum")
    (0.05, 0.0, False)
    """

    def __init__(
        self,
        who: str,
        name: str,
        parameters: list[Tensor],
        settings: Mapping[str, Any],
        bounds: Mapping[str, Bounds],
    ) -> None:
        self.who, self.name, self.parameters, self.bounds = who, name, parameters, bounds
        self._cells: dict[str, tuple[Tensor, ...]] = {}
        self._fixed: dict[str, bool | float] = {}
        for key, value in settings.items():
            self._place(key, value)
        self.base_lr: float = self["lr"]

    def _place(self, key: str, value: Any) -> None:
        """Make the cells of a hyperparameter, or keep what cannot change."""
        if key not in self.bounds:
            if not isinstance(value, bool):
                raise SettingError(self.who, f"{key} = {value!r}", "True or False", f"{key}=True")
            self._fixed[key] = value
            return
        values = self.bounds[key].check(self.who, key, value)
        if self.bounds[key].optional and not any(values):
            self._fixed[key] = 0.0
            return
        names = [key] if len(values) == 1 else [f"{key}[{k}]" for k in range(len(values))]
        self._cells[key] = tuple(
            Tensor(np.asarray(x), weak=True, name=f"{self.name}/{n}")
            for n, x in zip(names, values, strict=True)
        )

    def uses(self, key: str) -> bool:
        """Whether the update has this term: False for momentum, weight_decay, … of 0 at construction."""
        return key in self._cells

    def cells(self, key: str) -> tuple[Tensor, ...]:
        """The weak cells of a hyperparameter of several numbers, for update rules."""
        return self._cells[key]

    def cell(self, key: str) -> Tensor:
        """The weak cell of a hyperparameter, for update rules."""
        return self._cells[key][0]

    def __getitem__(self, key: str) -> Any:
        if key == "params":
            return self.parameters
        if key not in self._cells:
            return self._fixed[key]
        values = tuple(float(cell) for cell in self._cells[key])
        return values[0] if len(values) == 1 else values

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)
        if key == "lr":
            self.base_lr = float(value)

    def set(self, key: str, value: Any) -> None:
        """Set a hyperparameter; a rate set so, as schedules do, leaves base_lr as it is."""
        if key not in self._cells:
            raise self._unchangeable(key, value)
        values = self.bounds[key].check(self.who, key, value)
        for cell, number in zip(self._cells[key], values, strict=True):
            cell.assign(np.asarray(number))

    def _unchangeable(self, key: str, value: Any) -> SettingError:
        changeable = ", ".join(self._cells)
        if key in self._fixed:
            came = f"{key} = {value!r} after it was {self._fixed[key]} at construction"
            hint = f"give {key} when the {self.who} is made"
        else:
            came, hint = f"a setting {key!r}", 'group["lr"] = 0.1'
        return SettingError(self.who, came, f"one that can change: {changeable}", hint)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __iter__(self) -> Iterator[str]:
        return iter(("params", *self._cells, *self._fixed))

    def __len__(self) -> int:
        return 1 + len(self._cells) + len(self._fixed)

    def state(self) -> State:
        """The hyperparameters as arrays, by "group0/lr" and so on."""
        return {f"{self.name}/{key}": np.asarray(self[key]) for key in (*self._cells, *self._fixed)}

    def check_state(self, state: State) -> None:
        """A StateError if these hyperparameters cannot be those of this group."""
        for key, fixed in self._fixed.items():
            saved = state[f"{self.name}/{key}"]
            if saved != fixed:
                came, hint = f"{self.name}/{key} = {saved}", f"build the {self.who} with {key}={saved}"
                raise StateError(self.who, came, f"{fixed}, fixed at construction", hint)
        for key in self._cells:
            saved = state[f"{self.name}/{key}"].tolist()
            try:
                self.bounds[key].check(self.who, key, saved)
            except SettingError as error:
                hint = "a state that state_dict() gave"
                raise StateError(self.who, error.came, error.expected, hint) from None

    def load_state(self, state: State) -> None:
        """Take over hyperparameters that were checked."""
        for key in self._cells:
            self.set(key, state[f"{self.name}/{key}"].tolist())


def is_real(x: Any) -> bool:
    """Whether x is a Python or NumPy number, not a bool."""
    return isinstance(x, numbers.Real) and not isinstance(x, bool)
