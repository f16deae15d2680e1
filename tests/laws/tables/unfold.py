"""Rows of the gates of `ops/unfold`: windows as columns, and back."""

from __future__ import annotations

import math

from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.unfold import Fold, Unfold

from .. import reference
from ..rows import Row, bad, case, real, whole
from ..windows import DILATED, WINDOWS, two

ROWS: tuple[Row, ...] = (
    Row(
        "Unfold",
        tuple(case(Unfold(w), real(n, c, *size)) for w, n, c, size in [*WINDOWS, DILATED]),
        reference.unfold,
        (
            bad(ShapeError, Unfold(two), real(2, 4, 4)),
            bad(ShapeError, Unfold(two), real(1, 1, 1, 4)),
            bad(DTypeError, Unfold(two), whole(1, 1, 4, 4)),
        ),
        native="unfold",
    ),
    Row(
        "Fold",
        tuple(
            case(Fold(w, size), real(n, c * w.size[0] * w.size[1], math.prod(w.output("fold", size))))
            for w, n, c, size in [*WINDOWS, DILATED]
        ),
        reference.fold,
        (
            bad(ShapeError, Fold(two, (4, 4)), real(4, 4)),
            bad(ShapeError, Fold(two, (4, 4)), real(1, 4, 5)),
            bad(ShapeError, Fold(two, (4, 4)), real(1, 5, 4)),
            bad(ShapeError, Fold(two, (1, 4)), real(1, 4, 4)),
            bad(DTypeError, Fold(two, (4, 4)), whole(1, 4, 4)),
        ),
        native="fold",
    ),
)
