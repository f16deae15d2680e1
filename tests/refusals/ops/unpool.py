"""What the functions of `ops/unpool` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_values, refuses, tensor
from .pool import borders, pools

X, AT = tensor(1, 2, 2, 3), np.zeros((1, 2, 2, 3), np.int64)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "max_unpool2d": (
        *not_values(lambda x: ops.max_unpool2d(x, AT, 2)),
        *not_values(lambda at: ops.max_unpool2d(X, at, 2)),
        *pools(lambda *a, **b: ops.max_unpool2d(X, AT, *a, **b)),
        *borders(lambda *a, **b: ops.max_unpool2d(X, AT, *a, **b)),
        refuses(ShapeError, lambda: ops.max_unpool2d(X[0], AT[0], 2), "f32[2,2,3]"),
        refuses(ShapeError, lambda: ops.max_unpool2d(X, AT[..., :2], 2), "(1, 2, 2, 2)"),
        refuses(DTypeError, lambda: ops.max_unpool2d(X, tensor(1, 2, 2, 3), 2), "f32"),
        refuses(IndexingError, lambda: ops.max_unpool2d(X, AT + 24, 2), "index 24"),
        refuses(ShapeError, lambda: ops.max_unpool2d(X, AT, 2, output_size=(6, 6)), "output_size (6, 6)"),
        refuses(SettingError, lambda: ops.max_unpool2d(X, AT, 2, output_size="all"), "output_size"),
        refuses(SettingError, lambda: ops.max_unpool2d(X, AT, 2, output_size=(0, 6)), "output_size (0, 6)"),
        refuses(ShapeError, lambda: ops.max_unpool2d(X[:, :, :1], AT[:, :, :1], 2, padding=1), "1×3 pixels"),
    ),
}
