"""What the functions of `ops/selection` refuse."""

import numpy as np

from chainrule import Tensor, ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_values, refuses, tensor
from .arithmetic import of_two

X, MASK = tensor(2, 3), Tensor([True, False, True])


def of_any(name: str) -> tuple[Refusal, ...]:
    """As of two numbers, but masks are compared too."""
    function = getattr(ops, name)
    return (
        *not_values(lambda x: function(x, X)),
        refuses(ShapeError, lambda: function(X, tensor(2)), "x f32[2,3] and y f32[2]"),
        refuses(DTypeError, lambda: function(X, MASK), "bool[3]"),
        refuses(DTypeError, lambda: function(X, tensor(3, dtype="float64")), "f64[3]"),
    )


def of_masks(name: str) -> tuple[Refusal, ...]:
    function = getattr(ops, name)
    return (
        *not_values(lambda x: function(x, MASK)),
        refuses(ShapeError, lambda: function(MASK, Tensor([True, False])), "x bool[3] and y bool[2]"),
        refuses(DTypeError, lambda: function(X, MASK), "x f32[2,3]"),
        refuses(DTypeError, lambda: function(MASK, 1), "y i64[]"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    **{name: of_two(name) for name in ("maximum", "minimum")},
    **{name: of_two(name) for name in ("greater", "greater_equal", "less", "less_equal")},
    **{name: of_any(name) for name in ("equal", "not_equal")},
    **{name: of_masks(name) for name in ("logical_and", "logical_or")},
    "logical_not": (
        *not_values(ops.logical_not),
        refuses(DTypeError, lambda: ops.logical_not(X), "f32[2,3]"),
        refuses(DTypeError, lambda: ops.logical_not(tensor(3, dtype="int64")), "i64[3]"),
    ),
    "where": (
        *not_values(lambda x: ops.where(MASK, x, X)),
        refuses(DTypeError, lambda: ops.where(X, X, X), "condition f32[2,3]"),
        refuses(DTypeError, lambda: ops.where("yes", X, X), "str"),
        refuses(ShapeError, lambda: ops.where(Tensor([True, False]), X, X), "condition bool[2]"),
        refuses(ShapeError, lambda: ops.where(MASK, X, tensor(2)), "y f32[2]"),
        refuses(DTypeError, lambda: ops.where(MASK, X, tensor(3, dtype="float64")), "y f64[3]"),
    ),
    "clip": (
        *not_values(lambda x: ops.clip(x, 0.0, 1.0)),
        refuses(DTypeError, lambda: ops.clip(X, "low"), "str"),
        refuses(DTypeError, lambda: ops.clip(X, 0.0, [1.0]), "list"),
        refuses(DTypeError, lambda: ops.clip(MASK, 0, 1), "bool[3]"),
        refuses(DTypeError, lambda: ops.clip(X, np.zeros(3)), "f64[3]"),
        refuses(DTypeError, lambda: ops.clip(tensor(3, dtype="int64"), 0.5), "a fraction"),
        refuses(ShapeError, lambda: ops.clip(X, tensor(2)), "f32[2]"),
        refuses(SettingError, lambda: ops.clip(X), "min None, max None"),
        refuses(SettingError, lambda: ops.clip(X, 2, 1), "min 2, max 1"),
        refuses(SettingError, lambda: ops.clip(X, float("nan"), 1.0), "min nan"),
    ),
}
