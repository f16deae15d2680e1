"""What the functions of `ops/arithmetic` refuse."""

import numpy as np

from chainrule import Tensor, ops
from chainrule.errors import DTypeError, ShapeError

from ..rows import Refusal, not_values, refuses, tensor
from .elementary import not_numbers

X = tensor(2, 3)


def of_two(name: str) -> tuple[Refusal, ...]:
    """Shapes that do not broadcast, two dtypes, masks, halves, and what is no number on either side."""
    function = getattr(ops, name)
    return (
        *not_values(lambda x: function(x, X)),
        *not_values(lambda y: function(X, y)),
        refuses(ShapeError, lambda: function(X, tensor(2)), "x f32[2,3] and y f32[2]"),
        refuses(DTypeError, lambda: function(X, tensor(3, dtype="float64")), "y f64[3]"),
        refuses(DTypeError, lambda: function(X, tensor(3, dtype="int64")), "i64[3]"),
        refuses(DTypeError, lambda: function(Tensor([True]), Tensor([True])), "bool[1]"),
        refuses(DTypeError, lambda: function(np.ones(2, np.float16), np.ones(2, np.float16)), "f16[2]"),
    )


INTEGERS = tensor(2, dtype="int64")
TABLE: dict[str, tuple[Refusal, ...]] = {
    "add": of_two("add"),
    "subtract": of_two("subtract"),
    "multiply": (
        *of_two("multiply"),
        refuses(DTypeError, lambda: ops.multiply(INTEGERS, 0.5), "a fraction"),
    ),
    "divide": (*of_two("divide"), refuses(DTypeError, lambda: ops.divide(INTEGERS, INTEGERS), "i64[2]")),
    "power": (*of_two("power"), refuses(DTypeError, lambda: ops.power(INTEGERS, 2), "i64[2]")),
    "negative": not_numbers(ops.negative),
}
