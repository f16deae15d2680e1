"""What the functions of `ops/arrange` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_values, refuses, tensor

X, HALVES = tensor(2, 3), np.ones((2, 3), np.float16)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "expand_dims": (
        *not_values(ops.expand_dims),
        refuses(DTypeError, lambda: ops.expand_dims(HALVES), "f16"),
        refuses(IndexingError, lambda: ops.expand_dims(X, axis=3), "axis 3"),
        refuses(IndexingError, lambda: ops.expand_dims(X, axis=-4), "axis -4"),
        refuses(IndexingError, lambda: ops.expand_dims(X, axis=0.5), "axis 0.5"),
    ),
    "squeeze": (
        *not_values(lambda x: ops.squeeze(x, 0)),
        refuses(ShapeError, lambda: ops.squeeze(X, 0), "size 2"),
        refuses(IndexingError, lambda: ops.squeeze(X, 2), "axis 2"),
        refuses(IndexingError, lambda: ops.squeeze(X, None), "axis None"),
        refuses(IndexingError, lambda: ops.squeeze(tensor(1, 1), (0, 0)), "axis (0, 0)"),
    ),
    "stack": (
        refuses(SettingError, lambda: ops.stack(X), "a Tensor"),
        refuses(ShapeError, lambda: ops.stack([]), "no arrays"),
        refuses(ShapeError, lambda: ops.stack([X, tensor(3)]), "shape (3,)"),
        refuses(IndexingError, lambda: ops.stack([X, X], axis=3), "axis 3"),
        refuses(DTypeError, lambda: ops.stack([X, X.astype("float64")]), "f64"),
        refuses(DTypeError, lambda: ops.stack([[1.0], [2.0]]), "a list"),
    ),
    "unstack": (
        *not_values(ops.unstack),
        refuses(IndexingError, lambda: ops.unstack(X, axis=2), "axis 2"),
        refuses(IndexingError, lambda: ops.unstack(1.0), "axis 0 of 0 axes"),
        refuses(DTypeError, lambda: ops.unstack(HALVES), "f16"),
    ),
    "flip": (
        *not_values(ops.flip),
        refuses(IndexingError, lambda: ops.flip(X, axis=2), "axis 2"),
        refuses(IndexingError, lambda: ops.flip(X, axis=(1, 1)), "axis (1, 1)"),
        refuses(IndexingError, lambda: ops.flip(X, axis="rows"), "rows"),
        refuses(DTypeError, lambda: ops.flip(HALVES), "f16"),
    ),
    "roll": (
        *not_values(lambda x: ops.roll(x, 1)),
        refuses(SettingError, lambda: ops.roll(X, 0.5), "shift 0.5"),
        refuses(SettingError, lambda: ops.roll(X, (1, 2)), "shift (1, 2)"),
        refuses(SettingError, lambda: ops.roll(X, (1, 2), axis=0), "axis 0"),
        refuses(IndexingError, lambda: ops.roll(X, 1, axis=2), "axis 2"),
        refuses(IndexingError, lambda: ops.roll(X, 1, axis=(0, -2)), "axis (0, -2)"),
    ),
    "tile": (
        *not_values(lambda x: ops.tile(x, 2)),
        refuses(SettingError, lambda: ops.tile(X, -1), "repetitions -1"),
        refuses(SettingError, lambda: ops.tile(X, (2, 0.5)), "(2, 0.5)"),
        refuses(SettingError, lambda: ops.tile(X, None), "None"),
        refuses(DTypeError, lambda: ops.tile(HALVES, 2), "f16"),
    ),
}
