"""Rows of the gates of `ops/dropout`: dropout."""

from __future__ import annotations

from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.dropout import Dropout

from .. import reference
from ..rows import Row, bad, case, exact, real, whole

ROWS: tuple[Row, ...] = (
    Row(
        "Dropout",
        (
            case(Dropout(0.5, 7), real(3, 4), exact(1)),
            case(Dropout(0.2, 7, 3), real(2, 3, 2), exact(5)),
            case(Dropout(0.0, 1), real(5), exact(0)),
            case(Dropout(0.5, 1), real(), exact(2)),
            case(Dropout(0.5, 1), real(0, 2), exact(2)),
        ),
        reference.dropout,
        (
            bad(ShapeError, Dropout(0.5, 1), real(3), exact([1])),
            bad(DTypeError, Dropout(0.5, 1), real(3), exact(1.0, "float32")),
            bad(DTypeError, Dropout(0.5, 1), real(3), exact(1, "int32")),
            bad(DTypeError, Dropout(0.5, 1), whole(3), exact(1)),
        ),
        native="dropout",
    ),
)
