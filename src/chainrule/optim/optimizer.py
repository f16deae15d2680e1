"""What every optimizer is: parameter groups, slots, and one update rule written with gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np

from .. import ops
from ..errors import SettingError
from ..graph import during, no_grad
from ..tensor import Tensor
from .group import Bounds, Group
from .state import State, matched

Parameters = Iterable[Tensor] | Iterable[Mapping[str, Any]]
Slots = dict[str, Tensor]

SHARED: Final[Mapping[str, Bounds]] = {
    "l1": Bounds(optional=True, usual=1e-5),
    "max_norm": Bounds(optional=True, usual=3.0),
}
"""Hyperparameters of the groups of every optimizer."""


class Trained(NamedTuple):
    """A parameter that the optimizer changes, with what it remembers of it."""

    group: Group
    parameter: Tensor
    slots: Slots


class Optimizer:
    """Base of all update rules.  Subclass it, and give `bounds`, `new_slots` and `update`.

    params:    tensors, or dicts {"params": [...], "lr": ..., ...}: groups with hyperparameters of their own
    defaults:  the hyperparameters of groups that do not give them
    l1:        adds l1 · sign w to each gradient: the penalty l1 · Σ |w|, which makes small weights 0; with weight_decay
               it is the elastic net
    max_norm:  after the update, the weights that lead into one unit (w[k] of a weight with two axes or more) are
               scaled down to at most this length, as the constraint of Srivastava et al. 2014, §5.1; 0 is no limit
    Frozen parameters (without requires_grad) are left alone and have no slots.
    Raises SettingError for no parameter to train, one listed twice, an unknown or impossible setting.

    All slots exist from the start, and the rule changes them by `assign` only: a trace finds them as state.

    >>> class SignDescent(Optimizer):
    ...     def update(self, group, parameter, gradient, slots):
    ...         parameter.assign(parameter - group.cell("lr") * abs(gradient) / gradient)
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = SignDescent([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.numpy()
    array([ 0.5, -1.5], dtype=float32)
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {"lr": Bounds()}

    def __init__(self, params: Parameters, **defaults: Any) -> None:
        self.who = type(self).__name__
        self.defaults = defaults | {key: defaults.get(key, 0.0) for key in SHARED}
        self.param_groups: list[Group] = []
        self._state: dict[str, Tensor] = {}
        self._trained: list[Trained] = []
        self._frozen: list[Tensor] = []
        for given in as_groups(self.who, params):
            self.add_param_group(given)
        if not self._trained:
            came = f"{len(self._frozen)} parameters, all frozen" if self._frozen else "an empty list"
            hint = "model.parameters() of a model with layers"
            raise SettingError(self.who, came, "at least one tensor with requires_grad", hint)

    def add_param_group(self, given: Mapping[str, Any]) -> None:
        """One more group: {"params": [...], "lr": ..., ...}; a step traced before does not know it."""
        unknown = [key for key in given if key != "params" and key not in self.defaults]
        if unknown or "params" not in given:
            came = f"a group with {unknown[0]!r}" if unknown else f"a group {dict(given)} without 'params'"
            expected = f"'params' and any of {', '.join(self.defaults)}"
            raise SettingError(self.who, came, expected, '{"params": [...], "lr": 0.1}')
        parameters = self._checked(given["params"])
        settings = {key: given.get(key, default) for key, default in self.defaults.items()}
        name = f"group{len(self.param_groups)}"
        group = Group(self.who, name, parameters, settings, {**SHARED, **self.bounds})
        self.check(group)
        start = sum(len(g.parameters) for g in self.param_groups)
        self.param_groups.append(group)
        for number, parameter in enumerate(parameters, start):
            self._adopt(group, parameter, number)

    def _checked(self, params: Iterable[Any]) -> list[Tensor]:
        """The parameters of one group as a list: leaves, none of them known already."""
        parameters = as_list(self.who, params)
        known = {id(p) for group in self.param_groups for p in group.parameters}
        for number, parameter in enumerate(parameters):
            if not isinstance(parameter, Tensor):
                came = f"a {type(parameter).__name__} as parameter {number}"
                raise SettingError(self.who, came, "a tensor", "model.parameters()")
            label = parameter.name or f"parameter {number}"
            if id(parameter) in known:
                came, expected = f"{label} {parameter.spec} twice", "each parameter once"
                raise SettingError(self.who, came, expected, "list a shared parameter in one group only")
            if parameter.node is not None and parameter.node.gate is not None:
                came = f"{label} {parameter.spec}, made by {parameter.node.gate.label}"
                hint = "Tensor(data, requires_grad=True) of the finished numbers"
                raise SettingError(self.who, came, "parameters, which no gate made", hint)
            known.add(id(parameter))
        return parameters

    def _adopt(self, group: Group, parameter: Tensor, number: int) -> None:
        """Make the slots of a parameter; a frozen one gets none."""
        if not parameter.requires_grad:
            self._frozen.append(parameter)
            return
        arrays = self.new_slots(group, parameter)
        taken = any(f"{parameter.name}/{kind}" in self._state for kind in arrays)
        path = parameter.name if parameter.name and not taken else f"#{number}"
        slots = {
            kind: Tensor(array, weak=array.ndim == 0 and array.dtype.kind == "i", name=f"{path}/{kind}")
            for kind, array in arrays.items()
        }
        self._state |= {slot.name: slot for slot in slots.values()}
        self._trained.append(Trained(group, parameter, slots))

    def check(self, group: Group) -> None:
        """A SettingError for hyperparameters that do not go together."""

    def new_slots(self, group: Group, parameter: Tensor) -> dict[str, np.ndarray]:
        """The first numbers of what is remembered of a parameter; a 0-d integer becomes a weak counter."""
        return {}

    def update(self, group: Group, parameter: Tensor, gradient: Tensor, slots: Slots) -> None:
        """Assign the parameter and its slots; gates only, and no branch on a value."""
        raise NotImplementedError(f"{self.who}.update")

    @property
    def lr(self) -> float:
        """The learning rate of the first group; setting it gives it to all groups."""
        return float(self.param_groups[0]["lr"])

    @lr.setter
    def lr(self, rate: float) -> None:
        for group in self.param_groups:
            group["lr"] = rate

    def parameters(self) -> Iterator[Tensor]:
        """Every parameter of every group, frozen ones too."""
        return (parameter for group in self.param_groups for parameter in group.parameters)

    def slots(self) -> Iterator[Tensor]:
        """What is remembered of every parameter: velocities, moments, counters."""
        return iter(self._state.values())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({sum(len(g['params']) for g in self.param_groups)} parameters, lr={self.lr:g})"

    def zero_grad(self) -> None:
        """Forget the gradients of the last step."""
        for parameter in self.parameters():
            parameter.grad = None

    def step(self) -> None:
        """Change each parameter that has a gradient.

        Raises SettingError if a parameter that was frozen at construction is to be trained now.
        """
        if any(parameter.requires_grad for parameter in self._frozen):
            came = "a parameter that was frozen when the optimizer was made, and is not now"
            hint = f"make a new {self.who}"
            raise SettingError(self.who, came, "the parameters it was made for", hint)
        with no_grad(), during("update"):
            for group, parameter, slots in self._trained:
                gradient = parameter.grad
                if gradient is not None:
                    if group.uses("l1"):
                        gradient = gradient + group.cell("l1") * ops.sign(parameter)
                    self.update(group, parameter, gradient, slots)
                    if group.uses("max_norm") and len(parameter.shape) > 1:
                        parameter.assign(limited(parameter, group.cell("max_norm")))

    def state_dict(self) -> State:
        """Slots, counters and hyperparameters as contiguous copies: "fc.weight/velocity", "group0/lr", …"""
        state = {name: np.array(slot.numpy(), order="C") for name, slot in self._state.items()}
        for group in self.param_groups:
            state |= group.state()
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where state_dict() was called; on a mismatch StateError, and nothing changes."""
        arrays = matched(self.who, self.state_dict(), state)
        for group in self.param_groups:
            group.check_state(arrays)
        for group in self.param_groups:
            group.load_state(arrays)
        for name, slot in self._state.items():
            slot.assign(arrays[name])


def limited(weight: Tensor, most: Tensor) -> Tensor:
    """Each w[k] scaled down to at most this length; one that is short enough keeps its bits."""
    axes = tuple(range(1, len(weight.shape)))
    square = ops.sum(weight * weight, axis=axes, keepdims=True)
    long = square > most * most
    inside: Tensor = ops.where(long, weight * (most / ops.sqrt(ops.where(long, square, 1.0))), weight)
    return inside


def as_list(who: str, params: Any) -> list[Any]:
    """An iterable of parameters as a list; one tensor alone would be taken apart into its rows."""
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        came = f"a {type(params).__name__} as params"
        raise SettingError(who, came, "an iterable of tensors or of dicts", "[w], or model.parameters()")
    return list(params)


def as_groups(who: str, params: Parameters) -> list[Mapping[str, Any]]:
    """Parameters as a list of groups: tensors make one."""
    given = as_list(who, params)
    groups = [g for g in given if isinstance(g, Mapping)]
    if groups and len(groups) != len(given):
        raise SettingError(who, "tensors and dicts mixed", "one or the other", '{"params": [w]} around them')
    if groups or not given:
        return groups
    return [{"params": given}]
