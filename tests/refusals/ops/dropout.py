"""What the functions of `ops/dropout` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X, STEP = tensor(3), np.asarray(1)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "dropout": (
        *not_values(lambda x: ops.dropout(x, STEP, seed=0)),
        *not_floats(lambda x: ops.dropout(x, STEP, seed=0), 3),
        refuses(SettingError, lambda: ops.dropout(X, STEP, p=1.0, seed=0), "p 1.0"),
        refuses(SettingError, lambda: ops.dropout(X, STEP, p=-0.1, seed=0), "p -0.1"),
        refuses(SettingError, lambda: ops.dropout(X, STEP, p="half", seed=0), "p 'half'"),
        refuses(SettingError, lambda: ops.dropout(X, STEP, seed=-1), "seed -1"),
        refuses(ShapeError, lambda: ops.dropout(X, np.asarray([1]), seed=0), "i64[1]"),
        refuses(DTypeError, lambda: ops.dropout(X, 0.5, seed=0), "f64[]"),
    ),
    "alpha_dropout": (
        *not_values(lambda x: ops.alpha_dropout(x, STEP, seed=0)),
        *not_floats(lambda x: ops.alpha_dropout(x, STEP, seed=0), 3),
        refuses(ShapeError, lambda: ops.alpha_dropout(X, np.asarray([1]), seed=0), "i64[1]"),
        refuses(DTypeError, lambda: ops.alpha_dropout(X, 0.5, seed=0), "f64[]"),
        refuses(SettingError, lambda: ops.alpha_dropout(X, STEP, p=1, seed=0), "p 1"),
        refuses(SettingError, lambda: ops.alpha_dropout(X, STEP, seed="one"), "seed 'one'"),
    ),
    "channel_dropout": (
        *not_values(lambda x: ops.channel_dropout(x, STEP, seed=0)),
        *not_floats(lambda x: ops.channel_dropout(x, STEP, seed=0), 2, 3, 4),
        refuses(ShapeError, lambda: ops.channel_dropout(X, STEP, seed=0), "f32[3]"),
        refuses(ShapeError, lambda: ops.channel_dropout(tensor(2, 3, 4), np.asarray([1]), seed=0), "i64[1]"),
        refuses(DTypeError, lambda: ops.channel_dropout(tensor(2, 3, 4), None, seed=0), "NoneType"),
        refuses(DTypeError, lambda: ops.channel_dropout(tensor(2, 3, 4), 1.5, seed=0), "f64[]"),
        refuses(SettingError, lambda: ops.channel_dropout(tensor(2, 3, 4), STEP, p=1, seed=0), "p 1"),
        refuses(SettingError, lambda: ops.channel_dropout(tensor(2, 3, 4), STEP, p=None, seed=0), "p None"),
        refuses(
            SettingError, lambda: ops.channel_dropout(tensor(2, 3, 4), STEP, seed=0, layer=-1), "layer -1"
        ),
    ),
}
