"""What the layers of `nn/norm` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor


def of_channels(kind: Callable[..., Any], *shape: int) -> tuple[Refusal, ...]:
    """What a norm of three channels refuses, that takes x of this shape."""
    wide, narrow = (shape[0], shape[1] + 1, *shape[2:]), shape[:-1]
    return (
        *(
            refuses(DTypeError, lambda d=d: kind(3)(tensor(*shape, dtype=d)), d)
            for d in ("float64", "float16", "int64")
        ),
        refuses(ShapeError, lambda: kind(3)(tensor(*wide)), str(wide)),
        refuses(ShapeError, lambda: kind(3).eval()(tensor(*wide)), str(wide)),
        refuses(ShapeError, lambda: kind(3)(tensor(*narrow)), str(narrow)),
        refuses(ShapeError, lambda: kind(3)("three"), "()"),
        refuses(SettingError, lambda: kind(0), "num_features 0"),
        refuses(SettingError, lambda: kind(3, eps=0), "eps 0"),
        refuses(SettingError, lambda: kind(3, momentum=1.5), "momentum 1.5"),
        refuses(SettingError, lambda: kind(3, momentum=None), "momentum None"),
    )


def affine(kind: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *settings, **named: kind(*settings, affine=True, **named)


TABLE: dict[str, tuple[Refusal, ...]] = {
    "BatchNorm1d": (
        *of_channels(nn.BatchNorm1d, 4, 3),
        refuses(ShapeError, lambda: nn.BatchNorm1d(3)(tensor(1, 3)), "one number"),
        refuses(ShapeError, lambda: nn.BatchNorm1d(3)(tensor(1, 3, 1)), "one number"),
        refuses(ShapeError, lambda: nn.BatchNorm1d(3)(tensor(4, 3, 5, 2)), "(4, 3, 5, 2)"),
    ),
    "BatchNorm2d": of_channels(nn.BatchNorm2d, 4, 3, 2, 2),
    "InstanceNorm1d": (
        *of_channels(affine(nn.InstanceNorm1d), 4, 3, 5),
        refuses(ShapeError, lambda: nn.InstanceNorm1d(3)(tensor(4, 3, 1)), "1 number"),
        refuses(
            ShapeError, lambda: nn.InstanceNorm1d(3, track_running_stats=True)(tensor(4, 3, 1)), "1 number"
        ),
    ),
    "InstanceNorm2d": (
        *of_channels(affine(nn.InstanceNorm2d), 4, 3, 5, 2),
        refuses(SettingError, lambda: nn.InstanceNorm2d(3, affine=3), "affine 3"),
        refuses(
            SettingError, lambda: nn.InstanceNorm2d(3, track_running_stats=None), "track_running_stats None"
        ),
    ),
    "LayerNorm": (
        *not_values(nn.LayerNorm(6)),
        *not_floats(nn.LayerNorm(6), 4, 6),
        refuses(DTypeError, lambda: nn.LayerNorm(6)(tensor(4, 6, dtype="float64")), "f64"),
        refuses(ShapeError, lambda: nn.LayerNorm(6)(tensor(4, 5)), "(4, 5)"),
        refuses(ShapeError, lambda: nn.LayerNorm((4, 6))(tensor(6)), "(6,)"),
        refuses(SettingError, lambda: nn.LayerNorm(0), "normalized_shape 0"),
        refuses(SettingError, lambda: nn.LayerNorm(()), "normalized_shape ()"),
        refuses(SettingError, lambda: nn.LayerNorm("six"), "normalized_shape 'six'"),
        refuses(SettingError, lambda: nn.LayerNorm(6, eps=-1), "eps -1"),
        refuses(SettingError, lambda: nn.LayerNorm(6, elementwise_affine="no"), "elementwise_affine 'no'"),
        refuses(SettingError, lambda: nn.LayerNorm(6, bias=0), "bias 0"),
    ),
    "GroupNorm": (
        *not_floats(nn.GroupNorm(2, 6), 4, 6),
        refuses(DTypeError, lambda: nn.GroupNorm(2, 6)(tensor(4, 6, dtype="float64")), "f64"),
        refuses(ShapeError, lambda: nn.GroupNorm(2, 6)(tensor(4, 5)), "(4, 5)"),
        refuses(ShapeError, lambda: nn.GroupNorm(2, 6)(tensor(6)), "(6,)"),
        refuses(ShapeError, lambda: nn.GroupNorm(6, 6)(tensor(4, 6)), "1 number"),
        refuses(SettingError, lambda: nn.GroupNorm(4, 6), "num_groups 4"),
        refuses(SettingError, lambda: nn.GroupNorm(0, 6), "num_groups 0"),
        refuses(SettingError, lambda: nn.GroupNorm(2, 6, eps=0), "eps 0"),
        refuses(SettingError, lambda: nn.GroupNorm(2, 6, affine=None), "affine None"),
    ),
    "LocalResponseNorm": (
        *not_values(nn.LocalResponseNorm(3)),
        *not_floats(nn.LocalResponseNorm(3), 2, 3, 4, 4),
        refuses(ShapeError, lambda: nn.LocalResponseNorm(3)(tensor(3)), "f32[3]"),
        refuses(SettingError, lambda: nn.LocalResponseNorm(0), "size 0"),
        refuses(SettingError, lambda: nn.LocalResponseNorm(3, alpha=-1), "alpha -1"),
        refuses(SettingError, lambda: nn.LocalResponseNorm(3, k="one"), "k 'one'"),
    ),
}
