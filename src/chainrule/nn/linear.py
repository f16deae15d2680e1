"""Fully connected layers, and the flattening before them."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..errors import ShapeError
from ..ops.arguments import at_least, checked_shape, flag
from ..random import Generator
from . import init
from .module import Module


class Linear(Module):
    """out = x · weightᵀ + bias: every output a weighted sum of all inputs.

    weight (out_features, in_features), bias (out_features,), as in PyTorch.
    x (…, in_features) float gives (…, out_features).
    Raises SettingError for sizes below 1, ShapeError if x has another number of features, DTypeError unless x holds
    floats of the weight's dtype.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        initialize: init.Initializer = init.he_normal,
        rng: Generator | None = None,
    ) -> None:
        self.in_features = at_least("Linear", "in_features", in_features, 1)
        self.out_features = at_least("Linear", "out_features", out_features, 1)
        self.weight = init.parameter((out_features, in_features), initialize, rng)
        self.bias = init.parameter((out_features,), init.zeros, rng) if flag("Linear", "bias", bias) else None

    def forward(self, x: Any) -> Any:
        return ops.linear(x, self.weight, self.bias)

    def parameter_sum(self) -> str:
        return f"{self.out_features}·({self.in_features}{'+1' if self.bias is not None else ''})"

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}" + ("" if self.bias is not None else ", bias=False")


class Flatten(Module):
    """(N, C, H, W) to (N, C·H·W): pictures to rows.

    Raises ShapeError without a batch axis, DTypeError for an array of what is no number.

    >>> import chainrule as cr
    >>> Flatten()(cr.Tensor([[[1.0, 2.0], [3.0, 4.0]]]))
    Tensor([[1., 2., 3., 4.]])
    """

    def forward(self, x: Any) -> Any:
        shape = tuple(getattr(x, "shape", ()))
        if not shape:
            came = f"a {type(x).__name__} of shape ()"
            raise ShapeError("Flatten", came, "at least the batch axis (N, …)", "Tensor(...) around lists")
        return ops.reshape(x, (shape[0], ops.size(shape, tuple(range(1, len(shape))))))


class Identity(Module):
    """out = x: a place that may hold a layer or none.

    Raises DTypeError for what is no tensor, array or number.
    """

    def forward(self, x: Any) -> Any:
        checked_shape("Identity", x)
        return x
