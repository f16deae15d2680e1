"""What the functions of `ops/separable` refuse."""

from chainrule import ops
from chainrule.errors import DTypeError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor
from .conv import windows

X, W, P = tensor(1, 4, 5, 6), tensor(8, 1, 3, 3), tensor(2, 4, 1, 1)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "depthwise_conv2d": (
        *not_values(lambda x: ops.depthwise_conv2d(x, W)),
        *not_values(lambda w: ops.depthwise_conv2d(X, w)),
        *not_floats(lambda x: ops.depthwise_conv2d(x, W), 1, 4, 5, 6),
        *windows(lambda **settings: ops.depthwise_conv2d(X, W, **settings)),
        refuses(ShapeError, lambda: ops.depthwise_conv2d(X, tensor(6, 1, 3, 3)), "(6, 1, 3, 3)"),
        refuses(ShapeError, lambda: ops.depthwise_conv2d(X, tensor(4, 4, 3, 3)), "(4, 4, 3, 3)"),
        refuses(ShapeError, lambda: ops.depthwise_conv2d(X[0], W), "f32[4,5,6]"),
        refuses(ShapeError, lambda: ops.depthwise_conv2d(X[:, :0], W), "0 channels"),
        refuses(DTypeError, lambda: ops.depthwise_conv2d(X, tensor(4, 1, 3, 3, dtype="float64")), "f64"),
    ),
    "pointwise_conv2d": (
        *not_values(lambda x: ops.pointwise_conv2d(x, P)),
        *not_values(lambda w: ops.pointwise_conv2d(X, w)),
        *not_floats(lambda x: ops.pointwise_conv2d(x, P), 1, 4, 5, 6),
        refuses(ShapeError, lambda: ops.pointwise_conv2d(X, tensor(2, 4)), "f32[2,4]"),
        refuses(ShapeError, lambda: ops.pointwise_conv2d(X, tensor(2, 4, 3, 1)), "(2, 4, 3, 1)"),
        refuses(ShapeError, lambda: ops.pointwise_conv2d(X, tensor(2, 3, 1, 1)), "4 channels"),
        refuses(ShapeError, lambda: ops.pointwise_conv2d(X, P, tensor(3)), "(3,)"),
        refuses(DTypeError, lambda: ops.pointwise_conv2d(X, tensor(2, 4, 1, 1, dtype="float64")), "f64"),
    ),
}
