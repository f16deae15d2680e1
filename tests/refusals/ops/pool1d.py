"""What the functions of `ops/pool1d` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import ops
from chainrule.errors import SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X = tensor(1, 2, 6)


def pools(function: Callable[..., Any]) -> tuple[Refusal, ...]:
    """What pooling along one axis refuses."""
    return (
        *not_values(lambda x: function(x, 2)),
        *not_floats(lambda x: function(x, 2), 1, 2, 6),
        refuses(ShapeError, lambda: function(X[0], 2), "f32[2,6]"),
        refuses(ShapeError, lambda: function(X, 7), "a window of 7 over 6 pixels"),
        refuses(SettingError, lambda: function(X, 0), "kernel_size 0"),
        refuses(SettingError, lambda: function(X, (2, 2)), "kernel_size (2, 2)"),
        refuses(SettingError, lambda: function(X, 2, stride=0), "stride 0"),
        refuses(SettingError, lambda: function(X, 2, padding=-1), "padding -1"),
        refuses(SettingError, lambda: function(X, 2, padding=2), "padding (0, 2)"),
        refuses(SettingError, lambda: function(X, 2, ceil_mode=None), "ceil_mode None"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "avg_pool1d": pools(ops.avg_pool1d),
    "max_pool1d": pools(ops.max_pool1d),
}
