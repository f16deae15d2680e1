"""Pooling by a norm: between the mean and the largest.  Axes: N, C, H, W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .arguments import Operand, finite, named, with_axes
from .arithmetic import multiply, power
from .pool import avg_pool2d, pool_window
from .selection import not_equal, where


@named
def lp_pool2d(
    x: Operand,
    norm_type: float,
    kernel_size: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Any:
    """The p-norm of each window, (Σ xᵖ)^(1/p); p = 2 is L2 pooling, 1 the sum.  Its slope at a sum of 0 is taken as 0.

    x:  (N, C, H, W) float; not negative where p is no whole even number, or the norm is NaN
    norm_type:  p > 0
    stride:  the kernel size unless told
    ceil_mode:  also windows that begin inside and end outside; they count as if their other pixels were like those
                that they see, as PyTorch has it
    Returns (N, C, H', W') with H' = (H - KH) // stride + 1, rounded up with ceil_mode.
    Raises ShapeError if the window does not fit, DTypeError for anything but floats, SettingError for impossible
    settings.
    Source: Boureau et al. 2010; Sermanet et al. 2012.  Also: nn.LPPool2d.

    >>> import numpy as np
    >>> lp_pool2d(np.array([3.0, 4.0]).reshape(1, 1, 1, 2), 2, (1, 2))
    array([[[[5.]]]])
    """
    who = "lp_pool2d"
    p = finite(who, "norm_type", norm_type, 2, above=0)
    window = pool_window(who, kernel_size, stride, 0)
    with_axes(who, "x", x, "N, C, H, W")
    mean = avg_pool2d(power(x, p), window.size, stride=window.stride, ceil_mode=ceil_mode)
    total = multiply(mean, float(window.size[0] * window.size[1]))
    some = not_equal(total, 0.0)
    return where(some, power(where(some, total, 1.0), 1 / p), 0.0)
