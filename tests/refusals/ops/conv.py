"""What the functions of `ops/conv` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X, W = tensor(1, 4, 5, 6), tensor(2, 4, 3, 3)


def windows(function: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Settings of a sliding window that cannot be."""
    return (
        refuses(SettingError, lambda: function(stride=0), "stride 0"),
        refuses(SettingError, lambda: function(stride=(1, 2, 3)), "stride (1, 2, 3)"),
        refuses(SettingError, lambda: function(stride="wide"), "stride wide"),
        refuses(SettingError, lambda: function(padding=-1), "padding -1"),
        refuses(SettingError, lambda: function(padding=0.5), "padding 0.5"),
        refuses(SettingError, lambda: function(dilation=0), "dilation 0"),
        refuses(SettingError, lambda: function(dilation=None), "dilation None"),
        refuses(SettingError, lambda: function(stride=2**31), "stride 2147483648"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "conv2d": (
        *not_values(lambda x: ops.conv2d(x, W)),
        *not_values(lambda w: ops.conv2d(X, w)),
        *not_floats(lambda x: ops.conv2d(x, W), 1, 4, 5, 6),
        *windows(lambda **settings: ops.conv2d(X, W, **settings)),
        refuses(ShapeError, lambda: ops.conv2d(tensor(4, 5, 6), W), "f32[4,5,6]"),
        refuses(ShapeError, lambda: ops.conv2d(X, tensor(4, 3, 3)), "f32[4,3,3]"),
        refuses(ShapeError, lambda: ops.conv2d(X, tensor(2, 3, 3, 3)), "4 channels"),
        refuses(ShapeError, lambda: ops.conv2d(X, tensor(2, 4, 6, 3)), "a window of 6 over 5 pixels"),
        refuses(ShapeError, lambda: ops.conv2d(X, W, tensor(1)), "(1,)"),
        refuses(ShapeError, lambda: ops.conv2d(X, W, "bias"), "()"),
        refuses(DTypeError, lambda: ops.conv2d(X, tensor(2, 4, 3, 3, dtype="float64")), "f64"),
        refuses(SettingError, lambda: ops.conv2d(X, W, groups=3), "3 groups"),
        refuses(SettingError, lambda: ops.conv2d(X, W, groups=0), "groups 0"),
        refuses(SettingError, lambda: ops.conv2d(X, W, groups="all"), "groups 'all'"),
    ),
}
