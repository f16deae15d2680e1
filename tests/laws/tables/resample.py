"""The row of the gate of `ops/resample`: weighted sums along one axis."""

from __future__ import annotations

from chainrule.errors import DTypeError, IndexingError, ShapeError
from chainrule.ops.resample import Resample

from .. import reference
from ..rows import Row, bad, case, real, whole

two = Resample(1, "nearest", 3, 6, 0.5)

ROWS: tuple[Row, ...] = (
    Row(
        "Resample",
        (
            case(Resample(1, "linear", 4, 7, 0.6), real(2, 4)),
            case(Resample(2, "linear", 3, 6, 0.5), real(2, 2, 3, 5)),
            case(Resample(3, "linear", 5, 2, 2.5), real(1, 2, 3, 5)),
            case(Resample(0, "aligned", 3, 8), real(3, 2)),
            case(Resample(1, "aligned", 5, 1), real(2, 5, 2)),
            case(Resample(2, "nearest", 3, 7, 0.4), real(1, 2, 3)),
            case(Resample(1, "nearest", 5, 3, 5 / 3), real(2, 5, 17)),
            case(Resample(1, "mean", 5, 3), real(2, 5)),
            case(Resample(0, "mean", 3, 5), real(3, 2)),
            case(Resample(2, "shares", 5, 3), real(1, 2, 5, 3)),
            case(Resample(1, "shares", 5, 3, 1.0, True), real(2, 9)),
            case(Resample(1, "linear", 1, 4, 0.25), real(2, 1)),
            case(Resample(0, "mean", 1, 1), real(1)),
            case(Resample(1, "linear", 4, 7, 0.6, True), real(2, 7, 2)),
            case(Resample(2, "mean", 5, 3, 1.0, True), real(1, 2, 3)),
            case(Resample(1, "nearest", 3, 20, 0.15), real(2, 3)),
            case(Resample(1, "mean", 3, 2), real(0, 3, 2)),
        ),
        reference.resample,
        (
            bad(ShapeError, two, real(2, 4)),
            bad(ShapeError, Resample(1, "nearest", 3, 6, 0.5, True), real(2, 3)),
            bad(IndexingError, two, real(3)),
            bad(DTypeError, two, whole(2, 3)),
        ),
        native="resample",
    ),
)
