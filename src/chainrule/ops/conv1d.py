"""Convolution along one axis: that of pictures one pixel high.  Axes: x (N, C, L), w (F, C/groups, K)."""

from __future__ import annotations

from typing import Any

from .arguments import Operand, at_least, named, shape_of, with_axes
from .conv import conv2d
from .shape import reshape


def flat(x: Operand) -> Any:
    """(N, C, L) as pictures one pixel high, (N, C, 1, L)."""
    n, c, length = shape_of(x)
    return reshape(x, (n, c, 1, length))


def lines(x: Operand) -> Any:
    """Pictures one pixel high as (N, C, L)."""
    n, c, _, length = shape_of(x)
    return reshape(x, (n, c, length))


@named
def conv1d(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Any:
    """Slide each filter along the signals and sum the products.

    out[n,f,i] = b[f] + Σ_c,u  w[f,c,u] · x[n, c, i·stride + u·dilation - padding]

    x:  (N, C, L) float           signals, channels first
    w:  (F, C/groups, K) float    filters
    b:  (F,) float, or None
    stride:    samples between two windows, ≥ 1;  padding: zeros on each side, ≥ 0
    dilation:  samples between two of a filter, ≥ 1;  groups: parts of C that do not see each other
    Returns (N, F, L') with L' = (L + 2·padding - dilation·(K - 1) - 1) // stride + 1.
    Raises ShapeError if the channels differ or the filter does not fit, DTypeError for anything but floats of one
    width, SettingError for impossible settings.
    Source: Waibel et al. 1989, time-delay networks.  Also: nn.Conv1d.

    >>> import numpy as np
    >>> conv1d(np.array([[[1.0, 2.0, 4.0, 8.0]]]), np.array([[[-1.0, 1.0]]]))
    array([[[1., 2., 4.]]])
    """
    with_axes("conv1d", "x", x, "N, C, L")
    with_axes("conv1d", "w", w, "F, C/groups, K")
    out = conv2d(
        flat(x),
        flat(w),
        b,
        stride=(1, at_least("conv1d", "stride", stride, 1)),
        padding=(0, at_least("conv1d", "padding", padding, 0)),
        dilation=(1, at_least("conv1d", "dilation", dilation, 1)),
        groups=groups,
    )
    return lines(out)
