"""Rows of the gates of `ops/elementary`: functions of one number."""

from __future__ import annotations

import math

from chainrule.ops.elementary import Abs, Cos, Erf, Exp, Expm1, Floor, Log, Log1p, Sign, Sin, Sqrt

from ..builders import unary
from ..rows import Row, apart, positive, real, spaced

ROWS: tuple[Row, ...] = (
    unary(Exp, real, math.exp),
    unary(Expm1, real, lambda x: math.exp(x) - 1),
    unary(Log, positive, math.log),
    unary(Log1p, positive, lambda x: math.log(1 + x)),
    unary(Erf, real, math.erf),
    unary(Sin, real, math.sin),
    unary(Cos, real, math.cos),
    unary(Sqrt, positive, math.sqrt),
    unary(Abs, apart, abs),
    unary(Sign, apart, lambda x: (x > 0) - (x < 0)),
    unary(Floor, spaced, math.floor),
)
