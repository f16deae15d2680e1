"""What the layers of `nn/pool` refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..ops.pool import borders, pictures, pools
from ..rows import Refusal, not_floats, not_values, refuses, tensor

X, AT = tensor(1, 2, 2, 3), np.zeros((1, 2, 2, 3), np.int64)
UNPOOL = nn.MaxUnpool2d(2)


def lines(layer: Callable[..., Any]) -> tuple[Refusal, ...]:
    """What pooling along one axis refuses."""
    made = layer(3)
    return (
        *not_values(made),
        *not_floats(made, 1, 2, 6),
        refuses(ShapeError, lambda: made(tensor(1, 2, 2, 6)), "f32[1,2,2,6]"),
        refuses(ShapeError, lambda: made(tensor(1, 2, 2)), "a window of 3 over 2 pixels"),
        refuses(SettingError, lambda: layer(0), "kernel_size 0"),
        refuses(SettingError, lambda: layer((2, 2)), "kernel_size (2, 2)"),
        refuses(SettingError, lambda: layer(2, 0), "stride 0"),
        refuses(SettingError, lambda: layer(2, padding=2), "padding (0, 2)"),
        refuses(SettingError, lambda: layer(2, padding=-1), "padding -1"),
        refuses(SettingError, lambda: layer(2, ceil_mode=2), "ceil_mode 2"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "AvgPool1d": (
        *lines(nn.AvgPool1d),
        refuses(SettingError, lambda: nn.AvgPool1d(2, count_include_pad=None), "count_include_pad None"),
    ),
    "AvgPool2d": (
        *pictures(nn.AvgPool2d(5)),
        *pools(nn.AvgPool2d),
        *borders(nn.AvgPool2d),
        refuses(SettingError, lambda: nn.AvgPool2d(2, ceil_mode="up"), "ceil_mode 'up'"),
        refuses(SettingError, lambda: nn.AvgPool2d(2, count_include_pad=1), "count_include_pad 1"),
    ),
    "LPPool2d": (
        *pictures(nn.LPPool2d(2, 5)),
        *pools(lambda *a, **b: nn.LPPool2d(2, *a, **b)),
        refuses(SettingError, lambda: nn.LPPool2d(0, 2), "norm_type 0"),
        refuses(SettingError, lambda: nn.LPPool2d("two", 2), "norm_type 'two'"),
        refuses(SettingError, lambda: nn.LPPool2d(2, 2, ceil_mode=1), "ceil_mode 1"),
    ),
    "MaxPool1d": (
        *lines(nn.MaxPool1d),
        refuses(SettingError, lambda: nn.MaxPool1d(2, dilation=0), "dilation 0"),
    ),
    "MaxPool2d": (
        *pictures(nn.MaxPool2d(5)),
        *pools(nn.MaxPool2d),
        *borders(nn.MaxPool2d),
        refuses(SettingError, lambda: nn.MaxPool2d(2, ceil_mode=1), "ceil_mode 1"),
        refuses(SettingError, lambda: nn.MaxPool2d(2, dilation=(1, 0)), "dilation (1, 0)"),
        refuses(SettingError, lambda: nn.MaxPool2d(2, return_indices="yes"), "return_indices 'yes'"),
    ),
    "MaxUnpool2d": (
        *pools(nn.MaxUnpool2d),
        *borders(nn.MaxUnpool2d),
        *not_values(lambda x: UNPOOL(x, AT)),
        *not_values(lambda at: UNPOOL(X, at)),
        refuses(ShapeError, lambda: UNPOOL(X[0], AT[0]), "f32[2,2,3]"),
        refuses(ShapeError, lambda: UNPOOL(X, AT[..., :2]), "(1, 2, 2, 2)"),
        refuses(ShapeError, lambda: UNPOOL(X, AT, (6, 6)), "output_size (6, 6)"),
        refuses(DTypeError, lambda: UNPOOL(X, X), "f32"),
        refuses(IndexingError, lambda: UNPOOL(X, AT + 24), "index 24"),
    ),
}
