"""What the functions of `ops/margin` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from ..scores import LABELS, SCORES, not_scores

ROWS, SIGNS = tensor(2, 3), np.array([[1, -1, 1], [1, 1, -1]])
WIDE = tensor(2, 3, dtype="float64")
TRIPLET, PAIR = ops.triplet_margin, ops.contrastive

TABLE: dict[str, tuple[Refusal, ...]] = {
    "multiclass_hinge": (
        *not_scores(ops.multiclass_hinge),
        refuses(SettingError, lambda: ops.multiclass_hinge(SCORES, LABELS, margin=float("nan")), "nan"),
        refuses(SettingError, lambda: ops.multiclass_hinge(SCORES, LABELS, margin="wide"), "'wide'"),
        refuses(SettingError, lambda: ops.multiclass_hinge(SCORES, LABELS, p=3), "p 3"),
        refuses(SettingError, lambda: ops.multiclass_hinge(SCORES, LABELS, p=True), "p True"),
    ),
    "binary_hinge": (
        *not_values(lambda x: ops.binary_hinge(x, SIGNS)),
        *not_values(lambda x: ops.binary_hinge(ROWS, x)),
        *not_floats(lambda x: ops.binary_hinge(x, SIGNS), 2, 3),
        refuses(ShapeError, lambda: ops.binary_hinge(ROWS, SIGNS[:1]), "i64[1,3]"),
        refuses(DTypeError, lambda: ops.binary_hinge(ROWS, ROWS), "f32[2,3]"),
        refuses(SettingError, lambda: ops.binary_hinge(ROWS, SIGNS, margin=float("inf")), "inf"),
        refuses(SettingError, lambda: ops.binary_hinge(ROWS, SIGNS, p=0), "p 0"),
    ),
    "triplet_margin": (
        *not_values(lambda x: TRIPLET(x, ROWS, ROWS)),
        *not_values(lambda x: TRIPLET(ROWS, x, ROWS)),
        *not_values(lambda x: TRIPLET(ROWS, ROWS, x)),
        *not_floats(lambda x: TRIPLET(x, x, x), 2, 3),
        refuses(ShapeError, lambda: TRIPLET(ROWS, tensor(1, 3), ROWS), "f32[1,3]"),
        refuses(ShapeError, lambda: TRIPLET(ROWS, ROWS, tensor(2, 4)), "f32[2,4]"),
        refuses(ShapeError, lambda: TRIPLET(tensor(3), tensor(3), tensor(3)), "(3,)"),
        refuses(DTypeError, lambda: TRIPLET(ROWS, ROWS, WIDE), "f64[2,3]"),
        refuses(SettingError, lambda: TRIPLET(ROWS, ROWS, ROWS, margin=None), "None"),
        refuses(SettingError, lambda: TRIPLET(ROWS, ROWS, ROWS, eps=-1.0), "eps -1.0"),
    ),
    "contrastive": (
        *not_values(lambda x: PAIR(x, ROWS, LABELS)),
        *not_values(lambda x: PAIR(ROWS, x, LABELS)),
        *not_values(lambda x: PAIR(ROWS, ROWS, x)),
        *not_floats(lambda x: PAIR(x, x, LABELS), 2, 3),
        refuses(ShapeError, lambda: PAIR(ROWS, tensor(1, 3), LABELS), "f32[1,3]"),
        refuses(ShapeError, lambda: PAIR(ROWS, ROWS, LABELS[:1]), "i64[1]"),
        refuses(DTypeError, lambda: PAIR(ROWS, ROWS, tensor(2)), "f32[2]"),
        refuses(SettingError, lambda: PAIR(ROWS, ROWS, LABELS, margin=float("nan")), "nan"),
    ),
}
