"""Rows of the gates of `ops/standardize`: mean 0 and variance 1 over some axes."""

from __future__ import annotations

from chainrule.errors import IndexingError, ShapeError
from chainrule.ops.standardize import Standardize

from .. import reference
from ..builders import widths
from ..rows import Row, bad, case, real

ROWS: tuple[Row, ...] = (
    Row(
        "Standardize",
        (
            case(Standardize((1,)), real(3, 5)),
            case(Standardize((0, 2), 0.1), real(3, 2, 4)),
            case(Standardize((2, 3), 1e-3), real(2, 3, 2, 5)),
            case(Standardize((0,), 0.5), real(2)),
            case(Standardize((1,)), real(2, 37)),
            case(Standardize((1,)), real(0, 3)),
        ),
        reference.standardize,
        (
            bad(ShapeError, Standardize((1,)), real(3, 1)),
            bad(ShapeError, Standardize((1,)), real(3, 0)),
            bad(ShapeError, Standardize(()), real(3)),
            bad(IndexingError, Standardize((2,)), real(2, 3)),
            bad(IndexingError, Standardize((0, 0)), real(2, 3)),
            *widths(Standardize((1,)), real(2, 3)),
        ),
        k=16,
        eps=1e-5,
        native="parts",
    ),
)
