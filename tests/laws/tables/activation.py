"""Rows of the gates of `ops/activation`: activation functions."""

from __future__ import annotations

import math

from chainrule.errors import DTypeError
from chainrule.ops.activation import Gelu, Relu, Sigmoid, Silu, Softplus, Tanh

from ..builders import of_setting, unary
from ..reference import unit
from ..rows import Row, apart, bad, case, mask, real, whole


def gelu(gate: Gelu, x: float) -> float:
    """½ · x · erfc(-x/√2), or Hendrycks and Gimpel's approximation."""
    if gate.approximate == "tanh":
        return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * math.erfc(-x / math.sqrt(2))


ROWS: tuple[Row, ...] = (
    unary(Sigmoid, real, unit),
    unary(Tanh, real, math.tanh),
    unary(Relu, apart, lambda x: x if x > 0 else 0.0),
    unary(Silu, real, lambda x: x * unit(x)),
    Row(
        "Gelu",
        (
            case(Gelu(), real()),
            case(Gelu(), real(3, 1, 2)),
            case(Gelu(), real(0, 3)),
            case(Gelu("tanh"), real(2, 3)),
            case(Gelu("tanh"), real(1, 1)),
            case(Gelu("tanh"), real(17)),
        ),
        of_setting(gelu),
        (bad(DTypeError, Gelu(), whole(2)), bad(DTypeError, Gelu("tanh"), mask(2))),
        settings=2,
    ),
    Row(
        "Softplus",
        (
            case(Softplus(), real(2, 3)),
            case(Softplus(0.3), real()),
            case(Softplus(4.0), real(3, 1, 2)),
            case(Softplus(1.7), real(17)),
            case(Softplus(2.0), real(0, 3)),
        ),
        of_setting(lambda gate, x: math.log(1 + math.exp(gate.beta * x)) / gate.beta),
        (bad(DTypeError, Softplus(), whole(2)), bad(DTypeError, Softplus(2.0), real(2).of("float16"))),
    ),
)
