"""Rows of the gates of `ops/selection`: comparisons and choices."""

from __future__ import annotations

from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.selection import (
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    LogicalAnd,
    LogicalNot,
    LogicalOr,
    Maximum,
    Minimum,
    NotEqual,
    Where,
)

from ..builders import beside, binary, masks
from ..reference import one_by_one
from ..rows import Row, bad, case, mask, real, spaced, whole

ROWS: tuple[Row, ...] = (
    binary(Maximum, spaced, beside, max),
    binary(Minimum, spaced, beside, min),
    binary(Greater, spaced, beside, lambda x, y: x > y),
    binary(GreaterEqual, spaced, beside, lambda x, y: x >= y),
    binary(Less, spaced, beside, lambda x, y: x < y),
    binary(LessEqual, spaced, beside, lambda x, y: x <= y),
    binary(Equal, spaced, beside, lambda x, y: x == y),
    binary(NotEqual, spaced, beside, lambda x, y: x != y),
    masks(LogicalAnd, lambda x, y: x and y, 2),
    masks(LogicalOr, lambda x, y: x or y, 2),
    masks(LogicalNot, lambda x: not x, 1),
    Row(
        "Where",
        (
            case(Where(), mask(2, 3), real(2, 3), real(2, 3)),
            case(Where(), mask(3), real(2, 1), real()),
            case(Where(), mask(2, 1, 1), real(3), real(4, 1)),
            case(Where(), mask(), real(), real()),
            case(Where(), mask(0, 2), real(2), real(1, 2)),
            case(Where(), mask(3), whole(3), whole(2, 3)),
            case(Where(), mask(3), mask(3), mask(3)),
        ),
        one_by_one(lambda condition, x, y: x if condition else y),
        (
            bad(ShapeError, Where(), mask(2), real(3), real(3)),
            bad(DTypeError, Where(), real(3), real(3), real(3)),
            bad(DTypeError, Where(), whole(3), real(3), real(3)),
            bad(DTypeError, Where(), mask(3), real(3), real(3).of("float64")),
            bad(DTypeError, Where(), mask(3), real(3), whole(3)),
        ),
    ),
)
