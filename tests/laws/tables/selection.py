"""Rows of the gates of `ops/selection`: comparisons and choices."""

from __future__ import annotations

from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.selection import (
    Clip,
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
from ..rows import Input, Row, bad, case, mask, real, spaced, whole


def low(*shape: int) -> Input:
    """Numbers as `beside`, three steps lower."""
    return spaced(*shape, shift=-0.395)


def high(*shape: int) -> Input:
    """Numbers three steps higher, that are none of both."""
    return spaced(*shape, shift=0.5825)


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
        "Clip",
        (
            case(Clip(), spaced(2, 3), low(2, 3), high(2, 3)),
            case(Clip(), spaced(4, 3), low(3), high(4, 1)),
            case(Clip(), spaced(3, 1, 2), low(), high()),
            case(Clip(), spaced(5), high(5), low(5)),
            case(Clip(), spaced(), low(), high()),
            case(Clip(), spaced(0, 2), low(2), high(1, 2)),
            case(Clip(), whole(4, 3), whole(3, high=4), whole(4, 3, low=5)),
        ),
        one_by_one(lambda x, low, high: sorted((x, low, high))[1] if low < high else high),
        (
            bad(ShapeError, Clip(), real(2), real(3), real(3)),
            bad(DTypeError, Clip(), real(3), real(3), real(3).of("float64")),
            bad(DTypeError, Clip(), mask(3), mask(3), mask(3)),
        ),
    ),
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
