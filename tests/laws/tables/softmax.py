"""Rows of the gates of `ops/softmax`: softmax and its relatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, IndexingError, ShapeError
from chainrule.graph import Gate
from chainrule.ops.softmax import LogSoftmax, Logsumexp, Softmax

from ..reference import along, rowwise
from ..rows import Row, bad, case, real, whole


def along_one_axis(gate: type[Gate], function: Any) -> Row:
    """A row for softmax or its logarithm."""
    cases = (
        case(gate(1), real(3, 4)),
        case(gate(0), real(3, 4)),
        case(gate(2), real(2, 3, 2)),
        case(gate(0), real(1)),
        case(gate(1), real(0, 3)),
    )
    refused = (
        bad(IndexingError, gate(2), real(2, 3)),
        bad(ShapeError, gate(1), real(2, 0)),
        bad(DTypeError, gate(0), whole(3)),
    )
    return Row(gate.__name__, cases, rowwise(function), refused, native="parts")


ROWS: tuple[Row, ...] = (
    Row(
        "Logsumexp",
        (
            case(Logsumexp((1,)), real(3, 4)),
            case(Logsumexp((0, 1), True), real(3, 2)),
            case(Logsumexp((0, 2)), real(2, 3, 2)),
            case(Logsumexp(()), real()),
            case(Logsumexp((0,)), real(1)),
            case(Logsumexp((1,)), real(0, 3)),
        ),
        along(lambda row: math.log(np.exp(row).sum())),
        (
            bad(IndexingError, Logsumexp((2,)), real(2, 3)),
            bad(ShapeError, Logsumexp((1,)), real(2, 0)),
            bad(DTypeError, Logsumexp((0,)), whole(3)),
        ),
        native="parts",
    ),
    along_one_axis(Softmax, lambda row: np.exp(row) / np.exp(row).sum()),
    along_one_axis(LogSoftmax, lambda row: np.log(np.exp(row) / np.exp(row).sum())),
)
