"""Pooling along one axis: that of pictures one pixel high.  Axes: N, C, L."""

from __future__ import annotations

from typing import Any

from .arguments import Operand, at_least, named, with_axes
from .conv1d import flat, lines
from .pool import avg_pool2d, max_pool2d


def along(who: str, kernel_size: int, stride: int | None, padding: int) -> dict[str, Any]:
    """The settings of a window one pixel high."""
    size = at_least(who, "kernel_size", kernel_size, 1)
    step = size if stride is None else at_least(who, "stride", stride, 1)
    border = at_least(who, "padding", padding, 0)
    return {"kernel_size": (1, size), "stride": (1, step), "padding": (0, border)}


@named
def max_pool1d(
    x: Operand,
    kernel_size: int,
    *,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest sample of each window; windows may overlap.  The border counts as -infinity.

    x:  (N, C, L) float
    Returns (N, C, L') with L' = (L + 2·padding - dilation·(K - 1) - 1) // stride + 1, rounded up with ceil_mode; with
    return_indices a tuple of that and the places of the largest samples, int64.
    Raises ShapeError if the window does not fit, DTypeError for anything but floats, SettingError for impossible
    settings, padding over half of the window among them.
    Also: nn.MaxPool1d.

    >>> import numpy as np
    >>> max_pool1d(np.array([[[1.0, 5.0, 2.0, 3.0]]]), 2, return_indices=True)
    (array([[[5., 3.]]]), array([[[1, 3]]]))
    """
    with_axes("max_pool1d", "x", x, "N, C, L")
    settings = along("max_pool1d", kernel_size, stride, padding)
    settings["dilation"] = (1, at_least("max_pool1d", "dilation", dilation, 1))
    made = max_pool2d(flat(x), ceil_mode=ceil_mode, return_indices=return_indices, **settings)
    return tuple(lines(part) for part in made) if return_indices else lines(made)


@named
def avg_pool1d(
    x: Operand,
    kernel_size: int,
    *,
    stride: int | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window; windows may overlap.

    x:  (N, C, L) float
    ceil_mode, count_include_pad:  as for avg_pool2d
    Returns (N, C, L') with L' = (L + 2·padding - K) // stride + 1, rounded up with ceil_mode.
    Raises ShapeError if the window does not fit, DTypeError for anything but floats, SettingError for impossible
    settings, padding over half of the window among them.
    Also: nn.AvgPool1d.

    >>> import numpy as np
    >>> avg_pool1d(np.array([[[1.0, 5.0, 2.0, 3.0]]]), 2)
    array([[[3. , 2.5]]])
    """
    with_axes("avg_pool1d", "x", x, "N, C, L")
    settings = along("avg_pool1d", kernel_size, stride, padding)
    return lines(avg_pool2d(flat(x), ceil_mode=ceil_mode, count_include_pad=count_include_pad, **settings))
