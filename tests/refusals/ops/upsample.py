"""What the functions of `ops/upsample` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X = tensor(1, 4, 2, 3)


def shuffles(function: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Arrays and factors that cannot be."""
    return (
        *not_values(lambda x: function(x, 2)),
        refuses(ShapeError, lambda: function(X[0], 2), "f32[4,2,3]"),
        refuses(SettingError, lambda: function(X, 0), "scale_factor 0"),
        refuses(SettingError, lambda: function(X, 1.5), "scale_factor 1.5"),
        refuses(SettingError, lambda: function(X, (2, 2)), "scale_factor (2, 2)"),
        refuses(SettingError, lambda: function(X, True), "scale_factor True"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "pixel_shuffle": (
        *shuffles(ops.pixel_shuffle),
        refuses(ShapeError, lambda: ops.pixel_shuffle(X, 3), "4 channels"),
    ),
    "pixel_unshuffle": (
        *shuffles(ops.pixel_unshuffle),
        refuses(ShapeError, lambda: ops.pixel_unshuffle(X, 2), "2×3 pixels"),
    ),
    "upsample": (
        *not_values(lambda x: ops.upsample(x, scale_factor=2)),
        *not_floats(lambda x: ops.upsample(x, scale_factor=2), 1, 4, 2, 3),
        refuses(DTypeError, lambda: ops.upsample(X.astype("int64"), scale_factor=1), "i64"),
        refuses(ShapeError, lambda: ops.upsample(X[0], scale_factor=2), "f32[4,2,3]"),
        refuses(ShapeError, lambda: ops.upsample(X[:, :, :0], scale_factor=2), "0×3 pixels"),
        refuses(SettingError, lambda: ops.upsample(X), "neither"),
        refuses(SettingError, lambda: ops.upsample(X, size=3, scale_factor=2), "both"),
        refuses(SettingError, lambda: ops.upsample(X, size=0), "size 0"),
        refuses(SettingError, lambda: ops.upsample(X, size=(2, 3, 4)), "size (2, 3, 4)"),
        refuses(SettingError, lambda: ops.upsample(X, scale_factor=0), "scale_factor 0"),
        refuses(SettingError, lambda: ops.upsample(X, scale_factor=float("nan")), "scale_factor nan"),
        refuses(SettingError, lambda: ops.upsample(X, scale_factor=0.1), "size"),
        refuses(SettingError, lambda: ops.upsample(X, scale_factor="two"), "scale_factor 'two'"),
        refuses(SettingError, lambda: ops.upsample(X, scale_factor=2, mode="cubic"), "mode 'cubic'"),
        refuses(SettingError, lambda: ops.upsample(X, scale_factor=2, align_corners=True), "align_corners"),
        refuses(SettingError, lambda: ops.upsample(X, scale_factor=2, align_corners=0), "align_corners 0"),
    ),
}
