"""What the functions of `ops/indexing` refuse."""

import numpy as np

from chainrule import ops, trace
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError, TraceError

from ..rows import Refusal, not_values, refuses, tensor

X, ONE, HALVES = tensor(2, 3), np.zeros((2, 1), int), np.ones((2, 3), np.float16)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "index": (
        *not_values(lambda x: ops.index(x, ...)),
        refuses(DTypeError, lambda: ops.index(HALVES, 0), "f16"),
        refuses(DTypeError, lambda: ops.index(X, np.array([0.0])), "float64"),
        refuses(DTypeError, lambda: ops.index(X, ["a"]), "index array of <U1"),
        refuses(IndexingError, lambda: ops.index(X, 2), "out of bounds"),
        refuses(IndexingError, lambda: ops.index(X, (0, 0, 0)), "too many indices"),
        refuses(IndexingError, lambda: ops.index(X, np.array([0, -3])), "-3"),
        refuses(IndexingError, lambda: ops.index(X, ([0, 1], [0, 1, 2])), "broadcast"),
        refuses(IndexingError, lambda: ops.index(X, True), "bool"),
        refuses(IndexingError, lambda: ops.index(X, 0.5), "float"),
        refuses(IndexingError, lambda: ops.index(X, slice(0.5, None)), "a slice with a bound of type float"),
        refuses(IndexingError, lambda: ops.index(X, slice(None, None, 0)), "step"),
        refuses(IndexingError, lambda: ops.index(X, [[0], [0, 1]]), "rows that differ"),
        refuses(IndexingError, lambda: ops.index(X, np.array([True, False, True])), "mask"),
        refuses(TraceError, lambda: trace(lambda x: ops.index(x, x > 1), X), "a mask bool[2,3]"),
    ),
    "take_along_axis": (
        *not_values(lambda x: ops.take_along_axis(x, ONE)),
        refuses(DTypeError, lambda: ops.take_along_axis(X, ONE * 1.0), "f64"),
        refuses(DTypeError, lambda: ops.take_along_axis(HALVES, ONE), "f16"),
        refuses(ShapeError, lambda: ops.take_along_axis(X, ONE[:1]), "i64[1,1]"),
        refuses(ShapeError, lambda: ops.take_along_axis(X, ONE[0]), "i64[1]"),
        refuses(IndexingError, lambda: ops.take_along_axis(X, ONE + 3), "index 3"),
        refuses(IndexingError, lambda: ops.take_along_axis(X, ONE, axis=2), "axis 2"),
    ),
    "scatter_along_axis": (
        *not_values(lambda x: ops.scatter_along_axis(x, ONE, axis=0, size=3)),
        refuses(DTypeError, lambda: ops.scatter_along_axis(X[:, :1], ONE > 0, axis=1, size=3), "bool"),
        refuses(DTypeError, lambda: ops.scatter_along_axis(ONE > 0, ONE, axis=1, size=3), "bool"),
        refuses(ShapeError, lambda: ops.scatter_along_axis(X, ONE, axis=1, size=3), "i64[2,1]"),
        refuses(IndexingError, lambda: ops.scatter_along_axis(ONE, ONE + 3, axis=1, size=3), "index 3"),
        refuses(IndexingError, lambda: ops.scatter_along_axis(ONE, ONE, axis=2, size=3), "axis 2"),
        refuses(SettingError, lambda: ops.scatter_along_axis(ONE, ONE, axis=1, size=-1), "size -1"),
        refuses(SettingError, lambda: ops.scatter_along_axis(ONE, ONE, axis=1, size=2.5), "size 2.5"),
    ),
}
