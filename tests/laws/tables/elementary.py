"""Rows of the gates of `ops/elementary`: functions of one number."""

from __future__ import annotations

import math

from chainrule.ops.elementary import Abs, Exp, Log, Sign, Sqrt

from ..builders import unary
from ..rows import Row, apart, positive, real

ROWS: tuple[Row, ...] = (
    unary(Exp, real, math.exp),
    unary(Log, positive, math.log),
    unary(Sqrt, positive, math.sqrt),
    unary(Abs, apart, abs),
    unary(Sign, apart, lambda x: (x > 0) - (x < 0)),
)
