"""What the functions of `ops/pool` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import ops
from chainrule.errors import SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X = tensor(1, 2, 4, 6)


def pools(function: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Windows of a pooling that cannot be; the size is the first setting."""
    return (
        refuses(SettingError, lambda: function(0), "kernel_size 0"),
        refuses(SettingError, lambda: function((2, 2, 2)), "kernel_size (2, 2, 2)"),
        refuses(SettingError, lambda: function("two"), "kernel_size"),
        refuses(SettingError, lambda: function(None), "kernel_size None"),
        refuses(SettingError, lambda: function(2, stride=0), "stride 0"),
        refuses(SettingError, lambda: function(2, stride=1.5), "stride 1.5"),
    )


def borders(function: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Borders that cannot be."""
    return (
        refuses(SettingError, lambda: function(2, padding=-1), "padding -1"),
        refuses(SettingError, lambda: function(2, padding=2), "padding (2, 2)"),
    )


def pictures(function: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """What is no pictures of floats for a window of 5."""
    return (
        *not_values(function),
        *not_floats(function, 1, 2, 9, 9),
        refuses(ShapeError, lambda: function(X[0]), "f32[2,4,6]"),
        refuses(ShapeError, lambda: function(X), "a window of 5 over 4 pixels"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "avg_pool2d": (
        *pictures(lambda x: ops.avg_pool2d(x, 5)),
        *pools(lambda *a, **b: ops.avg_pool2d(X, *a, **b)),
        *borders(lambda *a, **b: ops.avg_pool2d(X, *a, **b)),
        refuses(SettingError, lambda: ops.avg_pool2d(X, 2, ceil_mode=2), "ceil_mode 2"),
        refuses(SettingError, lambda: ops.avg_pool2d(X, 2, count_include_pad="no"), "count_include_pad 'no'"),
    ),
    "max_pool2d": (
        *pictures(lambda x: ops.max_pool2d(x, 5)),
        *pools(lambda *a, **b: ops.max_pool2d(X, *a, **b)),
        *borders(lambda *a, **b: ops.max_pool2d(X, *a, **b)),
        refuses(SettingError, lambda: ops.max_pool2d(X, 2, ceil_mode="up"), "ceil_mode 'up'"),
        refuses(SettingError, lambda: ops.max_pool2d(X, 2, dilation=0), "dilation 0"),
        refuses(ShapeError, lambda: ops.max_pool2d(X, 2, dilation=(5, 1)), "a window of 6 over 4 pixels"),
        refuses(ShapeError, lambda: ops.max_pool2d(X, 2, padding=1, dilation=5), "5 apart over 4 pixels"),
        refuses(SettingError, lambda: ops.max_pool2d(X, 2, return_indices=1), "return_indices 1"),
    ),
}
