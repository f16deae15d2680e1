"""Cases of losses of scores and labels, and what all of them refuse."""

from __future__ import annotations

import numpy as np

from chainrule.errors import DTypeError, LabelError, ShapeError
from chainrule.graph import Gate

from .builders import Maker
from .rows import Bad, Case, bad, case, exact, real, whole

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
