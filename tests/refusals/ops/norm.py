"""What the functions of `ops/norm` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

ROWS, THREE = tensor(4, 3), tensor(3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "batch_norm": (
        *not_values(lambda x: ops.batch_norm(x, THREE, THREE)),
        *not_values(lambda w: ops.batch_norm(ROWS, w, THREE)),
        *not_floats(lambda x: ops.batch_norm(x, THREE, THREE), 4, 3),
        refuses(ShapeError, lambda: ops.batch_norm(THREE, THREE, THREE), "f32[3]"),
        refuses(ShapeError, lambda: ops.batch_norm(ROWS, tensor(4), THREE), "f32[4]"),
        refuses(ShapeError, lambda: ops.batch_norm(ROWS, THREE, tensor(1)), "f32[1]"),
        refuses(ShapeError, lambda: ops.batch_norm(tensor(1, 3), THREE, THREE), "one number"),
        refuses(DTypeError, lambda: ops.batch_norm(ROWS, tensor(3, dtype="float64"), THREE), "f64"),
        refuses(SettingError, lambda: ops.batch_norm(ROWS, THREE, THREE, eps=0), "eps 0"),
        refuses(SettingError, lambda: ops.batch_norm(ROWS, THREE, THREE, eps="tiny"), "eps 'tiny'"),
        refuses(SettingError, lambda: ops.batch_norm(ROWS, THREE, THREE, eps=np.inf), "eps inf"),
    ),
    "local_response_norm": (
        *not_values(lambda x: ops.local_response_norm(x, 3)),
        *not_floats(lambda x: ops.local_response_norm(x, 3), 2, 3, 4, 5),
        refuses(ShapeError, lambda: ops.local_response_norm(THREE, 3), "f32[3]"),
        refuses(SettingError, lambda: ops.local_response_norm(ROWS, 0), "size 0"),
        refuses(SettingError, lambda: ops.local_response_norm(ROWS, 2.5), "size 2.5"),
        refuses(SettingError, lambda: ops.local_response_norm(ROWS, True), "size True"),
        refuses(SettingError, lambda: ops.local_response_norm(ROWS, 3, alpha=-1), "alpha -1"),
        refuses(SettingError, lambda: ops.local_response_norm(ROWS, 3, beta="half"), "beta 'half'"),
        refuses(SettingError, lambda: ops.local_response_norm(ROWS, 3, k=float("nan")), "k nan"),
    ),
}
