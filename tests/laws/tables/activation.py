"""Rows of the gates of `ops/activation`: activation functions."""

from __future__ import annotations

import math

from chainrule.ops.activation import Relu, Sigmoid, Tanh

from ..builders import unary
from ..rows import Row, apart, real

ROWS: tuple[Row, ...] = (
    unary(Sigmoid, real, lambda x: (1 + math.tanh(x / 2)) / 2),
    unary(Tanh, real, math.tanh),
    unary(Relu, apart, lambda x: x if x > 0 else 0.0),
)
