"""Rows of the gates of `ops/loss`: losses."""

from __future__ import annotations

import numpy as np

from chainrule.errors import DTypeError, LabelError, ShapeError
from chainrule.graph import Gate
from chainrule.ops.loss import MulticlassHinge, SoftmaxCrossEntropy, SquaredError

from .. import reference
from ..builders import Maker, widths
from ..reference import of_scores, one_by_one
from ..rows import Bad, Case, Row, bad, case, exact, real, spaced, whole

#        scores, labels
SCORED = [
    ((4, 5), whole(4, high=5)),
    ((2, 3, 2, 1), whole(2, 2, 1, high=3)),
    ((3, 4), exact([2, 0, 2], "uint8")),
    ((1, 1), exact([0], "int32")),
    ((0, 3), exact(np.zeros(0))),
]


def scored(gate: Gate, make: Maker) -> tuple[Case, ...]:
    return tuple(case(gate, make(*shape), labels) for shape, labels in SCORED)


def refused_scores(gate: Gate) -> tuple[Bad, ...]:
    return (
        bad(ShapeError, gate, real(3), whole(3, high=2)),
        bad(ShapeError, gate, real(3, 2), whole(2, high=2)),
        bad(ShapeError, gate, real(3, 2), whole(3, 1, high=2)),
        bad(ShapeError, gate, real(3, 0), whole(3, high=2)),
        bad(DTypeError, gate, whole(3, 2), whole(3, high=2)),
        bad(DTypeError, gate, real(3, 2), real(3)),
        bad(LabelError, gate, real(3, 2), exact([0, 2, 1])),
        bad(LabelError, gate, real(3, 2), exact([0, -1, 1])),
    )


ROWS: tuple[Row, ...] = (
    Row(
        "SoftmaxCrossEntropy",
        scored(SoftmaxCrossEntropy(), real),
        of_scores(reference.cross_entropy),
        refused_scores(SoftmaxCrossEntropy()),
        native="parts",
    ),
    Row(
        "MulticlassHinge",
        (
            *scored(MulticlassHinge(), spaced),
            case(MulticlassHinge(0.5), spaced(3, 4), whole(3, high=4)),
            case(MulticlassHinge(0.0), spaced(2, 5), whole(2, high=5)),
        ),
        of_scores(reference.hinge),
        refused_scores(MulticlassHinge()),
        native="parts",
    ),
    Row(
        "SquaredError",
        (
            case(SquaredError(), real(5), real(5)),
            case(SquaredError(), real(2, 3), real(2, 3)),
            case(SquaredError(), real(2, 1, 2), real(2, 1, 2)),
            case(SquaredError(), real(), real()),
            case(SquaredError(), real(0, 2), real(0, 2)),
        ),
        one_by_one(lambda x, target: (x - target) ** 2),
        (
            bad(ShapeError, SquaredError(), real(3, 1), real(3)),
            bad(ShapeError, SquaredError(), real(3), real(1)),
            *widths(SquaredError(), real(3), real(3)),
        ),
    ),
)
