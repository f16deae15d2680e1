"""What the functions of `ops/adaptive` refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import ops
from chainrule.errors import SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X = tensor(1, 2, 5, 4)


def pictures(function: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """What is no pictures of floats."""
    return (
        *not_values(function),
        *not_floats(function, 1, 2, 5, 4),
        refuses(ShapeError, lambda: function(tensor(2, 5, 4)), "f32[2,5,4]"),
        refuses(ShapeError, lambda: function(np.float32(2)), "[]"),
        refuses(ShapeError, lambda: function(tensor(1, 2, 0, 4)), "0×4 pixels"),
    )


def sized(function: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Pictures, and sizes that cannot be."""
    return (
        *pictures(lambda x: function(x, 3)),
        refuses(SettingError, lambda: function(X, 0), "output_size"),
        refuses(SettingError, lambda: function(X, (2, -1)), "output_size"),
        refuses(SettingError, lambda: function(X, 1.5), "1.5"),
        refuses(SettingError, lambda: function(X, (1, 2, 3)), "output_size"),
        refuses(SettingError, lambda: function(X, "all"), "output_size"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "adaptive_avg_pool2d": sized(ops.adaptive_avg_pool2d),
    "adaptive_max_pool2d": sized(ops.adaptive_max_pool2d),
    "global_avg_pool2d": pictures(ops.global_avg_pool2d),
    "global_max_pool2d": pictures(ops.global_max_pool2d),
}
