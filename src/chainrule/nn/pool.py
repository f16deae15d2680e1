"""Pooling layers."""

from __future__ import annotations

from typing import Any

from .. import ops
from .module import Module


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
        return f"kernel_size={self.window.size}, stride={self.window.stride}, padding={self.window.padding}"


class MaxPool2d(Pool2d):
    """The largest pixel of each window, channel by channel; (N, C, H, W) to (N, C, H', W').

    >>> from chainrule import nn
    >>> nn.MaxPool2d(3, stride=2)
    MaxPool2d(kernel_size=(3, 3), stride=(2, 2), padding=(0, 0))
    """

    def forward(self, x: Any) -> Any:
        w = self.window
        return ops.max_pool2d(x, w.size, stride=w.stride, padding=w.padding)


class AvgPool2d(Pool2d):
    """The mean of each window, channel by channel, the border's zeros counted."""

    def forward(self, x: Any) -> Any:
        w = self.window
        return ops.avg_pool2d(x, w.size, stride=w.stride, padding=w.padding)
