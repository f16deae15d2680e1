"""Recurrent layers: one cell, step after step in time.  Names, layouts and order of the gates as in PyTorch.

N pictures or sentences, T steps, H hidden units.
"""

from __future__ import annotations

from ..ops.recurrent import known_nonlinearity
from ..random import Generator
from .recurrence import Cell, GruStep, LstmStep, Reader, RnnStep


class LSTM(LstmStep, Reader):
    """Long short-term memory over a sequence: c' = σ(f)·c + σ(i)·tanh(g), h' = σ(o)·tanh(c').

    i, f, g, o = weight_ih · x_t + bias_ih + weight_hh · h + bias_hh, with weight_ih_l0 (4·H, input_size),
    weight_hh_l0 (4·H, H), bias_ih_l0 and bias_hh_l0 (4·H,), and so on for l1, …: PyTorch's names and order.

    forward(x, state=None) -> outputs, (h_n, c_n)
    x:  (T, N, input_size) float, with batch_first (N, T, input_size)
    state:  (h_0, c_0), each (num_layers, N, H); zeros unless given
    Returns the hidden values of the last layer (T, N, H), with batch_first (N, T, H), and the last state; with
    bidirectional, whose second weights are called weight_ih_l0_reverse and so on, (T, N, 2·H) and twice as many states.
    Raises SettingError for impossible settings, ShapeError for other shapes and for T = 0, DTypeError unless x
    has the dtype of the weights.
    Source: Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000.

    >>> import numpy as np
    >>> outputs, (h, c) = LSTM(3, 5, num_layers=2, batch_first=True)(np.zeros((4, 7, 3), np.float32))
    >>> outputs.shape, h.shape, c.shape
    ((4, 7, 5), (2, 4, 5), (2, 4, 5))
    """


class GRU(GruStep, Reader):
    """Gated recurrent units over a sequence: h' = (1 - z)·n + z·h, with n = tanh(x_n + r·h_n).

    The pre-activations r, z, n come from weight_ih_l0 (3·H, input_size) and bias_ih_l0 for the input, from
    weight_hh_l0 (3·H, H) and bias_hh_l0 for the hidden value, and so on for l1, …: PyTorch's names and order.

    forward(x, state=None) -> outputs, h_n
    x:  (T, N, input_size) float, with batch_first (N, T, input_size)
    state:  h_0 (num_layers, N, H); zeros unless given
    Returns the hidden values of the last layer (T, N, H), with batch_first (N, T, H), and the last state; with
    bidirectional, whose second weights are called weight_ih_l0_reverse and so on, (T, N, 2·H) and twice as many states.
    Raises SettingError for impossible settings, ShapeError for other shapes and for T = 0, DTypeError unless x
    has the dtype of the weights.
    Source: Cho et al. 2014.

    >>> import numpy as np
    >>> outputs, h = GRU(3, 5)(np.zeros((7, 4, 3), np.float32))
    >>> outputs.shape, h.shape
    ((7, 4, 5), (1, 4, 5))
    """


class RNN(RnnStep, Reader):
    """A plain recurrent network over a sequence: h' = tanh(weight_ih · x_t + bias_ih + weight_hh · h + bias_hh).

    weight_ih_l0 (H, input_size), weight_hh_l0 (H, H), bias_ih_l0 and bias_hh_l0 (H,), and so on for l1, …: PyTorch's
    names.

    nonlinearity:  "tanh" or "relu"
    forward(x, state=None) -> outputs, h_n
    x:  (T, N, input_size) float, with batch_first (N, T, input_size)
    state:  h_0 (num_layers, N, H); zeros unless given
    Returns the hidden values of the last layer (T, N, H), with batch_first (N, T, H), and the last state; with
    bidirectional, whose second weights are called weight_ih_l0_reverse and so on, (T, N, 2·H) and twice as many states.
    Raises SettingError for impossible settings, ShapeError for other shapes and for T = 0, DTypeError unless x
    has the dtype of the weights.
    Source: Elman 1990.

    >>> import numpy as np
    >>> outputs, h = RNN(3, 5, bidirectional=True)(np.zeros((7, 4, 3), np.float32))
    >>> outputs.shape, h.shape
    ((7, 4, 10), (2, 4, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        rng: Generator | None = None,
    ) -> None:
        self.nonlinearity = known_nonlinearity("RNN", nonlinearity)
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            rng=rng,
        )


class RNNCell(RnnStep, Cell):
    """One step of a plain recurrent network: x (N, input_size) and a hidden value h (N, H) give the next h.

    weight_ih (H, input_size), weight_hh (H, H), bias_ih and bias_hh (H,), as in PyTorch.
    Raises SettingError for sizes below 1 and another nonlinearity than "tanh" and "relu", ShapeError for other shapes,
    DTypeError unless x has the dtype of the weights.

    >>> import numpy as np
    >>> RNNCell(3, 5)(np.zeros((4, 3), np.float32)).shape
    (4, 5)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        bias: bool = True,
        nonlinearity: str = "tanh",
        rng: Generator | None = None,
    ) -> None:
        self.nonlinearity = known_nonlinearity("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias=bias, rng=rng)


class LSTMCell(LstmStep, Cell):
    """One step of an LSTM: x (N, input_size) and a state (h, c), each (N, H), give the next (h, c).

    weight_ih (4·H, input_size), weight_hh (4·H, H), bias_ih and bias_hh (4·H,), as in PyTorch.
    Raises SettingError for sizes below 1, ShapeError for other shapes, DTypeError unless x
    has the dtype of the weights.

    >>> import numpy as np
    >>> h, c = LSTMCell(3, 5)(np.zeros((4, 3), np.float32))
    >>> h.shape, c.shape
    ((4, 5), (4, 5))
    """


class GRUCell(GruStep, Cell):
    """One step of a GRU: x (N, input_size) and a hidden value h (N, H) give the next h.

    weight_ih (3·H, input_size), weight_hh (3·H, H), bias_ih and bias_hh (3·H,), as in PyTorch.
    Raises SettingError for sizes below 1, ShapeError for other shapes, DTypeError unless x
    has the dtype of the weights.

    >>> import numpy as np
    >>> GRUCell(3, 5)(np.zeros((4, 3), np.float32)).shape
    (4, 5)
    """
