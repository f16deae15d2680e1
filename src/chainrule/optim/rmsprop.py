"""RMSprop: the gradient over the root of a running average of its square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from .. import ops
from ..tensor import Tensor
from .group import Bounds, Group
from .optimizer import Optimizer, Parameters, Slots


class RMSprop(Optimizer):
    """Divide the gradient by the root of a running average of its square.

    g ← ∂L/∂w + weight_decay · w
    s ← alpha · s + (1 - alpha) · g²
    d ← g / (√s + eps);  centered: √(s - m²) in the place of √s, with m ← alpha · m + (1 - alpha) · g
    w ← w - lr · d;  with momentum: v ← momentum · v + d,  w ← w - lr · v

    lr, eps, weight_decay:  ≥ 0;  alpha, momentum: 0 ≤ … < 1
    l1, max_norm:  as of every optimizer, see `Optimizer`
    Raises SettingError outside of these.
    Source: Tieleman & Hinton 2012, lecture 6.5; centered: Graves 2013, equations 38 to 41, as PyTorch.

    >>> w = Tensor([1.0, -3.0], requires_grad=True)
    >>> optimizer = RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()  # 0.01 / √(1 - 0.99), whatever the size of the gradient
    >>> w.numpy().round(4)
    array([ 0.9, -2.9], dtype=float32)
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "lr": Bounds(usual=1e-2),
        "alpha": Bounds(below=1.0, usual=0.99),
        "eps": Bounds(usual=1e-8),
        "weight_decay": Bounds(optional=True, usual=1e-4),
        "momentum": Bounds(below=1.0, optional=True, usual=0.9),
    }

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        l1: float = 0.0,
        max_norm: float = 0.0,
    ) -> None:
        super().__init__(
            params,
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            l1=l1,
            max_norm=max_norm,
        )

    def new_slots(self, group: Group, parameter: Tensor) -> dict[str, np.ndarray]:
        kinds = ["square"] + ["mean"] * group["centered"] + ["velocity"] * group.uses("momentum")
        return {kind: np.zeros(parameter.shape, parameter.dtype) for kind in kinds}

    def update(self, group: Group, parameter: Tensor, gradient: Tensor, slots: Slots) -> None:
        if group.uses("weight_decay"):
            gradient = gradient + group.cell("weight_decay") * parameter
        direction = gradient / (ops.sqrt(self.spread(group, gradient, slots)) + group.cell("eps"))
        if group.uses("momentum"):
            velocity = group.cell("momentum") * slots["velocity"] + direction
            slots["velocity"].assign(velocity)
            direction = velocity
        parameter.assign(parameter - group.cell("lr") * direction)

    def spread(self, group: Group, gradient: Tensor, slots: Slots) -> Tensor:
        """Advance the averages; returns the mean square, or the variance."""
        alpha, square = group.cell("alpha"), slots["square"]
        square.assign(alpha * square + gradient * gradient * (1 - alpha))
        if not group["centered"]:
            return square
        mean = slots["mean"]
        mean.assign(mean + (gradient - mean) * (1 - alpha))
        variance: Tensor = ops.maximum(square - mean * mean, 0.0)  # rounding could leave it below 0
        return variance
