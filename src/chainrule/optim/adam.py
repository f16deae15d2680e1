"""Adam and AdamW: a step size for every weight, from running averages of its gradient and its square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from .. import ops
from ..tensor import Tensor
from .group import Bounds, Group
from .optimizer import Optimizer, Parameters, Slots


class Adam(Optimizer):
    """Divide the mean gradient by the root of the mean squared gradient, both running averages.

    g ← ∂L/∂w + weight_decay · w
    m ← β₁·m + (1 - β₁)·g,   v ← β₂·v + (1 - β₂)·g²,   t ← t + 1
    w ← w - lr · m̂ / (√v̂ + eps)  with  m̂ = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)

    lr, eps, weight_decay:  ≥ 0;  betas:  (β₁, β₂), each 0 ≤ … < 1
    l1, max_norm:  as of every optimizer, see `Optimizer`
    Raises SettingError outside of these.
    Source: Kingma & Ba 2015, Algorithm 1, in the order of its §2, last paragraph: the two corrections are
    one factor of the rate and one of eps, which are computed in float64 for any dtype of the weights.

    >>> w = Tensor([1.0, -3.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()  # whatever the size of the gradient, the first step is lr long
    >>> w.numpy().round(4)
    array([ 0.9, -2.9], dtype=float32)
    """

    bounds: ClassVar[Mapping[str, Bounds]] = {
        "lr": Bounds(usual=1e-3),
        "betas": Bounds(below=1.0, values=2, usual=(0.9, 0.999)),
        "eps": Bounds(usual=1e-8),
        "weight_decay": Bounds(optional=True, usual=1e-2),
    }

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        l1: float = 0.0,
        max_norm: float = 0.0,
    ) -> None:
        super().__init__(
            params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, l1=l1, max_norm=max_norm
        )

    def new_slots(self, group: Group, parameter: Tensor) -> dict[str, np.ndarray]:
        return {
            "mean": np.zeros(parameter.shape, parameter.dtype),
            "square": np.zeros(parameter.shape, parameter.dtype),
            "steps": np.zeros((), np.int64),
        }

    def update(self, group: Group, parameter: Tensor, gradient: Tensor, slots: Slots) -> None:
        if group.uses("weight_decay"):
            gradient = gradient + group.cell("weight_decay") * parameter
        parameter.assign(parameter - stride(group, gradient, slots))


class AdamW(Adam):
    """Adam whose weight decay shrinks the weights themselves and stays out of the averages.

    w ← w · (1 - lr · weight_decay), then as Adam without weight_decay

    Settings as of Adam.  Raises SettingError outside of these.
    Source: Loshchilov & Hutter 2019, Algorithm 2, with the rate in the decay as PyTorch has it.

    >>> w = Tensor([1.0], requires_grad=True)
    >>> optimizer = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * 0.0).sum().backward()
    >>> optimizer.step()  # no gradient: only the decay is left
    >>> w.numpy()
    array([0.95], dtype=float32)
    """

    def __init__(
        self,
        params: Parameters,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        *,
        l1: float = 0.0,
        max_norm: float = 0.0,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, l1=l1, max_norm=max_norm)

    def update(self, group: Group, parameter: Tensor, gradient: Tensor, slots: Slots) -> None:
        shrunk = parameter
        if group.uses("weight_decay"):
            shrunk = parameter * (1 - group.cell("lr") * group.cell("weight_decay"))
        parameter.assign(shrunk - stride(group, gradient, slots))


def stride(group: Group, gradient: Tensor, slots: Slots) -> Tensor:
    """Advance both averages; returns lr · m̂ / (√v̂ + eps)."""
    mean, square = slots["mean"], slots["square"]
    beta1, beta2 = group.cells("betas")
    mean.assign(mean + (gradient - mean) * (1 - beta1))
    square.assign(beta2 * square + gradient * gradient * (1 - beta2))
    rate, eps = corrected(group, slots["steps"])
    dtype = gradient.dtype
    direction: Tensor = mean / (ops.sqrt(square) + eps.astype(dtype)) * rate.astype(dtype)
    return direction


def corrected(group: Group, steps: Tensor) -> tuple[Tensor, Tensor]:
    """Count the step; returns lr · √(1 - β₂ᵗ) / (1 - β₁ᵗ) and eps · √(1 - β₂ᵗ), float64."""
    steps.assign(steps + 1)
    beta1, beta2 = group.cells("betas")
    t = steps.astype("float64")
    root = ops.sqrt(1 - beta2**t)
    return group.cell("lr") * root / (1 - beta1**t), group.cell("eps") * root
