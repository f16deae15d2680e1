"""What the functions of `ops/conv1d` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X, W = tensor(1, 4, 6), tensor(2, 4, 3)


def along(function: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Settings of a window along one axis that cannot be."""
    return (
        refuses(SettingError, lambda: function(stride=0), "stride 0"),
        refuses(SettingError, lambda: function(stride=(1, 2)), "stride (1, 2)"),
        refuses(SettingError, lambda: function(padding=-1), "padding -1"),
        refuses(SettingError, lambda: function(padding="same"), "padding 'same'"),
        refuses(SettingError, lambda: function(dilation=0), "dilation 0"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "conv1d": (
        *not_values(lambda x: ops.conv1d(x, W)),
        *not_values(lambda w: ops.conv1d(X, w)),
        *not_floats(lambda x: ops.conv1d(x, W), 1, 4, 6),
        *along(lambda **settings: ops.conv1d(X, W, **settings)),
        refuses(ShapeError, lambda: ops.conv1d(tensor(4, 6), W), "x f32[4,6]"),
        refuses(ShapeError, lambda: ops.conv1d(X, tensor(2, 4, 3, 3)), "w f32[2,4,3,3]"),
        refuses(ShapeError, lambda: ops.conv1d(X, tensor(2, 3, 3)), "4 channels"),
        refuses(ShapeError, lambda: ops.conv1d(X, tensor(2, 4, 7)), "a window of 7 over 6 pixels"),
        refuses(ShapeError, lambda: ops.conv1d(X, W, tensor(3)), "(3,)"),
        refuses(DTypeError, lambda: ops.conv1d(X, tensor(2, 4, 3, dtype="float64")), "f64"),
        refuses(SettingError, lambda: ops.conv1d(X, W, groups=3), "3 groups"),
    ),
}
