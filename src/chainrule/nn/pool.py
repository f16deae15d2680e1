"""Pooling layers: windows that slide over pictures and signals."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.arguments import at_least, finite, flag
from .module import Module

USUAL = {"ceil_mode": False, "return_indices": False, "count_include_pad": True}
"""Settings that are printed only where they are not as usual."""


def unusual(layer: Module) -> str:
    """The settings of a layer that are not as usual, as its printed form ends."""
    told = ((name, getattr(layer, name, usual), usual) for name, usual in USUAL.items())
    return "".join(f", {name}={value}" for name, value, usual in told if value != usual)


class Pool2d(Module):
    """What pooling layers share: the window; its stride is its size unless told."""

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        self.window = ops.pool_window(type(self).__name__, kernel_size, stride, padding)

    def extra_repr(self) -> str:
        w = self.window
        apart = f", dilation={w.dilation}" if w.dilation != (1, 1) else ""
        return f"kernel_size={w.size}, stride={w.stride}, padding={w.padding}{apart}{unusual(self)}"


class MaxPool2d(Pool2d):
    """The largest pixel of each window, channel by channel; (N, C, H, W) float to (N, C, H', W').

    dilation:  pixels between two pixels of a window
    ceil_mode:  also windows that begin inside and end outside
    return_indices:  a tuple of that and where the largest pixels are, as `MaxUnpool2d` wants it
    Raises SettingError for settings that cannot work, ShapeError if the window does not fit, DTypeError for anything
    but floats.
    Also: `chainrule.max_pool2d`.

    >>> from chainrule import nn
    >>> nn.MaxPool2d(3, stride=2)
    MaxPool2d(kernel_size=(3, 3), stride=(2, 2), padding=(0, 0))
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        *,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> None:
        self.window = ops.pool_window("MaxPool2d", kernel_size, stride, padding, dilation)
        self.ceil_mode = flag("MaxPool2d", "ceil_mode", ceil_mode)
        self.return_indices = flag("MaxPool2d", "return_indices", return_indices)

    def forward(self, x: Any) -> Any:
        w, more = self.window, {"ceil_mode": self.ceil_mode, "return_indices": self.return_indices}
        return ops.max_pool2d(x, w.size, stride=w.stride, padding=w.padding, dilation=w.dilation, **more)


class AvgPool2d(Pool2d):
    """The mean of each window, channel by channel; (N, C, H, W) float to (N, C, H', W').

    ceil_mode:  also windows that begin inside and end outside
    count_include_pad:  whether the border's zeros count
    Raises SettingError for settings that cannot work, ShapeError if the window does not fit, DTypeError for anything
    but floats.
    Also: `chainrule.avg_pool2d`.
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.ceil_mode = flag("AvgPool2d", "ceil_mode", ceil_mode)
        self.count_include_pad = flag("AvgPool2d", "count_include_pad", count_include_pad)

    def forward(self, x: Any) -> Any:
        w, more = self.window, {"ceil_mode": self.ceil_mode, "count_include_pad": self.count_include_pad}
        return ops.avg_pool2d(x, w.size, stride=w.stride, padding=w.padding, **more)


class MaxUnpool2d(Pool2d):
    """Each number back at the pixel that its index names, zeros elsewhere: MaxPool2d undone.

    forward(x, indices, output_size=None):  x and indices as MaxPool2d gave them with return_indices; output_size H
    and W, where several are possible
    Raises SettingError for settings that cannot work, ShapeError if x, indices and size do not fit, DTypeError for
    anything but floats and integers, IndexingError for a pixel that there is not.
    Also: `chainrule.max_unpool2d`.
    """

    def forward(self, x: Any, indices: Any, output_size: Any = None) -> Any:
        w = self.window
        settings = {"stride": w.stride, "padding": w.padding, "output_size": output_size}
        return ops.max_unpool2d(x, indices, w.size, **settings)


class LPPool2d(Module):
    """The p-norm of each window, channel by channel; (N, C, H, W) float to (N, C, H', W').

    norm_type:  p > 0; 2 is L2 pooling, 1 the sum
    Raises SettingError for settings that cannot work, ShapeError if the window does not fit, DTypeError for anything
    but floats.
    Also: `chainrule.lp_pool2d`.

    >>> from chainrule import nn
    >>> nn.LPPool2d(2, 3)
    LPPool2d(norm_type=2, kernel_size=(3, 3), stride=(3, 3))
    """

    def __init__(
        self,
        norm_type: float,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        ceil_mode: bool = False,
    ) -> None:
        self.norm_type = finite("LPPool2d", "norm_type", norm_type, 2, above=0)
        self.window = ops.pool_window("LPPool2d", kernel_size, stride, 0)
        self.ceil_mode = flag("LPPool2d", "ceil_mode", ceil_mode)

    def forward(self, x: Any) -> Any:
        w = self.window
        return ops.lp_pool2d(x, self.norm_type, w.size, stride=w.stride, ceil_mode=self.ceil_mode)

    def extra_repr(self) -> str:
        w = self.window
        return f"norm_type={self.norm_type:g}, kernel_size={w.size}, stride={w.stride}{unusual(self)}"


class Pool1d(Module):
    """What pooling layers of signals share: the window; its stride is its size unless told."""

    def __init__(
        self, kernel_size: int, stride: int | None = None, padding: int = 0, *, ceil_mode: bool = False
    ) -> None:
        who = type(self).__name__
        self.kernel_size = at_least(who, "kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else at_least(who, "stride", stride, 1)
        self.padding = at_least(who, "padding", padding, 0)
        self.ceil_mode = flag(who, "ceil_mode", ceil_mode)
        ops.pool_window(who, (1, self.kernel_size), (1, self.stride), (0, self.padding))

    def extra_repr(self) -> str:
        text = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        return text + unusual(self)


class MaxPool1d(Pool1d):
    """The largest sample of each window, channel by channel; (N, C, L) float to (N, C, L').

    dilation:  samples between two of a window
    Raises SettingError for settings that cannot work, ShapeError if the window does not fit, DTypeError for anything
    but floats.
    Also: `chainrule.max_pool1d`.
    """

    def __init__(
        self,
        kernel_size: int,
        stride: int | None = None,
        padding: int = 0,
        dilation: int = 1,
        *,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode=ceil_mode)
        self.dilation = at_least("MaxPool1d", "dilation", dilation, 1)

    def forward(self, x: Any) -> Any:
        more: dict[str, Any] = {"dilation": self.dilation, "ceil_mode": self.ceil_mode}
        return ops.max_pool1d(x, self.kernel_size, stride=self.stride, padding=self.padding, **more)

    def extra_repr(self) -> str:
        return super().extra_repr() + (f", dilation={self.dilation}" if self.dilation > 1 else "")


class AvgPool1d(Pool1d):
    """The mean of each window, channel by channel; (N, C, L) float to (N, C, L').

    count_include_pad:  whether the border's zeros count
    Raises SettingError for settings that cannot work, ShapeError if the window does not fit, DTypeError for anything
    but floats.
    Also: `chainrule.avg_pool1d`.
    """

    def __init__(
        self,
        kernel_size: int,
        stride: int | None = None,
        padding: int = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode=ceil_mode)
        self.count_include_pad = flag("AvgPool1d", "count_include_pad", count_include_pad)

    def forward(self, x: Any) -> Any:
        more = {"ceil_mode": self.ceil_mode, "count_include_pad": self.count_include_pad}
        return ops.avg_pool1d(x, self.kernel_size, stride=self.stride, padding=self.padding, **more)
