"""Rows of the gates of `ops/recurrent`: steps in time."""

from __future__ import annotations

from chainrule.errors import ShapeError
from chainrule.ops.recurrent import GruCell, LstmCell

from .. import reference
from ..builders import widths
from ..rows import Row, bad, case, real

#        N, H of a step in time
STEPS = [(2, 3), (3, 1), (1, 5), (4, 2), (1, 1), (0, 3)]


ROWS: tuple[Row, ...] = (
    Row(
        "LstmCell",
        tuple(case(LstmCell(), real(n, 4 * h), real(n, h)) for n, h in STEPS),
        reference.lstm_cell,
        (
            bad(ShapeError, LstmCell(), real(2, 11), real(2, 3)),
            bad(ShapeError, LstmCell(), real(2, 9), real(2, 3)),
            bad(ShapeError, LstmCell(), real(3, 12), real(2, 3)),
            bad(ShapeError, LstmCell(), real(12), real(3)),
            bad(ShapeError, LstmCell(), real(2, 1, 12), real(2, 1, 3)),
            *widths(LstmCell(), real(2, 12), real(2, 3)),
        ),
        k=8,
        native="parts",
    ),
    Row(
        "GruCell",
        tuple(case(GruCell(), real(n, 3 * h), real(n, 3 * h), real(n, h)) for n, h in STEPS),
        reference.gru_cell,
        (
            bad(ShapeError, GruCell(), real(2, 8), real(2, 9), real(2, 3)),
            bad(ShapeError, GruCell(), real(2, 9), real(2, 12), real(2, 3)),
            bad(ShapeError, GruCell(), real(3, 9), real(3, 9), real(2, 3)),
            bad(ShapeError, GruCell(), real(9), real(9), real(3)),
            *widths(GruCell(), real(2, 9), real(2, 9), real(2, 3)),
            *widths(GruCell(), real(2, 9), real(2, 9), real(2, 3), at=2),
        ),
        k=8,
        native="parts",
    ),
)
