"""A layer with filters of its own at every place of a picture."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..ops.arguments import at_least, flag, pair
from ..random import Generator
from . import init
from .module import Module


class LocallyConnected2d(Module):
    """Convolution whose filters differ from place to place.

    input_size:  H and W of the pictures: it fixes how many places there are
    weight (H', W', out_channels, in_channels, KH, KW), bias (out_channels, H', W').
    x (N, in_channels, H, W) float gives (N, out_channels, H', W'), H' and W' as of Conv2d.
    Raises SettingError for settings that cannot work, ShapeError if the filter or the pictures do not fit, DTypeError
    for anything but floats.
    Also: `chainrule.locally_connected2d`.

    >>> from chainrule import nn
    >>> nn.LocallyConnected2d(3, 4, (8, 6), 3).weight.shape
    (6, 4, 4, 3, 3, 3)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_size: int | tuple[int, int],
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        bias: bool = True,
        *,
        initialize: init.Initializer = init.he_normal,
        rng: Generator | None = None,
    ) -> None:
        who = type(self).__name__
        self.in_channels = at_least(who, "in_channels", in_channels, 1)
        self.out_channels = at_least(who, "out_channels", out_channels, 1)
        self.input_size = pair(who, "input_size", input_size, 1)
        self.window = ops.window_of(who, kernel_size, stride, padding, dilation)
        places, filters = self.window.output(who, self.input_size), (in_channels, *self.window.size)

        def place_by_place(shape: tuple[int, ...], rng: Generator) -> np.ndarray:
            """Filters of all places, drawn as if they were those of one convolution."""
            return initialize((places[0] * places[1] * out_channels, *filters), rng).reshape(shape)

        self.weight = init.parameter((*places, out_channels, *filters), place_by_place, rng)
        shifted = flag(who, "bias", bias)
        self.bias = init.parameter((out_channels, *places), init.zeros, rng) if shifted else None

    def forward(self, x: Any) -> Any:
        w = self.window
        settings = {"stride": w.stride, "padding": w.padding, "dilation": w.dilation}
        return ops.locally_connected2d(x, self.weight, self.bias, **settings)

    def parameter_sum(self) -> str:
        high, wide, filters, depth, kh, kw = self.weight.shape
        inputs = f"{kh}·{kw}·{depth}{'+1' if self.bias is not None else ''}"
        return f"{high}·{wide}·{filters}·({inputs})"

    def extra_repr(self) -> str:
        w = self.window
        text = f"{self.in_channels}, {self.out_channels}, input_size={self.input_size}, kernel_size={w.size}"
        text += f", stride={w.stride}, padding={w.padding}"
        text += f", dilation={w.dilation}" if w.dilation != (1, 1) else ""
        return text + ("" if self.bias is not None else ", bias=False")
