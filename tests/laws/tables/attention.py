"""Rows of the gates of `ops/attention`: means of values, weighed by keys."""

from __future__ import annotations

from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.attention import Attention

from .. import reference
from ..builders import widths
from ..rows import Row, bad, case, exact, mask, real

NARROW, CAUSAL = Attention(0.5), Attention(0.7, True)
SOME = [[True, False, True, True], [False, False, False, False], [False, True, False, False]]
"""Three queries, one of which may look nowhere."""

ROWS: tuple[Row, ...] = (
    Row(
        "Attention",
        (
            case(NARROW, real(3, 2), real(4, 2), real(4, 5)),
            case(Attention(0.3), real(2, 3, 4), real(2, 5, 4), real(2, 5, 2), real(3, 5)),
            case(CAUSAL, real(2, 1, 4, 3), real(2, 1, 4, 3), real(2, 1, 4, 3)),
            case(CAUSAL, real(5, 2), real(3, 2), real(3, 2), mask(5, 3)),
            case(Attention(1.0), real(2, 3, 2), real(2, 4, 2), real(2, 4, 3), exact(SOME, "bool")),
            case(NARROW, real(2, 2, 3, 2), real(2, 2, 4, 2), real(2, 2, 4, 1), mask(2, 1, 1, 4)),
            case(NARROW, real(1, 1), real(1, 1), real(1, 1)),
            case(NARROW, real(0, 3, 2), real(0, 4, 2), real(0, 4, 2)),
            case(NARROW, real(0, 2), real(4, 2), real(4, 3), real(4)),
        ),
        reference.attention,
        (
            bad(ShapeError, NARROW, real(3, 2), real(4, 3), real(4, 5)),
            bad(ShapeError, NARROW, real(3, 2), real(4, 2), real(5, 5)),
            bad(ShapeError, NARROW, real(3, 2), real(0, 2), real(0, 5)),
            bad(ShapeError, NARROW, real(2, 3, 2), real(4, 2), real(4, 5)),
            bad(ShapeError, NARROW, real(2), real(2), real(2)),
            bad(ShapeError, NARROW, real(3, 2), real(4, 2), real(4, 5), mask(4, 3)),
            bad(ShapeError, NARROW, real(3, 2), real(4, 2), real(4, 5), mask(2, 3, 4)),
            bad(ShapeError, NARROW, real(3, 2), real(4, 2), real(4, 5), mask(3, 4), mask(3, 4)),
            bad(DTypeError, NARROW, real(3, 2), real(4, 2), real(4, 5), exact([0, 1, 0, 1])),
            *widths(NARROW, real(3, 2), real(4, 2), real(4, 5)),
        ),
        k=16,
        eps=1e-5,
        native="parts",
    ),
)
