"""Convolution in two steps: each channel by itself, then all channels of a pixel.  Axes: N, C, H, W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from .arguments import Operand, named, with_axes
from .conv import conv2d


@named
def depthwise_conv2d(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Slide filters over each channel alone: conv2d in as many groups as there are channels.

    x:  (N, C, H, W) float       pictures, channels first
    w:  (C·m, 1, KH, KW) float   m filters for each channel, those of one channel side by side
    b:  (C·m,) float, or None
    Returns (N, C·m, H', W'); stride, padding and dilation in pixels, as for conv2d.
    Raises ShapeError unless there are m filters for each channel, DTypeError for anything but floats of one width,
    SettingError for impossible settings.
    Source: Sifre 2014; Chollet 2017.  Also: nn.DepthwiseConv2d.

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0]).reshape(1, 2, 1, 1)
    >>> depthwise_conv2d(x, np.array([10.0, 100.0]).reshape(2, 1, 1, 1)).ravel()
    array([ 10., 200.])
    """
    channels = with_axes("depthwise_conv2d", "x", x, "N, C, H, W")[1]
    filters, depth, high, wide = with_axes("depthwise_conv2d", "w", w, "C·m, 1, KH, KW")
    if depth != 1 or not channels or filters % channels:
        came = f"w {filters, depth, high, wide} for x of {channels} channels"
        hint = f"shape ({channels}, 1, {high}, {wide}), one filter for each channel"
        raise ShapeError("depthwise_conv2d", came, "(C·m, 1, KH, KW), as many filters for each channel", hint)
    return conv2d(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=channels)


@named
def pointwise_conv2d(x: Operand, w: Operand, b: Operand | None = None) -> Any:
    """Mix the channels of each pixel: conv2d with filters of one pixel.

    x:  (N, C, H, W) float   pictures, channels first
    w:  (F, C, 1, 1) float
    b:  (F,) float, or None
    Returns (N, F, H, W).
    Raises ShapeError if the channels differ or filters are larger, DTypeError for anything but floats of one width.
    Source: Lin et al. 2014, network in network.  Also: nn.PointwiseConv2d.

    >>> import numpy as np
    >>> x = np.array([1.0, 2.0]).reshape(1, 2, 1, 1)
    >>> pointwise_conv2d(x, np.array([10.0, 100.0]).reshape(1, 2, 1, 1)).ravel()
    array([210.])
    """
    shape = with_axes("pointwise_conv2d", "w", w, "F, C, 1, 1")
    if shape[2:] != (1, 1):
        raise ShapeError(
            "pointwise_conv2d", f"w {shape}", "filters of one pixel", "conv2d for larger filters"
        )
    return conv2d(x, w, b)
