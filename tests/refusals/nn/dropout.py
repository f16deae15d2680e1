"""What the layers of `nn/dropout` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import nn
from chainrule.errors import SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor


def settings(kind: Callable[..., Any]) -> tuple[Refusal, ...]:
    """Shares that no layer drops."""
    return (
        refuses(SettingError, lambda: kind(1.0), "p 1.0"),
        refuses(SettingError, lambda: kind(-0.1), "p -0.1"),
        refuses(SettingError, lambda: kind("half"), "p 'half'"),
        refuses(SettingError, lambda: kind(float("nan")), "p nan"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "Dropout": (
        refuses(SettingError, lambda: nn.Dropout(rng=0), "a int"),
        *settings(nn.Dropout),
        *not_values(nn.Dropout()),
        *not_floats(nn.Dropout(), 2, 3),
    ),
    "AlphaDropout": (
        *settings(nn.AlphaDropout),
        *not_values(nn.AlphaDropout()),
        *not_floats(nn.AlphaDropout(), 2, 3),
    ),
    "Dropout1d": (
        *settings(nn.Dropout1d),
        *not_floats(nn.Dropout1d(), 2, 3, 4),
        refuses(ShapeError, lambda: nn.Dropout1d()(tensor(2, 3)), "(2, 3)"),
        refuses(ShapeError, lambda: nn.Dropout1d().eval()(tensor(2, 3, 4, 5)), "(2, 3, 4, 5)"),
    ),
    "Dropout2d": (
        *settings(nn.Dropout2d),
        *not_floats(nn.Dropout2d(), 2, 3, 4, 5),
        refuses(ShapeError, lambda: nn.Dropout2d()(tensor(2, 3, 4)), "(2, 3, 4)"),
        refuses(ShapeError, lambda: nn.Dropout2d()("three"), "()"),
    ),
}
