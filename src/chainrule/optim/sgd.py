"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from .. import ops
from ..errors import SettingError
from ..tensor import Tensor
from .group import Bounds, Group
from .optimizer import Optimizer, Parameters, Slots


class SGD(Optimizer):
    """Walk down the gradient; with momentum, roll.

    g ← ∂L/∂w + weight_decay · w
    v ← momentum · v + (1 - dampening) · g,  but v ← g the first time
    w ← w - lr · v;  nesterov: w ← w - lr · (g + momentum · v);  without momentum: w ← w - lr · g

    lr:  ≥ 0;  momentum, dampening:  0 ≤ … < 1;  weight_decay:  ≥ 0
    nesterov:  needs momentum > 0 and no dampening
    l1, max_norm:  as of every optimizer, see `Optimizer`
    Raises SettingError outside of these.
    Source: Polyak 1964; Sutskever et al. 2013, §2, as PyTorch writes it (lr outside of the velocity).

    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1, momentum=0.9)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.numpy()
    array([0.8], dtype=float32)
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "lr": Bounds(),
        "momentum": Bounds(below=1.0, optional=True, usual=0.9),
        "dampening": Bounds(below=1.0, optional=True, usual=0.0),
        "weight_decay": Bounds(optional=True, usual=1e-4),
    }

    def __init__(
        self,
        params: Parameters,
        lr: float,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        l1: float = 0.0,
        max_norm: float = 0.0,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            l1=l1,
            max_norm=max_norm,
        )

    def check(self, group: Group) -> None:
        if group["nesterov"] and (not group.uses("momentum") or group.uses("dampening")):
            came = f"nesterov with momentum {group['momentum']} and dampening {group['dampening']}"
            raise SettingError(self.who, came, "momentum > 0 and no dampening", "momentum=0.9, dampening=0")

    def new_slots(self, group: Group, parameter: Tensor) -> dict[str, np.ndarray]:
        if not group.uses("momentum"):
            return {}
        slots = {"velocity": np.zeros(parameter.shape, parameter.dtype)}
        return slots | ({"steps": np.zeros((), np.int64)} if group.uses("dampening") else {})

    def update(self, group: Group, parameter: Tensor, gradient: Tensor, slots: Slots) -> None:
        if group.uses("weight_decay"):
            gradient = gradient + group.cell("weight_decay") * parameter
        direction = self.rolled(group, gradient, slots) if group.uses("momentum") else gradient
        parameter.assign(parameter - group.cell("lr") * direction)

    def rolled(self, group: Group, gradient: Tensor, slots: Slots) -> Tensor:
        """Advance the velocity; returns the direction to go."""
        momentum = group.cell("momentum")
        push = damped(group, gradient, slots["steps"]) if group.uses("dampening") else gradient
        velocity: Tensor = momentum * slots["velocity"] + push
        slots["velocity"].assign(velocity)
        if group["nesterov"]:
            velocity = gradient + momentum * velocity
        return velocity


def damped(group: Group, gradient: Tensor, steps: Tensor) -> Tensor:
    """(1 - dampening) · g, and g itself the first time, when the velocity is still 0."""
    share = (1 - group.cell("dampening")).astype(gradient.dtype)
    push: Tensor = gradient * ops.where(ops.equal(steps, 0), 1.0, share)
    steps.assign(steps + 1)
    return push
