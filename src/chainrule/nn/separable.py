"""Convolution layers in two steps: each channel by itself, then all channels of a pixel."""

from __future__ import annotations

from ..ops.arguments import at_least
from ..random import Generator
from . import init
from .conv import Conv2d


class DepthwiseConv2d(Conv2d):
    """Slide `multiplier` filters over each channel alone.

    weight (in_channels · multiplier, 1, KH, KW), bias (in_channels · multiplier,).
    x (N, in_channels, H, W) float gives (N, in_channels · multiplier, H', W'), H' and W' as of Conv2d.
    Raises SettingError for settings that cannot work, ShapeError if the filter or the channels do not fit, DTypeError
    for anything but floats.
    Also: `chainrule.depthwise_conv2d`.

    >>> from chainrule import nn
    >>> nn.DepthwiseConv2d(8, 3, padding=1).weight.shape
    (8, 1, 3, 3)
    """

    def __init__(
        self,
        in_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        multiplier: int = 1,
        bias: bool = True,
        *,
        initialize: init.Initializer = init.he_normal,
        rng: Generator | None = None,
    ) -> None:
        channels = at_least("DepthwiseConv2d", "in_channels", in_channels, 1)
        filters = channels * at_least("DepthwiseConv2d", "multiplier", multiplier, 1)
        window = (kernel_size, stride, padding, dilation)
        super().__init__(channels, filters, *window, channels, bias, initialize=initialize, rng=rng)


class PointwiseConv2d(Conv2d):
    """Mix the channels of each pixel.

    weight (out_channels, in_channels, 1, 1), bias (out_channels,).
    x (N, in_channels, H, W) float gives (N, out_channels, H, W).
    Raises SettingError for settings that cannot work, ShapeError if the channels do not fit, DTypeError for anything
    but floats.
    Also: `chainrule.pointwise_conv2d`.

    >>> from chainrule import nn
    >>> nn.PointwiseConv2d(8, 16).weight.shape
    (16, 8, 1, 1)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        bias: bool = True,
        *,
        initialize: init.Initializer = init.he_normal,
        rng: Generator | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, 1, bias=bias, initialize=initialize, rng=rng)
