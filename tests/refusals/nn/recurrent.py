"""What the layers of `nn/recurrent` refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, refuses, tensor

X = tensor(6, 2, 3)


def of_sizes(kind: Callable[..., Any], *shape: int) -> tuple[Refusal, ...]:
    """What every recurrent layer of 3 features and 5 units refuses, that takes x of this shape."""
    wide = (*shape[:-1], 4)
    return (
        *not_floats(lambda x: kind(3, 5)(x), *shape),
        refuses(DTypeError, lambda: kind(3, 5)(tensor(*shape, dtype="float64")), "f64"),
        refuses(ShapeError, lambda: kind(3, 5)(tensor(*wide)), str(wide)),
        refuses(ShapeError, lambda: kind(3, 5)(tensor(3)), "(3,)"),
        refuses(ShapeError, lambda: kind(3, 5)("three"), "()"),
        refuses(ShapeError, lambda: kind(3, 5)(tensor(*shape), np.zeros((7, 5), "float32")), "a state of"),
        refuses(SettingError, lambda: kind(0, 5), "input_size 0"),
        refuses(SettingError, lambda: kind(3, 2.5), "hidden_size 2.5"),
        refuses(SettingError, lambda: kind(3, 5, bias="none"), "bias 'none'"),
    )


def of_sequences(kind: Callable[..., Any]) -> tuple[Refusal, ...]:
    """What every layer that reads a sequence refuses."""
    return (
        *of_sizes(kind, 6, 2, 3),
        refuses(ShapeError, lambda: kind(3, 5)(tensor(0, 2, 3)), "no step in time"),
        refuses(ShapeError, lambda: kind(3, 5, bidirectional=True)(X, tensor(1, 2, 5)), "a state of"),
        refuses(SettingError, lambda: kind(3, 5, 0), "num_layers 0"),
        refuses(SettingError, lambda: kind(3, 5, 2, dropout=1.0), "dropout 1.0"),
        refuses(SettingError, lambda: kind(3, 5, batch_first="yes"), "batch_first 'yes'"),
        refuses(SettingError, lambda: kind(3, 5, bidirectional=2), "bidirectional 2"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "LSTM": of_sequences(nn.LSTM),
    "GRU": of_sequences(nn.GRU),
    "RNN": (
        *of_sequences(nn.RNN),
        refuses(SettingError, lambda: nn.RNN(3, 5, 1, "sigmoid"), "nonlinearity 'sigmoid'"),
        refuses(SettingError, lambda: nn.RNN(3, 5, 1, ["tanh"]), "nonlinearity ['tanh']"),
    ),
    "LSTMCell": of_sizes(nn.LSTMCell, 2, 3),
    "GRUCell": of_sizes(nn.GRUCell, 2, 3),
    "RNNCell": (
        *of_sizes(nn.RNNCell, 2, 3),
        refuses(SettingError, lambda: nn.RNNCell(3, 5, nonlinearity=None), "nonlinearity None"),
    ),
}
