"""What the functions of `ops/standardize` refuse."""

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

ROWS, PICTURES, SIX = tensor(4, 6), tensor(2, 6, 3, 5), tensor(6)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "standardize": (
        *not_values(lambda x: ops.standardize(x)),
        *not_floats(lambda x: ops.standardize(x), 4, 6),
        refuses(ShapeError, lambda: ops.standardize(tensor(4, 1)), "1 number along axis"),
        refuses(ShapeError, lambda: ops.standardize(ROWS, axis=()), "1 number along axis"),
        refuses(IndexingError, lambda: ops.standardize(ROWS, axis=2), "axis 2"),
        refuses(IndexingError, lambda: ops.standardize(ROWS, axis=(0, 0)), "axis (0, 0)"),
        refuses(SettingError, lambda: ops.standardize(ROWS, eps=0), "eps 0"),
        refuses(SettingError, lambda: ops.standardize(ROWS, eps=float("nan")), "eps nan"),
    ),
    "layer_norm": (
        *not_values(lambda x: ops.layer_norm(x, 6)),
        *not_floats(lambda x: ops.layer_norm(x, 6), 4, 6),
        refuses(ShapeError, lambda: ops.layer_norm(ROWS, 5), "(4, 6)"),
        refuses(ShapeError, lambda: ops.layer_norm(SIX, (4, 6)), "(6,)"),
        refuses(ShapeError, lambda: ops.layer_norm(ROWS, 6, tensor(1)), "w of shape (1,)"),
        refuses(ShapeError, lambda: ops.layer_norm(ROWS, 6, SIX, tensor(4, 6)), "b of shape (4, 6)"),
        refuses(ShapeError, lambda: ops.layer_norm(tensor(4, 1), 1), "1 number"),
        refuses(DTypeError, lambda: ops.layer_norm(ROWS, 6, tensor(6, dtype="float64")), "f64"),
        refuses(SettingError, lambda: ops.layer_norm(ROWS, 0), "normalized_shape 0"),
        refuses(SettingError, lambda: ops.layer_norm(ROWS, ()), "normalized_shape ()"),
        refuses(SettingError, lambda: ops.layer_norm(ROWS, "six"), "'six'"),
        refuses(SettingError, lambda: ops.layer_norm(ROWS, 6, eps=-1), "eps -1"),
    ),
    "group_norm": (
        *not_values(lambda x: ops.group_norm(x, 2)),
        *not_floats(lambda x: ops.group_norm(x, 2), 4, 6),
        refuses(SettingError, lambda: ops.group_norm(ROWS, 4), "groups 4"),
        refuses(SettingError, lambda: ops.group_norm(ROWS, 0), "groups 0"),
        refuses(SettingError, lambda: ops.group_norm(ROWS, 2.0), "groups 2.0"),
        refuses(SettingError, lambda: ops.group_norm(ROWS, 2, eps="small"), "eps 'small'"),
        refuses(ShapeError, lambda: ops.group_norm(SIX, 2), "f32[6]"),
        refuses(ShapeError, lambda: ops.group_norm(ROWS, 6), "1 number"),
        refuses(ShapeError, lambda: ops.group_norm(PICTURES, 2, tensor(5)), "w of shape (5,)"),
        refuses(DTypeError, lambda: ops.group_norm(ROWS, 2, None, tensor(6, dtype="float64")), "f64"),
    ),
    "instance_norm": (
        *not_values(lambda x: ops.instance_norm(x)),
        *not_floats(lambda x: ops.instance_norm(x), 2, 3, 4),
        refuses(ShapeError, lambda: ops.instance_norm(ROWS), "f32[4,6]"),
        refuses(ShapeError, lambda: ops.instance_norm(tensor(2, 3, 1, 1)), "1 number"),
        refuses(ShapeError, lambda: ops.instance_norm(PICTURES, tensor(3)), "w of shape (3,)"),
        refuses(DTypeError, lambda: ops.instance_norm(PICTURES, tensor(6, dtype="float64")), "f64"),
        refuses(SettingError, lambda: ops.instance_norm(PICTURES, eps=None), "eps None"),
    ),
}
