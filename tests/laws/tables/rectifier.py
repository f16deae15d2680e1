"""Rows of the gates of `ops/rectifier`: rectifiers beside relu."""

from __future__ import annotations

import math

from chainrule.errors import DTypeError
from chainrule.ops.rectifier import Elu, LeakyRelu, Prelu, Selu

from ..builders import binary, of_setting, unary
from ..rows import Row, apart, bad, case, mask, real, whole

LAMBDA, ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

ROWS: tuple[Row, ...] = (
    Row(
        "LeakyRelu",
        (
            case(LeakyRelu(), apart(2, 3)),
            case(LeakyRelu(0.3), apart()),
            case(LeakyRelu(0.0), apart(3, 1, 2)),
            case(LeakyRelu(-0.5), apart(17)),
            case(LeakyRelu(1.5), apart(0, 3)),
        ),
        of_setting(lambda gate, x: max(x, 0.0) + gate.negative_slope * min(x, 0.0)),
        (bad(DTypeError, LeakyRelu(), whole(2)), bad(DTypeError, LeakyRelu(0.3), mask(2))),
    ),
    binary(Prelu, apart, real, lambda x, w: max(x, 0.0) + w * min(x, 0.0)),
    Row(
        "Elu",
        (
            case(Elu(), apart(2, 3)),
            case(Elu(0.3), apart()),
            case(Elu(0.0), apart(1, 1)),
            case(Elu(2.0), apart(17)),
            case(Elu(1.5), apart(0, 3)),
        ),
        of_setting(lambda gate, x: max(x, 0.0) + gate.alpha * (math.exp(min(x, 0.0)) - 1)),
        (bad(DTypeError, Elu(), whole(2)), bad(DTypeError, Elu(0.3), mask(2))),
    ),
    unary(Selu, apart, lambda x: LAMBDA * (x if x > 0 else ALPHA * (math.exp(x) - 1))),
)
