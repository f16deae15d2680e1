"""Adagrad and Adadelta: a step size for every weight, from all squared gradients, or from the last ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from .. import ops
from ..tensor import Tensor
from .group import Bounds, Group
from .optimizer import Optimizer, Parameters, Slots


class Adagrad(Optimizer):
    """Divide the gradient by the root of the sum of all its squares so far.

    g ← ∂L/∂w + weight_decay · w,   t ← t + 1
    s ← s + g²
    w ← w - lr / (1 + (t - 1) · lr_decay) · g / (√s + eps)

    lr, lr_decay, eps, weight_decay:  ≥ 0;  initial_accumulator_value: s at the start, ≥ 0
    l1, max_norm:  as of every optimizer, see `Optimizer`
    Raises SettingError outside of these.
    Source: Duchi, Hazan & Singer 2011, Figure 1 (diagonal), with the names of PyTorch.

    >>> w = Tensor([1.0, -3.0], requires_grad=True)
    >>> optimizer = Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()  # whatever the size of the gradient, the first step is lr long
    >>> w.numpy().round(4)
    array([ 0.9, -2.9], dtype=float32)
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "lr": Bounds(usual=1e-2),
        "lr_decay": Bounds(optional=True, usual=0.0),
        "weight_decay": Bounds(optional=True, usual=1e-4),
        "initial_accumulator_value": Bounds(usual=0.0),
        "eps": Bounds(usual=1e-10),
    }

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        l1: float = 0.0,
        max_norm: float = 0.0,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            l1=l1,
            max_norm=max_norm,
        )

    def new_slots(self, group: Group, parameter: Tensor) -> dict[str, np.ndarray]:
        start = group["initial_accumulator_value"]
        slots = {"square": np.full(parameter.shape, start, parameter.dtype)}
        return slots | ({"steps": np.zeros((), np.int64)} if group.uses("lr_decay") else {})

    def update(self, group: Group, parameter: Tensor, gradient: Tensor, slots: Slots) -> None:
        if group.uses("weight_decay"):
            gradient = gradient + group.cell("weight_decay") * parameter
        slots["square"].assign(slots["square"] + gradient * gradient)
        rate = group.cell("lr")
        if group.uses("lr_decay"):
            rate = slowed(group, slots["steps"]).astype(parameter.dtype)
        direction = gradient / (ops.sqrt(slots["square"]) + group.cell("eps"))
        parameter.assign(parameter - rate * direction)


def slowed(group: Group, steps: Tensor) -> Tensor:
    """Count the step; returns lr / (1 + (t - 1) · lr_decay), float64."""
    before = steps.astype("float64")
    steps.assign(steps + 1)
    rate: Tensor = group.cell("lr") / (1 + before * group.cell("lr_decay"))
    return rate


class Adadelta(Optimizer):
    """Step as far as the last steps went, by the root of their mean square over that of the gradients.

    g ← ∂L/∂w + weight_decay · w
    s ← rho · s + (1 - rho) · g²
    d ← √(u + eps) / √(s + eps) · g,   u ← rho · u + (1 - rho) · d²
    w ← w - lr · d

    lr, eps, weight_decay:  ≥ 0;  rho: 0 ≤ … < 1
    l1, max_norm:  as of every optimizer, see `Optimizer`
    Raises SettingError outside of these.
    Source: Zeiler 2012, Algorithm 1, with the lr of PyTorch.

    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = Adadelta([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()  # √(10⁻⁶ / (0.1 · 2²)) · 2
    >>> w.numpy().round(4)
    array([0.9968], dtype=float32)
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "lr": Bounds(usual=1.0),
        "rho": Bounds(below=1.0, usual=0.9),
        "eps": Bounds(usual=1e-6),
        "weight_decay": Bounds(optional=True, usual=1e-4),
    }

    def __init__(
        self,
        params: Parameters,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        l1: float = 0.0,
        max_norm: float = 0.0,
    ) -> None:
        super().__init__(params, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, l1=l1, max_norm=max_norm)

    def new_slots(self, group: Group, parameter: Tensor) -> dict[str, np.ndarray]:
        return {kind: np.zeros(parameter.shape, parameter.dtype) for kind in ("square", "distance")}

    def update(self, group: Group, parameter: Tensor, gradient: Tensor, slots: Slots) -> None:
        if group.uses("weight_decay"):
            gradient = gradient + group.cell("weight_decay") * parameter
        rho, eps = group.cell("rho"), group.cell("eps")
        square, distance = slots["square"], slots["distance"]
        square.assign(rho * square + gradient * gradient * (1 - rho))
        step = ops.sqrt(distance + eps) / ops.sqrt(square + eps) * gradient
        distance.assign(rho * distance + step * step * (1 - rho))
        parameter.assign(parameter - group.cell("lr") * step)
