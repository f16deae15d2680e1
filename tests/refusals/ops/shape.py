"""What the functions of `ops/shape` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_values, refuses, tensor

X, HALVES, COMPLEX = tensor(2, 3), np.ones((2, 3), np.float16), np.ones((2, 3), complex)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "reshape": (
        *not_values(lambda x: ops.reshape(x, ())),
        refuses(DTypeError, lambda: ops.reshape(HALVES, 6), "f16"),
        refuses(ShapeError, lambda: ops.reshape(X, 5), "6 elements"),
        refuses(ShapeError, lambda: ops.reshape(X, (4, -1)), "6 elements into shape (4, -1)"),
        refuses(SettingError, lambda: ops.reshape(X, (-1, -1)), "(-1, -1)"),
        refuses(SettingError, lambda: ops.reshape(X, (2.0, 3)), "(2.0, 3)"),
        refuses(SettingError, lambda: ops.reshape(X, "6"), "'6'"),
        refuses(SettingError, lambda: ops.reshape(X, None), "None"),
    ),
    "permute_dims": (
        *not_values(lambda x: ops.permute_dims(x, ())),
        refuses(DTypeError, lambda: ops.permute_dims(COMPLEX, (1, 0)), "complex128"),
        refuses(ShapeError, lambda: ops.permute_dims(X, (0,)), "axes (0,)"),
        refuses(ShapeError, lambda: ops.permute_dims(X, (0, 0)), "axes (0, 0)"),
        refuses(IndexingError, lambda: ops.permute_dims(X, (0, 2)), "axis 2"),
        refuses(SettingError, lambda: ops.permute_dims(X, (0.0, 1.0)), "(0.0, 1.0)"),
    ),
    "matrix_transpose": (
        *not_values(ops.matrix_transpose),
        refuses(ShapeError, lambda: ops.matrix_transpose(tensor(3)), "1 axes"),
        refuses(ShapeError, lambda: ops.matrix_transpose(1.0), "0 axes"),
        refuses(DTypeError, lambda: ops.matrix_transpose(HALVES), "f16"),
    ),
    "broadcast_to": (
        *not_values(lambda x: ops.broadcast_to(x, (2,))),
        refuses(ShapeError, lambda: ops.broadcast_to(X, (2, 4)), "to (2, 4)"),
        refuses(ShapeError, lambda: ops.broadcast_to(X, 3), "to (3,)"),
        refuses(ShapeError, lambda: ops.broadcast_to(X, (-1, 2, 3)), "to (-1, 2, 3)"),
        refuses(SettingError, lambda: ops.broadcast_to(X, (2.0, 3)), "(2.0, 3)"),
        refuses(DTypeError, lambda: ops.broadcast_to(HALVES, (1, 2, 3)), "f16"),
    ),
    "pad": (
        *not_values(lambda x: ops.pad(x, [])),
        refuses(DTypeError, lambda: ops.pad(X > 0, [(1, 1), (0, 0)]), "bool[2,3]"),
        refuses(ShapeError, lambda: ops.pad(X, [(1, 1)]), "1 pairs"),
        refuses(SettingError, lambda: ops.pad(X, [(1, 1), (-1, 0)]), "(-1, 0)"),
        refuses(SettingError, lambda: ops.pad(X, [1, 2]), "((1,), (2,))"),
        refuses(SettingError, lambda: ops.pad(X, [(0.5, 0), (0, 0)]), "(0.5, 0)"),
        refuses(SettingError, lambda: ops.pad(X, 1), "widths 1"),
        refuses(SettingError, lambda: ops.pad(X, [(1, 1), (0, 0)], value="0"), "value '0'"),
    ),
    "concat": (
        refuses(SettingError, lambda: ops.concat(X), "a Tensor"),
        refuses(SettingError, lambda: ops.concat("xy"), "a str"),
        refuses(ShapeError, lambda: ops.concat([]), "no arrays"),
        refuses(ShapeError, lambda: ops.concat([X, tensor(2, 2)]), "f32[2,3]", "f32[2,2]"),
        refuses(ShapeError, lambda: ops.concat([X, tensor(3)]), "f32[3]"),
        refuses(IndexingError, lambda: ops.concat([X, X], axis=2), "axis 2"),
        refuses(DTypeError, lambda: ops.concat([X, X.astype("float64")]), "f64"),
        refuses(DTypeError, lambda: ops.concat([X, [[1.0, 2.0, 3.0]]]), "a list"),
        refuses(DTypeError, lambda: ops.concat([None]), "a NoneType"),
    ),
    "split": (
        *not_values(lambda x: ops.split(x, 1)),
        refuses(ShapeError, lambda: ops.split(X, (1, 2)), "sizes (1, 2)"),
        refuses(SettingError, lambda: ops.split(X, 0), "sizes 0"),
        refuses(SettingError, lambda: ops.split(X, (3, -1)), "(3, -1)"),
        refuses(SettingError, lambda: ops.split(X, 1.5), "1.5"),
        refuses(SettingError, lambda: ops.split(X, ()), "sizes ()"),
        refuses(IndexingError, lambda: ops.split(X, 1, axis=2), "axis 2"),
        refuses(IndexingError, lambda: ops.split(X, 1, axis=(0, 1)), "axis (0, 1)"),
    ),
    "astype": (
        *not_values(lambda x: ops.astype(x, "float64")),
        refuses(DTypeError, lambda: ops.astype(X, "float16"), "float16"),
        refuses(DTypeError, lambda: ops.astype(X, complex), "complex128"),
        refuses(DTypeError, lambda: ops.astype(X, "text"), "'text'"),
        refuses(DTypeError, lambda: ops.astype(HALVES, "float32"), "f16"),
    ),
}
