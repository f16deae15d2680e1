"""What the layers of `nn/activation` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import nn
from chainrule.errors import IndexingError, SettingError

from ..rows import Refusal, not_floats, not_values, refuses, tensor


def of_floats(make: Callable[[], Callable[[Any], Any]]) -> tuple[Refusal, ...]:
    """What no layer of this file takes."""
    return *not_values(lambda x: make()(x)), *not_floats(lambda x: make()(x), 2, 3)


def axes(make: Callable[..., Callable[[Any], Any]]) -> tuple[Refusal, ...]:
    """Axes that rows of scores lack."""
    return (
        *not_floats(lambda x: make()(x), 2, 3),
        refuses(IndexingError, lambda: make(2)(tensor(2, 3)), "axis 2 of 2 axes"),
        refuses(IndexingError, lambda: make("last"), "axis 'last'"),
        refuses(IndexingError, lambda: make()(tensor()), "axis -1 of 0 axes"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "ReLU": of_floats(nn.ReLU),
    "Sigmoid": of_floats(nn.Sigmoid),
    "Tanh": of_floats(nn.Tanh),
    "SiLU": of_floats(nn.SiLU),
    "LogSigmoid": of_floats(nn.LogSigmoid),
    "GELU": (
        *of_floats(nn.GELU),
        refuses(SettingError, lambda: nn.GELU("quick"), "approximate 'quick'"),
        refuses(SettingError, lambda: nn.GELU(True), "approximate True"),
    ),
    "Softplus": (
        *of_floats(nn.Softplus),
        refuses(SettingError, lambda: nn.Softplus(0), "beta 0"),
        refuses(SettingError, lambda: nn.Softplus("1"), "beta '1'"),
    ),
    "Softmax": axes(nn.Softmax),
    "LogSoftmax": axes(nn.LogSoftmax),
}
