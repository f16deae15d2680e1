"""Pooling layers whose result has a size that is asked for, whatever the size of the pictures."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.adaptive import checked_size
from .module import Module


class Adaptive(Module):
    """What they share: the size."""

    def __init__(self, output_size: int | None | tuple[int | None, int | None]) -> None:
        self.output_size = checked_size(type(self).__name__, output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(Adaptive):
    """The means of H' × W' shares of each picture; (N, C, H, W) float to (N, C, H', W').

    output_size:  H' and W'; one number for both, None to keep a size
    Raises SettingError for impossible sizes, ShapeError for anything but pictures, DTypeError for anything but floats.
    Also: `chainrule.adaptive_avg_pool2d`.

    >>> from chainrule import nn
    >>> nn.AdaptiveAvgPool2d((7, None))
    AdaptiveAvgPool2d(output_size=(7, None))
    """

    def forward(self, x: Any) -> Any:
        return ops.adaptive_avg_pool2d(x, self.output_size)


class AdaptiveMaxPool2d(Adaptive):
    """The largest pixels of H' × W' shares of each picture; (N, C, H, W) float to (N, C, H', W').

    output_size:  H' and W'; one number for both, None to keep a size
    Raises SettingError for impossible sizes, ShapeError for anything but pictures, DTypeError for anything but floats.
    Also: `chainrule.adaptive_max_pool2d`.
    """

    def forward(self, x: Any) -> Any:
        return ops.adaptive_max_pool2d(x, self.output_size)


class GlobalAvgPool2d(Module):
    """The mean of all pixels of each channel; (N, C, H, W) float to (N, C, 1, 1).

    Raises ShapeError for anything but pictures, DTypeError for anything but floats.
    Also: `chainrule.global_avg_pool2d`.
    """

    def forward(self, x: Any) -> Any:
        return ops.global_avg_pool2d(x)


class GlobalMaxPool2d(Module):
    """The largest pixel of each channel; (N, C, H, W) float to (N, C, 1, 1).

    Raises ShapeError for anything but pictures, DTypeError for anything but floats.
    Also: `chainrule.global_max_pool2d`.
    """

    def forward(self, x: Any) -> Any:
        return ops.global_max_pool2d(x)
