"""Transposed convolution layers: they make larger pictures, as the gradient of a convolution does."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from ..errors import SettingError
from ..ops.arguments import at_least, flag, pair
from ..random import Generator
from . import init
from .conv import checked_groups
from .module import Module


class Transposed(Module):
    """What transposed convolutions share: settings, parameters, printed form; settings have an entry for each axis."""

    axes: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        output_padding: int | tuple[int, int] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, int] = 1,
        *,
        initialize: init.Initializer = init.he_normal,
        rng: Generator | None = None,
    ) -> None:
        who = type(self).__name__
        self.in_channels = at_least(who, "in_channels", in_channels, 1)
        self.out_channels = at_least(who, "out_channels", out_channels, 1)
        self.kernel_size = self.each("kernel_size", kernel_size, 1)
        self.stride, self.padding = self.each("stride", stride, 1), self.each("padding", padding, 0)
        self.output_padding = self.each("output_padding", output_padding, 0)
        if any(more >= s for more, s in zip(self.output_padding, self.stride, strict=True)):
            came = f"output_padding {self.output_padding} with stride {self.stride}"
            raise SettingError(who, came, "less than the stride", "output_padding=0")
        self.dilation = self.each("dilation", dilation, 1)
        self.groups = checked_groups(who, groups, in_channels, out_channels)
        shape = (in_channels, out_channels // groups, *self.kernel_size)
        self.weight = init.parameter(shape, initialize, rng)
        self.bias = init.parameter((out_channels,), init.zeros, rng) if flag(who, "bias", bias) else None

    def each(self, name: str, value: Any, least: int) -> tuple[int, ...]:
        """A setting with a whole number for each axis."""
        who = type(self).__name__
        return pair(who, name, value, least) if self.axes == 2 else (at_least(who, name, value, least),)

    def parameter_sum(self) -> str:
        window, filters = "·".join(map(str, self.kernel_size)), self.out_channels // self.groups
        return f"{self.in_channels}·({window}·{filters}){f'+{self.out_channels}' if self.bias is not None else ''}"

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        text += f", stride={self.stride}, padding={self.padding}"
        text += f", output_padding={self.output_padding}" if any(self.output_padding) else ""
        text += f", dilation={self.dilation}" if max(self.dilation) > 1 else ""
        text += f", groups={self.groups}" if self.groups > 1 else ""
        return text + ("" if self.bias is not None else ", bias=False")


class ConvTranspose1d(Transposed):
    """Lay each sample's filters down, `stride` apart, and add where they overlap.

    weight (in_channels, out_channels / groups, K), bias (out_channels,), as in PyTorch.
    x (N, in_channels, L) float gives (N, out_channels, L'),
    L' = (L - 1)·stride - 2·padding + dilation·(K - 1) + output_padding + 1.
    Raises SettingError for settings that cannot work, output_padding from the stride on among them, ShapeError if the
    channels do not fit or nothing is left, DTypeError for anything but floats.
    Also: `chainrule.conv_transpose1d`.

    >>> from chainrule import nn
    >>> nn.ConvTranspose1d(3, 10, 4, stride=2, padding=1)
    ConvTranspose1d(3, 10, kernel_size=(4,), stride=(2,), padding=(1,))
    """

    axes = 1

    def forward(self, x: Any) -> Any:
        (stride,), (padding,), (dilation,) = self.stride, self.padding, self.dilation
        more = {"output_padding": self.output_padding[0], "groups": self.groups, "dilation": dilation}
        return ops.conv_transpose1d(x, self.weight, self.bias, stride=stride, padding=padding, **more)


class ConvTranspose2d(Transposed):
    """Lay each pixel's filters down, `stride` apart, and add where they overlap.

    weight (in_channels, out_channels / groups, KH, KW), bias (out_channels,), as in PyTorch.
    x (N, in_channels, H, W) float gives (N, out_channels, H', W'),
    H' = (H - 1)·stride - 2·padding + dilation·(KH - 1) + output_padding + 1.
    Raises SettingError for settings that cannot work, output_padding from the stride on among them, ShapeError if the
    channels do not fit or nothing is left, DTypeError for anything but floats.
    Also: `chainrule.conv_transpose2d`.

    >>> from chainrule import nn
    >>> nn.ConvTranspose2d(3, 10, 4, stride=2, padding=1)
    ConvTranspose2d(3, 10, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))
    """

    axes = 2

    def forward(self, x: Any) -> Any:
        more: dict[str, Any] = {"output_padding": self.output_padding, "groups": self.groups}
        more |= {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}
        return ops.conv_transpose2d(x, self.weight, self.bias, **more)
