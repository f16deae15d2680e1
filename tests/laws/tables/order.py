"""Rows of the gates of `ops/order`: the numbers of an axis in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DTypeError, IndexingError
from chainrule.ops.order import Argsort

from ..rows import Row, bad, case, exact, mask, real, spaced


def ordered(gate: Any, x: np.ndarray) -> Any:
    """Places in order by Python's sort, which is stable."""

    def row(numbers: np.ndarray) -> np.ndarray:
        sign = -1 if gate.descending else 1
        return np.array(sorted(range(numbers.size), key=lambda k: sign * numbers[k]), np.int64)

    return np.apply_along_axis(row, gate.axis, x) if x.size else x.astype(np.int64)


ROWS: tuple[Row, ...] = (
    Row(
        "Argsort",
        (
            case(Argsort(0), spaced(7)),
            case(Argsort(1, True), spaced(3, 4)),
            case(Argsort(1), spaced(2, 3, 2)),
            case(Argsort(0, True), exact([1, 3, 3, 0, 1])),
            case(Argsort(0), real(1)),
            case(Argsort(1), real(3, 0)),
        ),
        ordered,
        (
            bad(IndexingError, Argsort(1), real(3)),
            bad(DTypeError, Argsort(0), mask(3)),
            bad(DTypeError, Argsort(0), real(3).of("float16")),
        ),
        native="none yet: a kernel that sorts",
    ),
)
