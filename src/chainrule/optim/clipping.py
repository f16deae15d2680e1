"""Gradient clipping: between backward() and step(), with gates only, so that it is traced with the step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np

from .. import ops
from ..errors import SettingError
from ..graph import during, no_grad
from ..tensor import Tensor
from .group import is_real
from .optimizer import as_list


def clip_grad_norm(parameters: Tensor | Iterable[Tensor], max_norm: float) -> Tensor:
    """Scale all gradients together, so that their common length is at most max_norm.

    n = √Σ g²,   g ← g · min(1, max_norm / (n + 10⁻⁶))

    parameters:  those without a gradient are left out
    max_norm:  ≥ 0; infinity only measures
    Returns the length before clipping, one number; NaN or infinity if a gradient is, and then NaN gradients.
    Raises SettingError for another max_norm, and for what is no tensor.
    Source: Pascanu, Mikolov & Bengio 2013, Algorithm 1; 10⁻⁶ as PyTorch's clip_grad_norm_.

    >>> w = Tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w / 2).sum().backward()
    >>> clip_grad_norm([w], max_norm=1.0)
    Tensor(5.)
    >>> w.grad
    Tensor([0.5999999 , 0.79999983])
    """
    require_limit("clip_grad_norm", "max_norm", max_norm)
    with no_grad(), during("update"):
        given = with_gradient("clip_grad_norm", parameters)
        if not given:
            return Tensor.of(np.zeros((), np.float32), constant=True)
        total = length([gradient for _, gradient in given])
        factor = ops.minimum(max_norm / (total + 1e-6), 1.0)
        for parameter, gradient in given:
            parameter.grad = gradient * factor.astype(gradient.dtype)
        return total


def clip_grad_value(parameters: Tensor | Iterable[Tensor], limit: float) -> None:
    """Clip each element of each gradient:  g ← min(max(g, -limit), limit).

    limit:  ≥ 0
    Raises SettingError for another limit, and for what is no tensor.

    >>> w = Tensor([3.0, -0.1], requires_grad=True)
    >>> (w * w / 2).sum().backward()
    >>> clip_grad_value([w], 0.5)
    >>> w.grad
    Tensor([ 0.5, -0.1])
    """
    require_limit("clip_grad_value", "limit", limit)
    with no_grad(), during("update"):
        for parameter, gradient in with_gradient("clip_grad_value", parameters):
            parameter.grad = ops.minimum(ops.maximum(gradient, -limit), limit)


def with_gradient(who: str, parameters: Tensor | Iterable[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """The parameters that have a gradient, with it."""
    given = [parameters] if isinstance(parameters, Tensor) else as_list(who, parameters)
    for parameter in given:
        if not isinstance(parameter, Tensor):
            raise SettingError(who, f"a {type(parameter).__name__}", "tensors", "model.parameters()")
    pairs = [(parameter, parameter.grad) for parameter in given]
    return [(parameter, gradient) for parameter, gradient in pairs if gradient is not None]


def length(gradients: list[Tensor]) -> Tensor:
    """√Σ g² over all of them, in their dtype; in float64 where they differ."""
    dtypes = {gradient.dtype for gradient in gradients}
    common = dtypes.pop() if len(dtypes) == 1 else np.dtype(np.float64)
    squares = [(gradient * gradient).sum().astype(common) for gradient in gradients]
    total: Tensor = ops.sqrt(reduce(ops.add, squares))
    return total


def require_limit(who: str, name: str, limit: Any) -> None:
    """A SettingError for anything but a number ≥ 0; NaN is none."""
    if not is_real(limit) or math.isnan(limit) or limit < 0:
        raise SettingError(who, f"{name} = {limit!r}", f"a number {name} ≥ 0", f"{name}=1.0")
