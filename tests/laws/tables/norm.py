"""Rows of the gates of `ops/norm`: normalizing."""

from __future__ import annotations

from chainrule.errors import DTypeError, ShapeError
from chainrule.ops.norm import BatchNorm, ChannelSum, LocalResponseNorm

from .. import reference
from ..builders import widths
from ..rows import Row, bad, case, real, whole

ROWS: tuple[Row, ...] = (
    Row(
        "BatchNorm",
        (
            case(BatchNorm(), real(4, 3), real(3), real(3)),
            case(BatchNorm(1e-3), real(2, 2, 3, 2), real(2), real(2)),
            case(BatchNorm(0.1), real(3, 2, 2), real(2), real(2)),
            case(BatchNorm(0.5), real(1, 1, 1, 2), real(1), real(1)),
        ),
        reference.batch_norm,
        (
            bad(ShapeError, BatchNorm(), real(4), real(4), real(4)),
            bad(ShapeError, BatchNorm(), real(4, 3), real(4), real(3)),
            bad(ShapeError, BatchNorm(), real(4, 3), real(3), real(1)),
            bad(ShapeError, BatchNorm(), real(1, 3), real(3), real(3)),
            bad(ShapeError, BatchNorm(), real(0, 3), real(3), real(3)),
            *widths(BatchNorm(), real(4, 3), real(3), real(3)),
        ),
        k=16,
        eps=1e-5,
        native="parts",
    ),
    Row(
        "ChannelSum",
        (
            case(ChannelSum(1, 1), real(2, 5, 2, 1)),
            case(ChannelSum(2, 0), real(2, 4, 1, 1)),
            case(ChannelSum(3, 4), real(1, 3, 1, 2)),
            case(ChannelSum(1, 2), real(1, 37, 2, 1)),
            case(ChannelSum(2, 0), real(2, 4, 2, 3)),
            case(ChannelSum(1, 1), real(0, 3, 2, 2)),
            case(ChannelSum(0, 0), real(1, 1, 1, 1)),
            case(ChannelSum(1, 2), real(0, 3, 1, 2)),
            case(ChannelSum(1, 2), real(2, 0, 1, 2)),
        ),
        reference.channel_sum,
        (bad(ShapeError, ChannelSum(1, 1), real(2, 3)), bad(DTypeError, ChannelSum(1, 1), whole(2, 3, 1, 1))),
        native="pool",
    ),
    Row(
        "LocalResponseNorm",
        (
            case(LocalResponseNorm(3, 0.5, 0.75, 2.0), real(2, 4, 2, 3)),
            case(LocalResponseNorm(5, 0.3), real(1, 7, 2, 1)),
            case(LocalResponseNorm(2, 0.3), real(0, 3, 2, 2)),
            case(LocalResponseNorm(4, 1.0, 0.5, 1.0), real(2, 5)),
            case(LocalResponseNorm(5, 0.3), real(1, 3, 2)),
            case(LocalResponseNorm(1, 0.3), real(1, 1)),
            case(LocalResponseNorm(2, 0.3), real(0, 3)),
        ),
        reference.local_response_norm,
        (
            bad(ShapeError, LocalResponseNorm(3), real(3)),
            bad(DTypeError, LocalResponseNorm(3), whole(2, 3)),
        ),
        k=8,
        eps=2e-6,
        native="parts",
    ),
)
