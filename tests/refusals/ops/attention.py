"""What the functions of `ops/attention` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

Q, K, V = tensor(2, 3, 4), tensor(2, 5, 4), tensor(2, 5, 6)
attend = ops.scaled_dot_product_attention

TABLE: dict[str, tuple[Refusal, ...]] = {
    "scaled_dot_product_attention": (
        *not_values(lambda q: attend(q, K, V)),
        *not_values(lambda v: attend(Q, K, v)),
        *not_floats(lambda q: attend(q, K, V), 2, 3, 4),
        refuses(DTypeError, lambda: attend(Q, K, tensor(2, 5, 6, dtype="float64")), "f64"),
        refuses(ShapeError, lambda: attend(tensor(3, 4), K, V), "q f32[3,4]"),
        refuses(ShapeError, lambda: attend(tensor(4), tensor(4), tensor(4)), "q f32[4]"),
        refuses(ShapeError, lambda: attend(Q, tensor(2, 5, 3), V), "k f32[2,5,3]"),
        refuses(ShapeError, lambda: attend(Q, K, tensor(2, 4, 6)), "v f32[2,4,6]"),
        refuses(ShapeError, lambda: attend(Q, tensor(2, 0, 4), tensor(2, 0, 6)), "nothing to look at"),
        refuses(ShapeError, lambda: attend(Q, K, V, np.ones((5, 3), bool)), "mask bool[5,3]"),
        refuses(ShapeError, lambda: attend(Q, K, V, np.ones((1, 2, 3, 5), bool)), "mask bool[1,2,3,5]"),
        refuses(DTypeError, lambda: attend(Q, K, V, np.ones((3, 5), np.int64)), "mask i64"),
        refuses(DTypeError, lambda: attend(Q, K, V, np.ones((3, 5))), "mask f64"),
        refuses(DTypeError, lambda: attend(Q, K, V, "causal"), "str"),
        refuses(SettingError, lambda: attend(Q, K, V, scale=float("inf")), "scale inf"),
        refuses(SettingError, lambda: attend(Q, K, V, scale="half"), "scale 'half'"),
        refuses(SettingError, lambda: attend(Q, K, V, causal=np.ones((3, 5), bool)), "causal"),
        refuses(SettingError, lambda: attend(Q, K, V, need_weights="no"), "need_weights 'no'"),
        refuses(SettingError, lambda: attend(Q, K, V, p=0.5), "no step"),
        refuses(SettingError, lambda: attend(Q, K, V, p=1.5, step=np.asarray(1)), "p 1.5"),
    ),
}
