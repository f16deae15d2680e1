"""What the functions of `ops/rectifier` refuse."""

from chainrule import Tensor, ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X, W = tensor(2, 3), tensor(3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "leaky_relu": (
        *not_values(ops.leaky_relu),
        *not_floats(ops.leaky_relu, 2, 3),
        refuses(SettingError, lambda: ops.leaky_relu(X, negative_slope="0.1"), "negative_slope '0.1'"),
        refuses(SettingError, lambda: ops.leaky_relu(X, negative_slope=None), "negative_slope None"),
        refuses(SettingError, lambda: ops.leaky_relu(X, negative_slope=float("nan")), "negative_slope nan"),
    ),
    "elu": (
        *not_values(ops.elu),
        *not_floats(ops.elu, 2, 3),
        refuses(SettingError, lambda: ops.elu(X, alpha=-0.5), "alpha -0.5"),
        refuses(SettingError, lambda: ops.elu(X, alpha=True), "alpha True"),
        refuses(SettingError, lambda: ops.elu(X, alpha=float("inf")), "alpha inf"),
    ),
    "selu": (*not_values(ops.selu), *not_floats(ops.selu, 2, 3)),
    "prelu": (
        *not_values(lambda x: ops.prelu(x, 0.5)),
        *not_values(lambda w: ops.prelu(X, w)),
        *not_floats(lambda x: ops.prelu(x, W), 2, 3),
        *not_floats(lambda w: ops.prelu(X, w), 3),
        refuses(ShapeError, lambda: ops.prelu(X, tensor(2)), "w of shape (2,)", "x of shape (2, 3)"),
        refuses(ShapeError, lambda: ops.prelu(W, W), "x of shape (3,)"),
        refuses(ShapeError, lambda: ops.prelu(X, tensor(1, 3)), "w of shape (1, 3)"),
        refuses(DTypeError, lambda: ops.prelu(X, tensor(3, dtype="float64")), "f64"),
    ),
    "maxout": (
        refuses(IndexingError, lambda: ops.maxout("three", 2), "axis 1 of 0 axes"),
        refuses(IndexingError, lambda: ops.maxout(W, 3), "axis 1 of 1 axes"),
        refuses(IndexingError, lambda: ops.maxout(X, 3, axis=2), "axis 2 of 2 axes"),
        refuses(IndexingError, lambda: ops.maxout(X, 3, axis=0.5), "axis 0.5"),
        refuses(ShapeError, lambda: ops.maxout(X, 2), "(2, 3) in pieces of 2"),
        refuses(SettingError, lambda: ops.maxout(X, 0), "pieces 0"),
        refuses(SettingError, lambda: ops.maxout(X, 1.5), "pieces 1.5"),
        refuses(DTypeError, lambda: ops.maxout(Tensor([[True, False]]), 2), "bool"),
    ),
}
