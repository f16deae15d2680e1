"""What the functions of `ops/local` refuse."""

from chainrule import ops
from chainrule.errors import DTypeError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from .conv import windows

X, W = tensor(1, 4, 5, 6), tensor(3, 4, 2, 4, 3, 3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "locally_connected2d": (
        *not_values(lambda x: ops.locally_connected2d(x, W)),
        *not_values(lambda w: ops.locally_connected2d(X, w)),
        *not_values(lambda b: ops.locally_connected2d(X, W, b))[::2],
        *not_floats(lambda x: ops.locally_connected2d(x, W), 1, 4, 5, 6),
        *windows(lambda **settings: ops.locally_connected2d(X, W, **settings)),
        refuses(ShapeError, lambda: ops.locally_connected2d(X[0], W), "f32[4,5,6]"),
        refuses(ShapeError, lambda: ops.locally_connected2d(X, tensor(2, 4, 3, 3)), "f32[2,4,3,3]"),
        refuses(ShapeError, lambda: ops.locally_connected2d(X, W, stride=2), "3×4 places"),
        refuses(ShapeError, lambda: ops.locally_connected2d(X[:, :3], W), "4 channels"),
        refuses(ShapeError, lambda: ops.locally_connected2d(X, W[..., :0]), "3×0 pixels"),
        refuses(ShapeError, lambda: ops.locally_connected2d(X, W, dilation=4), "a window of 9 over 5 pixels"),
        refuses(ShapeError, lambda: ops.locally_connected2d(X, W, tensor(2, 3, 3)), "(2, 3, 3)"),
        refuses(DTypeError, lambda: ops.locally_connected2d(X, W.astype("float64")), "f64"),
    ),
}
