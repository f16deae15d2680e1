"""Activation layers, which hold no parameters.  Those with a kink beside ReLU are in `rectifier`."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..ops.arguments import finite, whole_axis
from .module import Module


class ReLU(Module):
    """max(x, 0), of any shape.

    Raises DTypeError unless x is float32 or float64.
    """

    def forward(self, x: Any) -> Any:
        return ops.relu(x)


class Sigmoid(Module):
    """1 / (1 + exp(-x)), of any shape.

    Raises DTypeError unless x is float32 or float64.
    """

    def forward(self, x: Any) -> Any:
        return ops.sigmoid(x)


class Tanh(Module):
    """tanh x, of any shape.

    Raises DTypeError unless x is float32 or float64.
    """

    def forward(self, x: Any) -> Any:
        return ops.tanh(x)


class SiLU(Module):
    """x · sigmoid(x), of any shape: a smooth relu, also called swish.

    Raises DTypeError unless x is float32 or float64.
    """

    def forward(self, x: Any) -> Any:
        return ops.silu(x)


class GELU(Module):
    """x · Φ(x), of any shape, with Φ(x) the probability that a standard normal number is below x.

    approximate:  "none", or "tanh" for a formula that is nearly the same and quicker
    Raises SettingError for another `approximate`, DTypeError unless x is float32 or float64.
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = ops.gelu_form("GELU", approximate)

    def forward(self, x: Any) -> Any:
        return ops.gelu(x, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """ln(1 + exp(βx)) / β, of any shape: a smooth relu.  PyTorch's `threshold` is not needed: nothing overflows.

    beta:  above 0
    Raises SettingError for another beta, DTypeError unless x is float32 or float64.
    """

    def __init__(self, beta: float = 1.0) -> None:
        self.beta = finite("Softplus", "beta", beta, 1.0, above=0)

    def forward(self, x: Any) -> Any:
        return ops.softplus(x, beta=self.beta)

    def extra_repr(self) -> str:
        return f"beta={self.beta:g}"


class LogSigmoid(Module):
    """ln sigmoid(x), of any shape.

    Raises DTypeError unless x is float32 or float64.
    """

    def forward(self, x: Any) -> Any:
        return ops.log_sigmoid(x)


class Softmax(Module):
    """Scores to probabilities along an axis (PyTorch's `dim`).

    Raises IndexingError for an axis that x lacks, DTypeError unless x is float32 or float64.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = whole_axis(type(self).__name__, axis)

    def forward(self, x: Any) -> Any:
        return ops.softmax(x, axis=self.axis)

    def extra_repr(self) -> str:
        return f"axis={self.axis}"


class LogSoftmax(Softmax):
    """ln softmax along an axis.

    Raises IndexingError for an axis that x lacks, DTypeError unless x is float32 or float64.
    """

    def forward(self, x: Any) -> Any:
        return ops.log_softmax(x, axis=self.axis)
