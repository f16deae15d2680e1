"""What the functions of `ops/unfold` refuse."""

from chainrule import ops
from chainrule.errors import SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from .conv import windows

X, COLUMNS = tensor(1, 2, 4, 6), tensor(1, 8, 15)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "fold": (
        *not_values(lambda x: ops.fold(x, (4, 6), 2)),
        *not_floats(lambda x: ops.fold(x, (4, 6), 2), 1, 8, 15),
        *windows(lambda **settings: ops.fold(COLUMNS, (4, 6), 2, **settings)),
        refuses(ShapeError, lambda: ops.fold(COLUMNS[0], (4, 6), 2), "f32[8,15]"),
        refuses(ShapeError, lambda: ops.fold(COLUMNS, (4, 5), 2), "f32[1,8,15]"),
        refuses(ShapeError, lambda: ops.fold(COLUMNS, (4, 6), (3, 3)), "f32[1,8,15]"),
        refuses(ShapeError, lambda: ops.fold(COLUMNS, (1, 6), 2), "a window of 2 over 1 pixels"),
        refuses(SettingError, lambda: ops.fold(COLUMNS, 0, 2), "output_size 0"),
        refuses(SettingError, lambda: ops.fold(COLUMNS, (4, 6), 0), "kernel_size 0"),
        refuses(SettingError, lambda: ops.fold(COLUMNS, None, 2), "output_size None"),
    ),
    "unfold": (
        *not_values(lambda x: ops.unfold(x, 2)),
        *not_floats(lambda x: ops.unfold(x, 2), 1, 2, 4, 6),
        *windows(lambda **settings: ops.unfold(X, 2, **settings)),
        refuses(ShapeError, lambda: ops.unfold(X[0], 2), "f32[2,4,6]"),
        refuses(ShapeError, lambda: ops.unfold(X, 5), "a window of 5 over 4 pixels"),
        refuses(SettingError, lambda: ops.unfold(X, 0), "kernel_size 0"),
        refuses(SettingError, lambda: ops.unfold(X, (2, 2, 2)), "kernel_size (2, 2, 2)"),
        refuses(SettingError, lambda: ops.unfold(X, "two"), "kernel_size two"),
    ),
}
