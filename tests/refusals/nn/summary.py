"""What the functions of `nn/summary` refuse."""

from typing import Any

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, refuses

CONV = nn.Conv2d(3, 4, 5)


def of_models(function: Any) -> tuple[Refusal, ...]:
    """What no function of a model takes."""
    return (
        refuses(SettingError, lambda: function(None), "a NoneType"),
        refuses(SettingError, lambda: function(nn.Linear), "a type"),
        refuses(SettingError, lambda: function(lambda x: x), "a function"),
        refuses(SettingError, lambda: function([CONV]), "a list"),
        refuses(SettingError, lambda: function(CONV.weight), "a Parameter"),
    )


def of_pictures(function: Any) -> tuple[Refusal, ...]:
    """What does not fit a model of pictures."""
    return (
        *of_models(lambda model: function(model, (3, 8, 8))),
        refuses(SettingError, lambda: function(CONV, 8), "input_shape 8"),
        refuses(SettingError, lambda: function(CONV, "3x8x8"), "input_shape '3x8x8'"),
        refuses(SettingError, lambda: function(CONV, (3, 0, 8)), "input_shape (3, 0, 8)"),
        refuses(SettingError, lambda: function(CONV, (3, 8.0, 8)), "input_shape (3, 8.0, 8)"),
        refuses(ShapeError, lambda: function(CONV, (3, 8)), "f32[1,3,8]"),
        refuses(ShapeError, lambda: function(CONV, (1, 8, 8)), "(1, 1, 8, 8)"),
        refuses(DTypeError, lambda: function(nn.Embedding(3, 4), (5,)), "f32[1,5]"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "summary": of_pictures(nn.summary),
    "output_shape": (
        *of_pictures(nn.output_shape),
        refuses(SettingError, lambda: nn.output_shape(nn.GRU(3, 4), (2, 3)), "a tuple"),
    ),
    "evaluating": of_models(lambda model: nn.evaluating(model).__enter__()),
}
