"""Rows of the gates of `ops/arithmetic`: arithmetic."""

from __future__ import annotations

import math

from chainrule.ops.arithmetic import Add, Divide, Multiply, Negative, Power, Subtract

from ..builders import binary, unary
from ..rows import Row, apart, positive, real

ROWS: tuple[Row, ...] = (
    binary(Add, real, real, lambda x, y: x + y),
    binary(Subtract, real, real, lambda x, y: x - y),
    binary(Multiply, real, real, lambda x, y: x * y),
    binary(Divide, real, apart, lambda x, y: x / y),
    unary(Negative, real, lambda x: -x),
    binary(Power, positive, real, math.pow, k=16),
)
