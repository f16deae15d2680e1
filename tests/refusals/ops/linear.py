"""What the functions of `ops/linear` refuse."""

from chainrule import ops
from chainrule.errors import DTypeError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X, W = tensor(2, 3), tensor(4, 3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "matmul": (
        *not_values(lambda x: ops.matmul(x, X)),
        *not_floats(lambda x: ops.matmul(x, W.T), 2, 3),
        refuses(ShapeError, lambda: ops.matmul(X, X), "f32[2,3]"),
        refuses(ShapeError, lambda: ops.matmul(X, 2.0), "f32[]"),
        refuses(ShapeError, lambda: ops.matmul(tensor(2, 2, 3), tensor(3, 3, 1)), "f32[3,3,1]"),
        refuses(DTypeError, lambda: ops.matmul(X, W.T.astype("float64")), "f64"),
    ),
    "linear": (
        *not_values(lambda x: ops.linear(x, W)),
        *not_floats(lambda x: ops.linear(x, W), 2, 3),
        refuses(ShapeError, lambda: ops.linear(X, W.T), "f32[3,4]"),
        refuses(ShapeError, lambda: ops.linear(X, tensor(3)), "w f32[3]"),
        refuses(ShapeError, lambda: ops.linear(1.0, W), "f32[]"),
        refuses(ShapeError, lambda: ops.linear(X, W, tensor(3)), "(3,)"),
        refuses(ShapeError, lambda: ops.linear(X, W, 0.5), "()"),
        refuses(DTypeError, lambda: ops.linear(X, W, tensor(4, dtype="float64")), "f64"),
    ),
}
