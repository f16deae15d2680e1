"""Rows of the gates of `ops/scan`: running totals."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DTypeError, IndexingError
from chainrule.ops.scan import CumulativeSum

from ..rows import Row, bad, case, mask, real, whole


def running(gate: Any, x: np.ndarray) -> Any:
    """Each total summed up from its beginning."""
    rows = np.moveaxis(x, gate.axis, 0)
    stretches = [rows[k:] if gate.reverse else rows[: k + 1] for k in range(len(rows))]
    out = np.array([stretch.sum(axis=0) for stretch in stretches]).reshape(rows.shape)
    return np.moveaxis(out, 0, gate.axis)


ROWS: tuple[Row, ...] = (
    Row(
        "CumulativeSum",
        (
            case(CumulativeSum(0), real(19)),
            case(CumulativeSum(1), real(3, 5)),
            case(CumulativeSum(0, True), real(4, 3)),
            case(CumulativeSum(1, True), real(2, 18)),
            case(CumulativeSum(1), real(2, 3, 4)),
            case(CumulativeSum(0), real(1)),
            case(CumulativeSum(1, True), real(3, 0)),
            case(CumulativeSum(0), whole(2, 3, high=5, dtype="int32")),
        ),
        running,
        (
            bad(IndexingError, CumulativeSum(1), real(3)),
            bad(IndexingError, CumulativeSum(-1), real(3)),
            bad(DTypeError, CumulativeSum(0), mask(3)),
            bad(DTypeError, CumulativeSum(0), real(3).of("float16")),
        ),
        native="scan",
    ),
)
