"""Rows of the gates of `ops/pool`: pooling."""

from __future__ import annotations

from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake

from .. import reference
from ..rows import Row, bad, case, mask, real, spaced, whole
from ..windows import DILATED, pooling, two, winners

ROWS: tuple[Row, ...] = (
    Row(
        "MaxPool2d",
        pooling(lambda w, n, c, size, _: case(MaxPool2d(w), spaced(n, c, *size)), DILATED),
        reference.max_pool2d,
        (
            bad(ShapeError, MaxPool2d(two), real(4, 4)),
            bad(ShapeError, MaxPool2d(two), real(1, 1, 4, 1)),
            bad(DTypeError, MaxPool2d(two), whole(1, 1, 4, 4)),
        ),
        native="pool",
    ),
    Row(
        "MaxPool2dInput",
        pooling(
            lambda w, n, c, size, out: case(
                MaxPool2dInput(w, size), real(n, c, *out), winners(w, n, c, *out)
            ),
            DILATED,
        ),
        reference.max_pool2d_input,
        (
            bad(ShapeError, MaxPool2dInput(two, (4, 4)), real(1, 1, 2, 2), winners(two, 1, 1, 2, 1)),
            bad(ShapeError, MaxPool2dInput(two, (4, 4)), real(1, 1, 3, 3), winners(two, 1, 1, 3, 3)),
            bad(ShapeError, MaxPool2dInput(two, (4, 4)), real(2, 2), winners(two, 2, 2)),
            bad(DTypeError, MaxPool2dInput(two, (4, 4)), real(1, 1, 2, 2), real(1, 1, 2, 2)),
            bad(DTypeError, MaxPool2dInput(two, (4, 4)), mask(1, 1, 2, 2), winners(two, 1, 1, 2, 2)),
        ),
        native="pool",
    ),
    Row(
        "MaxPool2dTake",
        pooling(
            lambda w, n, c, size, out: case(MaxPool2dTake(w), real(n, c, *size), winners(w, n, c, *out)),
            DILATED,
        ),
        reference.max_pool2d_take,
        (
            bad(ShapeError, MaxPool2dTake(two), real(1, 1, 4, 4), winners(two, 1, 1, 2, 1)),
            bad(ShapeError, MaxPool2dTake(two), real(4, 4), winners(two, 2, 2)),
            bad(DTypeError, MaxPool2dTake(two), real(1, 1, 4, 4), real(1, 1, 2, 2)),
            bad(DTypeError, MaxPool2dTake(two), whole(1, 1, 4, 4), winners(two, 1, 1, 2, 2)),
        ),
        native="pool",
    ),
    Row(
        "AvgPool2d",
        pooling(lambda w, n, c, size, _: case(AvgPool2d(w), real(n, c, *size))),
        reference.avg_pool2d,
        (
            bad(ShapeError, AvgPool2d(two), real(4, 4)),
            bad(ShapeError, AvgPool2d(two), real(1, 1, 4, 1)),
            bad(DTypeError, AvgPool2d(two), whole(1, 1, 4, 4)),
        ),
        native="pool",
    ),
    Row(
        "AvgPool2dInput",
        pooling(lambda w, n, c, size, out: case(AvgPool2dInput(w, size), real(n, c, *out))),
        reference.avg_pool2d_input,
        (
            bad(ShapeError, AvgPool2dInput(two, (4, 4)), real(1, 1, 3, 2)),
            bad(ShapeError, AvgPool2dInput(two, (4, 4)), real(2, 2)),
            bad(DTypeError, AvgPool2dInput(two, (4, 4)), whole(1, 1, 2, 2)),
        ),
        native="pool",
    ),
)
