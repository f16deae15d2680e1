"""What the functions of `ops/transposed` refuse."""

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from .conv import windows
from .conv1d import along

X, W = tensor(1, 4, 5, 6), tensor(4, 2, 3, 3)
LINE, V = tensor(1, 4, 6), tensor(4, 2, 3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "conv_transpose1d": (
        *not_values(lambda x: ops.conv_transpose1d(x, V)),
        *not_values(lambda w: ops.conv_transpose1d(LINE, w)),
        *not_floats(lambda x: ops.conv_transpose1d(x, V), 1, 4, 6),
        *along(lambda **settings: ops.conv_transpose1d(LINE, V, **settings)),
        refuses(ShapeError, lambda: ops.conv_transpose1d(X, V), "x f32[1,4,5,6]"),
        refuses(ShapeError, lambda: ops.conv_transpose1d(LINE, tensor(3, 2, 3)), "4 channels"),
        refuses(SettingError, lambda: ops.conv_transpose1d(LINE, V, output_padding=1), "output_padding"),
        refuses(SettingError, lambda: ops.conv_transpose1d(LINE, V, output_padding=-1), "output_padding -1"),
    ),
    "conv_transpose2d": (
        *not_values(lambda x: ops.conv_transpose2d(x, W)),
        *not_values(lambda w: ops.conv_transpose2d(X, w)),
        *not_floats(lambda x: ops.conv_transpose2d(x, W), 1, 4, 5, 6),
        *windows(lambda **settings: ops.conv_transpose2d(X, W, **settings)),
        refuses(ShapeError, lambda: ops.conv_transpose2d(tensor(4, 5, 6), W), "x f32[4,5,6]"),
        refuses(ShapeError, lambda: ops.conv_transpose2d(X, V), "w f32[4,2,3]"),
        refuses(ShapeError, lambda: ops.conv_transpose2d(X, tensor(3, 2, 3, 3)), "4 channels"),
        refuses(ShapeError, lambda: ops.conv_transpose2d(X, tensor(4, 2, 0, 3)), "f32[4,2,0,3]"),
        refuses(ShapeError, lambda: ops.conv_transpose2d(X, W, padding=5), "-3×-2 pixels"),
        refuses(ShapeError, lambda: ops.conv_transpose2d(X, W, tensor(3)), "(3,)"),
        refuses(DTypeError, lambda: ops.conv_transpose2d(X, tensor(4, 2, 3, 3, dtype="float64")), "f64"),
        refuses(SettingError, lambda: ops.conv_transpose2d(X, W, output_padding=1), "output_padding (1, 1)"),
        refuses(SettingError, lambda: ops.conv_transpose2d(X, W, output_padding=-1), "output_padding -1"),
        refuses(SettingError, lambda: ops.conv_transpose2d(X, W, groups=3), "3 groups"),
        refuses(SettingError, lambda: ops.conv_transpose2d(X, W, groups=1.5), "groups 1.5"),
    ),
}
