"""Rows of the gates of `ops/loss`: losses of probabilities."""

from __future__ import annotations

import math

from chainrule.errors import ShapeError
from chainrule.ops.loss import BinaryCrossEntropy, Nll, SoftmaxCrossEntropy

from .. import reference
from ..builders import widths
from ..reference import of_scores, one_by_one
from ..rows import Row, bad, case, positive, real
from ..scored import refused_scores, scored


def binary(x: float, target: float, weight: float) -> float:
    """Of the probability of yes and of no."""
    yes, no = 1 / (1 + math.exp(-x)), 1 / (1 + math.exp(x))
    return -weight * target * math.log(yes) - (1 - target) * math.log(no)


ROWS: tuple[Row, ...] = (
    Row(
        "SoftmaxCrossEntropy",
        scored(SoftmaxCrossEntropy(), real),
        of_scores(reference.cross_entropy),
        refused_scores(SoftmaxCrossEntropy()),
        native="parts",
    ),
    Row(
        "Nll",
        scored(Nll(), real),
        of_scores(lambda gate, x, label: -x[label]),
        refused_scores(Nll()),
        native="parts",
    ),
    Row(
        "BinaryCrossEntropy",
        (
            case(BinaryCrossEntropy(), real(5), positive(5), positive(5)),
            case(BinaryCrossEntropy(), real(2, 3), real(2, 3), positive(3)),
            case(BinaryCrossEntropy(), real(3, 1, 2), positive(3, 1, 2), positive(1, 2)),
            case(BinaryCrossEntropy(), real(2, 2), real(2, 2), positive()),
            case(BinaryCrossEntropy(), real(), real(), positive()),
            case(BinaryCrossEntropy(), real(0, 2), real(0, 2), positive(2)),
        ),
        one_by_one(binary),
        (
            bad(ShapeError, BinaryCrossEntropy(), real(3, 1), real(3), real(1)),
            bad(ShapeError, BinaryCrossEntropy(), real(3), real(1), real(1)),
            bad(ShapeError, BinaryCrossEntropy(), real(3), real(3), real(2, 3)),
            bad(ShapeError, BinaryCrossEntropy(), real(3), real(3), real(2)),
            *widths(BinaryCrossEntropy(), real(3), real(3), real(3)),
        ),
    ),
)
