"""Rows of the gates of `ops/linear`: products of matrices."""

from __future__ import annotations

from chainrule.errors import ShapeError
from chainrule.ops.linear import Linear, Matmul

from .. import reference
from ..builders import widths
from ..rows import Row, bad, case, real

ROWS: tuple[Row, ...] = (
    Row(
        "Matmul",
        (
            case(Matmul(), real(2, 3), real(3, 4)),
            case(Matmul(), real(2, 1, 3, 2), real(3, 2, 2)),
            case(Matmul(), real(3, 2), real(2, 2, 3)),
            case(Matmul(), real(1, 1), real(1, 1)),
            case(Matmul(), real(2, 0), real(0, 3)),
            case(Matmul(), real(0, 2), real(2, 3)),
        ),
        reference.matmul,
        (
            bad(ShapeError, Matmul(), real(2, 3), real(2, 3)),
            bad(ShapeError, Matmul(), real(3), real(3, 2)),
            bad(ShapeError, Matmul(), real(2, 3), real(3)),
            bad(ShapeError, Matmul(), real(2, 2, 3), real(3, 3, 2)),
            *widths(Matmul(), real(2, 3), real(3, 2)),
        ),
        native="product",
    ),
    Row(
        "Linear",
        (
            case(Linear(), real(4, 3), real(2, 3)),
            case(Linear(), real(2, 2, 3), real(4, 3)),
            case(Linear(), real(3), real(2, 3)),
            case(Linear(), real(1, 1), real(1, 1)),
            case(Linear(), real(0, 3), real(2, 3)),
            case(Linear(), real(2, 0), real(3, 0)),
        ),
        reference.linear,
        (
            bad(ShapeError, Linear(), real(4, 3), real(3, 2)),
            bad(ShapeError, Linear(), real(4, 3), real(3)),
            bad(ShapeError, Linear(), real(), real(2, 3)),
            *widths(Linear(), real(4, 3), real(2, 3)),
        ),
        native="parts",
    ),
)
