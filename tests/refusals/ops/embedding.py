"""What the functions of `ops/embedding` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

W, SYMBOLS = tensor(5, 3), np.array([[0, 4], [1, 1]])

TABLE: dict[str, tuple[Refusal, ...]] = {
    "embedding": (
        *not_values(lambda w: ops.embedding(SYMBOLS, w)),
        *not_values(lambda indices: ops.embedding(indices, W)),
        *not_floats(lambda w: ops.embedding(SYMBOLS, w), 5, 3),
        refuses(DTypeError, lambda: ops.embedding(tensor(2, 2), W), "f32[2,2]"),
        refuses(DTypeError, lambda: ops.embedding(0.5, W), "f64[]"),
        refuses(ShapeError, lambda: ops.embedding(SYMBOLS, tensor(5)), "(5,)"),
        refuses(ShapeError, lambda: ops.embedding(SYMBOLS, tensor(5, 3, 1)), "(5, 3, 1)"),
        refuses(IndexingError, lambda: ops.embedding(SYMBOLS + 1, W), "shape (5, 3)"),
        refuses(IndexingError, lambda: ops.embedding(SYMBOLS - 6, W), "shape (5, 3)"),
        refuses(SettingError, lambda: ops.embedding(SYMBOLS, W, padding_idx=5), "padding_idx 5"),
        refuses(SettingError, lambda: ops.embedding(SYMBOLS, W, padding_idx=-6), "padding_idx -6"),
        refuses(SettingError, lambda: ops.embedding(SYMBOLS, W, padding_idx="pad"), "padding_idx 'pad'"),
    ),
}
