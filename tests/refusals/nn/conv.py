"""What the layers of `nn/conv` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor


def channels(make: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Channels and groups that cannot be: make(in_channels, out_channels, **settings)."""
    return (
        refuses(SettingError, lambda: make(0, 4), "in_channels 0"),
        refuses(SettingError, lambda: make("three", 4), "in_channels 'three'"),
        refuses(SettingError, lambda: make(4, -1), "out_channels -1"),
        refuses(SettingError, lambda: make(4, 2.0), "out_channels 2.0"),
        refuses(SettingError, lambda: make(4, 4, groups=0), "groups 0"),
        refuses(SettingError, lambda: make(4, 4, groups=3), "groups 3"),
        refuses(SettingError, lambda: make(4, 4, bias="zero"), "bias 'zero'"),
        refuses(SettingError, lambda: make(4, 4, rng="seed"), "a str"),
    )


def windows(make: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Windows that cannot be: make(kernel_size, **settings)."""
    return (
        refuses(SettingError, lambda: make(0), "kernel_size 0"),
        refuses(SettingError, lambda: make(None), "kernel_size None"),
        refuses(SettingError, lambda: make(3, stride=0), "stride 0"),
        refuses(SettingError, lambda: make(3, stride="fast"), "stride"),
        refuses(SettingError, lambda: make(3, padding=-1), "padding -1"),
        refuses(SettingError, lambda: make(3, dilation=0), "dilation 0"),
    )


LINE, LAYER = nn.Conv1d(4, 6, 3), nn.Conv2d(4, 6, 3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "Conv1d": (
        *channels(lambda m, n, **settings: nn.Conv1d(m, n, 3, **settings)),
        *windows(lambda size, **settings: nn.Conv1d(4, 6, size, **settings)),
        *not_values(LINE),
        *not_floats(LINE, 2, 4, 7),
        refuses(SettingError, lambda: nn.Conv1d(4, 6, (3, 3)), "kernel_size (3, 3)"),
        refuses(ShapeError, lambda: LINE(tensor(4, 7)), "f32[4,7]"),
        refuses(ShapeError, lambda: LINE(tensor(2, 3, 7)), "3 channels"),
        refuses(ShapeError, lambda: LINE(tensor(2, 4, 2)), "a window of 3 over 2 pixels"),
        refuses(DTypeError, lambda: LINE(tensor(2, 4, 7, dtype="float64")), "f64"),
    ),
    "Conv2d": (
        *channels(lambda m, n, **settings: nn.Conv2d(m, n, 3, **settings)),
        *windows(lambda size, **settings: nn.Conv2d(4, 6, size, **settings)),
        *not_values(LAYER),
        *not_floats(LAYER, 2, 4, 7, 6),
        refuses(SettingError, lambda: nn.Conv2d(4, 6, (3, 3, 3)), "kernel_size (3, 3, 3)"),
        refuses(ShapeError, lambda: LAYER(tensor(4, 7, 6)), "f32[4,7,6]"),
        refuses(ShapeError, lambda: LAYER(tensor(2, 3, 7, 6)), "3 channels"),
        refuses(ShapeError, lambda: LAYER(tensor(2, 4, 2, 6)), "a window of 3 over 2 pixels"),
        refuses(DTypeError, lambda: LAYER(tensor(2, 4, 7, 6, dtype="float64")), "f64"),
    ),
}
