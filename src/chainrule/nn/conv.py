"""Convolution layers."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..errors import SettingError
from ..ops.arguments import at_least, flag
from ..random import Generator
from . import init
from .module import Module


def checked_groups(who: str, groups: int, in_channels: int, out_channels: int) -> int:
    """Groups that divide the channels on both sides."""
    groups = at_least(who, "groups", groups, 1)
    if in_channels % groups or out_channels % groups:
        came = f"groups {groups} for {in_channels} and {out_channels} channels"
        raise SettingError(who, came, "groups that divide both", "groups=1")
    return groups


class Conv1d(Module):
    """Slide out_channels filters along signals; each sees in_channels / groups channels.

    weight (out_channels, in_channels / groups, K), bias (out_channels,), as in PyTorch.
    x (N, in_channels, L) float gives (N, out_channels, L'),
    L' = (L + 2·padding - dilation·(K - 1) - 1) // stride + 1.
    Raises SettingError for settings that cannot work, ShapeError if the filter or the channels do not fit, DTypeError
    for anything but floats.
    Also: `chainrule.conv1d`.

    >>> from chainrule import nn
    >>> nn.Conv1d(3, 10, 5, padding=2)
    Conv1d(3, 10, kernel_size=(5,), stride=(1,), padding=(2,))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        initialize: init.Initializer = init.he_normal,
        rng: Generator | None = None,
    ) -> None:
        who = type(self).__name__
        self.in_channels = at_least(who, "in_channels", in_channels, 1)
        self.out_channels = at_least(who, "out_channels", out_channels, 1)
        self.kernel_size = at_least(who, "kernel_size", kernel_size, 1)
        self.stride, self.padding = at_least(who, "stride", stride, 1), at_least(who, "padding", padding, 0)
        self.dilation = at_least(who, "dilation", dilation, 1)
        self.groups = checked_groups(who, groups, in_channels, out_channels)
        shape = (out_channels, in_channels // groups, self.kernel_size)
        self.weight = init.parameter(shape, initialize, rng)
        self.bias = init.parameter((out_channels,), init.zeros, rng) if flag(who, "bias", bias) else None

    def forward(self, x: Any) -> Any:
        return ops.conv1d(
            x,
            self.weight,
            self.bias,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
        )

    def parameter_sum(self) -> str:
        inputs = (
            f"{self.kernel_size}·{self.in_channels // self.groups}{'+1' if self.bias is not None else ''}"
        )
        return f"{self.out_channels}·({inputs})"

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size=({self.kernel_size},)"
        text += f", stride=({self.stride},), padding=({self.padding},)"
        text += f", dilation=({self.dilation},)" if self.dilation > 1 else ""
        text += f", groups={self.groups}" if self.groups > 1 else ""
        return text + ("" if self.bias is not None else ", bias=False")


class Conv2d(Module):
    """Slide out_channels filters over pictures; each sees in_channels / groups channels.

    weight (out_channels, in_channels / groups, KH, KW), bias (out_channels,), as in PyTorch.
    x (N, in_channels, H, W) float gives (N, out_channels, H', W'),
    H' = (H + 2·padding - dilation·(KH - 1) - 1) // stride + 1.
    Raises SettingError for settings that cannot work, ShapeError if the filter or the channels do not fit, DTypeError
    for anything but floats.
    Also: `chainrule.conv2d`.

    >>> from chainrule import nn
    >>> nn.Conv2d(3, 10, 5, padding=2)
    Conv2d(3, 10, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        initialize: init.Initializer = init.he_normal,
        rng: Generator | None = None,
    ) -> None:
        who = type(self).__name__
        self.in_channels = at_least(who, "in_channels", in_channels, 1)
        self.out_channels = at_least(who, "out_channels", out_channels, 1)
        self.window = ops.window_of(who, kernel_size, stride, padding, dilation)
        self.groups = checked_groups(who, groups, in_channels, out_channels)
        shape = (out_channels, in_channels // groups, *self.window.size)
        self.weight = init.parameter(shape, initialize, rng)
        self.bias = init.parameter((out_channels,), init.zeros, rng) if flag(who, "bias", bias) else None

    def forward(self, x: Any) -> Any:
        w = self.window
        settings = {"stride": w.stride, "padding": w.padding, "dilation": w.dilation, "groups": self.groups}
        return ops.conv2d(x, self.weight, self.bias, **settings)  # type: ignore[arg-type]

    def parameter_sum(self) -> str:
        kh, kw = self.window.size
        inputs = f"{kh}·{kw}·{self.in_channels // self.groups}{'+1' if self.bias is not None else ''}"
        return f"{self.out_channels}·({inputs})"

    def extra_repr(self) -> str:
        w = self.window
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={w.size}"
        text += f", stride={w.stride}, padding={w.padding}"
        text += f", dilation={w.dilation}" if w.dilation != (1, 1) else ""
        text += f", groups={self.groups}" if self.groups > 1 else ""
        return text + ("" if self.bias is not None else ", bias=False")
