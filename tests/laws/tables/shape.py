"""Rows of the gates of `ops/shape`: changes of shape."""

from __future__ import annotations

import numpy as np

from chainrule.errors import DTypeError, IndexingError, ShapeError
from chainrule.ops.shape import Astype, BroadcastTo, Concat, Pad, PermuteDims, Reshape, Split

from .. import reference
from ..rows import Row, bad, case, mask, real, whole

ROWS: tuple[Row, ...] = (
    Row(
        "Reshape",
        (
            case(Reshape((6,)), real(2, 3)),
            case(Reshape((3, 1, 4)), real(2, 6)),
            case(Reshape(()), real(1, 1)),
            case(Reshape((0, 5)), real(3, 0)),
            case(Reshape((4,)), mask(2, 2)),
        ),
        lambda gate, x: np.array(list(x.ravel()), x.dtype).reshape(gate.shape),
        (bad(ShapeError, Reshape((5,)), real(2, 3)), bad(ShapeError, Reshape(()), real(0))),
        native="view",
    ),
    Row(
        "PermuteDims",
        (
            case(PermuteDims((1, 0)), real(2, 3)),
            case(PermuteDims((2, 0, 1)), real(2, 3, 4)),
            case(PermuteDims((0, 2, 3, 1)), real(1, 2, 3, 2)),
            case(PermuteDims(()), real()),
            case(PermuteDims((1, 0)), real(0, 3)),
            case(PermuteDims((1, 0)), whole(2, 1)),
        ),
        lambda gate, x: np.einsum(x, list(range(x.ndim)), list(gate.axes)),
        (
            bad(ShapeError, PermuteDims((0,)), real(2, 3)),
            bad(ShapeError, PermuteDims((0, 0)), real(2, 3)),
            bad(ShapeError, PermuteDims((0, 2)), real(2, 3)),
        ),
        native="view",
    ),
    Row(
        "BroadcastTo",
        (
            case(BroadcastTo((4, 3)), real(3)),
            case(BroadcastTo((2, 3, 2)), real(3, 1)),
            case(BroadcastTo((2, 3, 2)), real(3, 2)),
            case(BroadcastTo((2, 2)), real()),
            case(BroadcastTo((1, 1)), real(1)),
            case(BroadcastTo((0, 3)), real(1, 3)),
            case(BroadcastTo((2, 3)), whole(3)),
        ),
        lambda gate, x: x * np.ones(gate.shape, x.dtype),
        (
            bad(ShapeError, BroadcastTo((4, 2)), real(3)),
            bad(ShapeError, BroadcastTo((3,)), real(2, 3)),
            bad(ShapeError, BroadcastTo((1,)), real(3)),
        ),
        native="view",
    ),
    Row(
        "Pad",
        (
            case(Pad(((1, 2),)), real(3)),
            case(Pad(((0, 1), (2, 0)), 1.5), real(2, 3)),
            case(Pad(((0, 0), (1, 1), (0, 2))), real(1, 2, 2)),
            case(Pad(()), real()),
            case(Pad(((1, 1), (0, 0))), real(0, 2)),
            case(Pad(((1, 1),), 2.0), whole(3)),
        ),
        reference.pad,
        (bad(ShapeError, Pad(((1, 1),)), real(2, 3)), bad(DTypeError, Pad(((1, 1),)), mask(3))),
        native="copy",
    ),
    Row(
        "Concat",
        (
            case(Concat(0), real(2, 3), real(1, 3)),
            case(Concat(1), real(2, 1), real(2, 3), real(2, 2)),
            case(Concat(2), real(1, 2, 2), real(1, 2, 1)),
            case(Concat(0), real(1)),
            case(Concat(0), real(0, 2), real(3, 2)),
            case(Concat(0), mask(2), mask(3)),
        ),
        reference.concat,
        (
            bad(ShapeError, Concat(0), real(2, 3), real(2, 2)),
            bad(ShapeError, Concat(0), real(2, 3), real(3)),
            bad(IndexingError, Concat(2), real(2, 3), real(2, 3)),
            bad(DTypeError, Concat(0), real(2), real(2).of("float64")),
            bad(DTypeError, Concat(0), real(2), whole(2)),
        ),
        native="copy",
    ),
    Row(
        "Split",
        (
            case(Split(0, (1, 3)), real(4, 3)),
            case(Split(1, (2, 1, 2)), real(2, 5)),
            case(Split(2, (1, 1)), real(2, 3, 2)),
            case(Split(0, (1, 1, 1)), real(3)),
            case(Split(1, (0, 2)), real(3, 2)),
            case(Split(0, (2, 1)), mask(3)),
        ),
        reference.split,
        (
            bad(ShapeError, Split(0, (1, 1)), real(3, 2)),
            bad(ShapeError, Split(0, (3,)), real(3)),
            bad(IndexingError, Split(2, (1, 1)), real(2, 2)),
        ),
        native="parts",
    ),
    Row(
        "Astype",
        (
            case(Astype("float64"), real(2, 3)),
            case(Astype("float32"), real(2, 3)),
            case(Astype("float32"), whole(4)),
            case(Astype("float32"), mask(3)),
            case(Astype("int64"), whole(3, dtype="int32")),
            case(Astype("bool"), whole(5, high=2)),
            case(Astype("float64"), real()),
            case(Astype("float64"), real(0, 2)),
        ),
        lambda gate, x: x.astype(gate.dtype),
        (bad(DTypeError, Astype("float32"), real(2).of("float16")),),
        step=0.5,  # differences of float32 numbers in float64 need a large step; the gate is linear
        tolerance=1e-5,
    ),
)
