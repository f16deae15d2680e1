"""What every loss of scores and labels refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, LabelError, ShapeError

from .rows import Refusal, not_floats, not_values, refuses, tensor

SCORES, LABELS = tensor(2, 3), np.array([0, 2])


def not_scores(loss: Callable[[Any, Any], Any]) -> tuple[Refusal, ...]:
    """Scores and labels that do not go together, or are none."""
    return (
        *not_values(lambda x: loss(x, LABELS)),
        *not_values(lambda x: loss(SCORES, x)),
        *not_floats(lambda x: loss(x, LABELS), 2, 3),
        refuses(ShapeError, lambda: loss(tensor(3), LABELS), "f32[3]"),
        refuses(ShapeError, lambda: loss(SCORES, np.array([0, 1, 2])), "i64[3]"),
        refuses(ShapeError, lambda: loss(SCORES, np.array([[0], [1]])), "i64[2,1]"),
        refuses(DTypeError, lambda: loss(SCORES, np.array([0.0, 1.0])), "f64[2]"),
        refuses(DTypeError, lambda: loss(SCORES, np.array([True, False])), "bool[2]"),
        refuses(LabelError, lambda: loss(SCORES, np.array([0, 3])), "label 3 at 1"),
        refuses(LabelError, lambda: loss(SCORES, np.array([-1, 0])), "label -1 at 0"),
    )
