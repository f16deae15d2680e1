"""Rows of the gates of `ops/margin`: hinges."""

from __future__ import annotations

from chainrule.ops.margin import MulticlassHinge

from .. import reference
from ..reference import of_scores
from ..rows import Row, case, spaced, whole
from ..scored import refused_scores, scored

ROWS: tuple[Row, ...] = (
    Row(
        "MulticlassHinge",
        (
            *scored(MulticlassHinge(), spaced),
            *scored(MulticlassHinge(p=2), spaced),
            case(MulticlassHinge(0.5), spaced(3, 4), whole(3, high=4)),
            case(MulticlassHinge(0.0), spaced(2, 5), whole(2, high=5)),
            case(MulticlassHinge(2.5, 2), spaced(2, 3, 5), whole(2, 5, high=3)),
        ),
        of_scores(reference.hinge),
        refused_scores(MulticlassHinge()),
        native="parts",
    ),
)
