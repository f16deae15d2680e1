"""What the layers of `nn/adaptive` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import nn
from chainrule.errors import SettingError

from ..ops.adaptive import pictures
from ..rows import Refusal, refuses


def sized(layer: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Pictures, and sizes that cannot be."""
    return (
        *pictures(layer(3)),
        refuses(SettingError, lambda: layer(0), "output_size"),
        refuses(SettingError, lambda: layer((2, -1)), "output_size"),
        refuses(SettingError, lambda: layer(1.5), "1.5"),
        refuses(SettingError, lambda: layer((1, 2, 3)), "output_size"),
        refuses(SettingError, lambda: layer("all"), "output_size"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "AdaptiveAvgPool2d": sized(nn.AdaptiveAvgPool2d),
    "AdaptiveMaxPool2d": sized(nn.AdaptiveMaxPool2d),
    "GlobalAvgPool2d": pictures(nn.GlobalAvgPool2d()),
    "GlobalMaxPool2d": pictures(nn.GlobalMaxPool2d()),
}
