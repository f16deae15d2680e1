"""Rows of the gates of `ops/reduction`: reductions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, IndexingError, ShapeError
from chainrule.graph import Gate
from chainrule.ops.penalty import SumOfAbs, SumOfSquares
from chainrule.ops.reduction import Argmax, Argmin, Max, Mean, Min, Sum, Var

from ..builders import reduction
from ..reference import along
from ..rows import Row, apart, bad, case, exact, mask, real, spaced, whole


def extreme(gate: type[Gate], function: Any) -> Row:
    """A row for the largest or the smallest along one axis."""
    cases = (
        case(gate((0,)), spaced(4)),
        case(gate((1,)), spaced(3, 4)),
        case(gate((0,), True), spaced(3, 2, 2)),
        case(gate((1,)), spaced(2, 3, 5)),
        case(gate((0,)), spaced(1, 1)),
        case(gate((1,)), spaced(0, 3)),
        case(gate((0,)), whole(5, high=3)),
    )
    refused = (
        bad(IndexingError, gate((2,)), real(2, 3)),
        bad(ShapeError, gate((1,)), real(2, 0)),
        bad(DTypeError, gate((0,)), mask(3)),
    )
    return Row(gate.__name__, cases, along(function), refused, native="reduce")


def winner(gate: type[Gate], function: Any) -> Row:
    """A row for where the largest or the smallest stands."""
    cases = (
        case(gate(0), spaced(5)),
        case(gate(1), spaced(3, 4)),
        case(gate(1, True), spaced(2, 3, 2)),
        case(gate(0), exact([1, 3, 3, 0, 0])),
        case(gate(0), real(1)),
        case(gate(1), real(0, 3)),
    )
    refused = (
        bad(IndexingError, gate(1), real(3)),
        bad(ShapeError, gate(0), real(0)),
        bad(DTypeError, gate(0), mask(3)),
    )
    return Row(gate.__name__, cases, along(function), refused, native="argmax")


ROWS: tuple[Row, ...] = (
    reduction(Sum, real, np.sum),
    reduction(Mean, real, lambda row: row.sum() / row.size if row.size else math.nan),
    reduction(SumOfSquares, real, lambda row: (row * row).sum()),
    reduction(SumOfAbs, apart, lambda row: sum(abs(n) for n in row.ravel())),
    extreme(Max, np.max),
    extreme(Min, np.min),
    Row(
        "Var",
        (
            case(Var((0, 1)), real(3, 4)),
            case(Var((1,), True, 1.0), real(3, 4)),
            case(Var((0, 2), False, 1.0), real(2, 3, 5)),
            case(Var((0,), False, 0.5), real(2)),
            case(Var((0,)), real(1)),
            case(Var((1,)), real(0, 3)),
        ),
        lambda gate, x: x.var(axis=gate.axis, ddof=gate.correction, keepdims=gate.keepdims),
        (
            bad(IndexingError, Var((2,)), real(2, 3)),
            bad(ShapeError, Var((0,), False, 1.0), real(1)),
            bad(ShapeError, Var((0,), False, 3.0), real(2)),
            bad(DTypeError, Var((0,)), whole(3)),
        ),
        eps=4e-6,
        native="parts",
    ),
    winner(Argmax, lambda row: int(np.flatnonzero(row == row.max())[0]) if row.size else 0),
    winner(Argmin, lambda row: int(np.flatnonzero(row == row.min())[0]) if row.size else 0),
)
