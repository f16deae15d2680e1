"""What the layers of `nn/upsample` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import nn
from chainrule.errors import SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X = tensor(1, 4, 2, 3)
UPSAMPLE = nn.Upsample(scale_factor=2)


def shuffles(layer: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Arrays and factors that cannot be."""
    return (
        *not_values(layer(2)),
        refuses(ShapeError, lambda: layer(2)(X[0]), "f32[4,2,3]"),
        refuses(ShapeError, lambda: layer(5)(X), "x of"),
        refuses(SettingError, lambda: layer(0), "scale_factor 0"),
        refuses(SettingError, lambda: layer(1.5), "scale_factor 1.5"),
        refuses(SettingError, lambda: layer((2, 2)), "scale_factor (2, 2)"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "PixelShuffle": shuffles(nn.PixelShuffle),
    "PixelUnshuffle": shuffles(nn.PixelUnshuffle),
    "Upsample": (
        *not_values(UPSAMPLE),
        *not_floats(UPSAMPLE, 1, 4, 2, 3),
        refuses(ShapeError, lambda: UPSAMPLE(X[0]), "f32[4,2,3]"),
        refuses(ShapeError, lambda: UPSAMPLE(X[:, :, :0]), "0×3 pixels"),
        refuses(SettingError, lambda: nn.Upsample(), "neither"),
        refuses(SettingError, lambda: nn.Upsample(3, 2), "both"),
        refuses(SettingError, lambda: nn.Upsample(0), "size 0"),
        refuses(SettingError, lambda: nn.Upsample(scale_factor=-1), "scale_factor -1"),
        refuses(SettingError, lambda: nn.Upsample(scale_factor="two"), "scale_factor 'two'"),
        refuses(SettingError, lambda: nn.Upsample(3, mode="cubic"), "mode 'cubic'"),
        refuses(SettingError, lambda: nn.Upsample(3, align_corners=True), "align_corners"),
    ),
}
