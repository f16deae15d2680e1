"""Rows of the gates of `ops/indexing`: picking elements out."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import DTypeError, IndexingError, ShapeError
from chainrule.ops.indexing import Given, Index, IndexAdd, ScatterAlongAxis, Slice, TakeAlongAxis

from .. import reference
from ..rows import Input, Row, bad, case, exact, mask, real, whole

every = Slice(None, None, None)
keys: list[tuple[tuple[Any, ...], tuple[int, ...], tuple[Input, ...]]] = [
    ((1,), (3, 4), ()),
    ((Slice(None, None, -2), Slice(1, 3, None)), (5, 4), ()),
    ((Ellipsis, None, -1), (2, 3), ()),
    ((Given(),), (4, 2), (whole(3, 2, low=-4, high=4),)),
    ((Given(), Given()), (3, 4), (exact([0, 2, 0, 0]), exact([1, 3, 1, 1], "int32"))),
    ((every, Given()), (2, 3), (exact([[2, 2], [0, 1]], "uint8"),)),
    ((Given(), every, Given()), (2, 3, 4), (exact([[0], [1], [0]]), exact([3, 0]))),
    ((every, Given(), Ellipsis, Given()), (2, 3, 2), (exact([0, 2, 0]), exact([1, 1, 1]))),
    ((Slice(1, None, None), 0, Given(), None), (3, 2, 4), (exact([1, 1, 3]),)),
    ((0,), (1,), ()),
    ((Slice(2, 2, None),), (4, 3), ()),
    ((Given(),), (3, 0), (exact([2, 2, 1]),)),
]


def picked(key: tuple[Any, ...], shape: tuple[int, ...], indices: tuple[Input, ...]) -> tuple[int, ...]:
    arrays = tuple(i.make(np.random.default_rng(0), None) for i in indices)
    return np.zeros(shape)[reference.plain_key(key, arrays)].shape


#        axis, x, indices
TAKEN = [
    (1, (2, 4), exact([[3, 0, 3], [1, -1, 1]])),
    (0, (3, 2), exact([[2, 0]], "int32")),
    (1, (2, 3, 2), whole(2, 5, 2, low=-3, high=3)),
    (2, (1, 2, 3), whole(1, 2, 4, high=3, dtype="uint64")),
    (0, (1,), exact([0])),
    (1, (0, 3), exact(np.zeros((0, 2)))),
    (0, (4,), exact([2, 2, 2, 1], "uint8")),
]


ROWS: tuple[Row, ...] = (
    Row(
        "Index",
        (
            *(case(Index(key), real(*shape), *indices) for key, shape, indices in keys),
            case(Index((1,)), mask(3)),
        ),
        reference.index,
        (
            bad(IndexingError, Index((3,)), real(3)),
            bad(IndexingError, Index((0, 0)), real(3)),
            bad(IndexingError, Index((Given(),)), real(3), exact([3])),
            bad(IndexingError, Index((Given(), Given())), real(3, 3), exact([0, 1]), exact([0, 1, 2])),
            bad(ShapeError, Index((Given(), Given())), real(3, 3), exact([0, 1])),
            bad(ShapeError, Index((0,)), real(3), exact([0, 1])),
            bad(DTypeError, Index((Given(),)), real(3), real(2)),
            bad(DTypeError, Index((Given(),)), real(3), mask(3)),
        ),
        native="view or take",
    ),
    Row(
        "IndexAdd",
        tuple(
            case(IndexAdd(key, shape), real(*picked(key, shape, indices)), *indices)
            for key, shape, indices in keys
            if not any(i.kind == "whole" for i in indices)
        ),
        reference.index_add,
        (
            bad(ShapeError, IndexAdd((0,), (3, 2)), real(3)),
            bad(IndexingError, IndexAdd((3,), (3,)), real()),
            bad(IndexingError, IndexAdd((Given(),), (3,)), real(1), exact([3])),
            bad(ShapeError, IndexAdd((Given(), Given()), (3, 3)), real(2), exact([0, 1])),
            bad(DTypeError, IndexAdd((Given(),), (3,)), real(2), real(2)),
        ),
        native="copy or scatter",
    ),
    Row(
        "TakeAlongAxis",
        (
            *(case(TakeAlongAxis(axis), real(*shape), indices) for axis, shape, indices in TAKEN),
            case(TakeAlongAxis(0), whole(3), exact([2, 0])),
        ),
        reference.take_along_axis,
        (
            bad(ShapeError, TakeAlongAxis(1), real(2, 3), whole(3, 1, high=3)),
            bad(ShapeError, TakeAlongAxis(1), real(2, 3), whole(2, high=3)),
            bad(IndexingError, TakeAlongAxis(2), real(2, 3), whole(2, 3, high=2)),
            bad(IndexingError, TakeAlongAxis(0), real(3), exact([3])),
            bad(IndexingError, TakeAlongAxis(0), real(3), exact([-4])),
            bad(DTypeError, TakeAlongAxis(0), real(3), real(3)),
        ),
        native="take",
    ),
    Row(
        "ScatterAlongAxis",
        tuple(
            case(ScatterAlongAxis(axis, shape[axis]), real(*indices.shape), indices)
            for axis, shape, indices in TAKEN
        ),
        reference.scatter_along_axis,
        (
            bad(ShapeError, ScatterAlongAxis(0, 3), real(2), whole(3, high=3)),
            bad(IndexingError, ScatterAlongAxis(1, 3), real(2), whole(2, high=3)),
            bad(IndexingError, ScatterAlongAxis(0, 3), real(1), exact([3])),
            bad(DTypeError, ScatterAlongAxis(0, 3), real(3), real(3)),
        ),
        native="scatter",
    ),
)
