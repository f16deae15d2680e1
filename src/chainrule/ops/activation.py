"""Activation functions: the bends between the linear layers."""

from __future__ import annotations

from typing import Any, ClassVar

from ..graph import Elementwise, Value, apply, gate
from .arguments import Operand
from .elementary import exp
from .selection import where


@gate
class Sigmoid(Elementwise):
    """out = 1 / (1 + exp(-x));  d out/dx = out · (1 - out)"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return 1 / (1 + xp.exp(-x))

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream * out * (1 - out)

    def parts(self, x: Value) -> Any:
        """Four gates: negative, exp, add, divide."""
        return 1 / (1 + exp(-x))


@gate
class Tanh(Elementwise):
    """out = tanh x;  d out/dx = 1 - out²"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.tanh(x)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream * (1 - out * out)


@gate
class Relu(Elementwise):
    """out = max(x, 0);  d out/dx = 1 where out > 0; the slope at 0 is taken as 0"""

    pattern: ClassVar[str] = "routes"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.maximum(x, 0)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return where(out <= 0, 0.0, upstream)  # type: ignore[operator]


def sigmoid(x: Operand) -> Any:
    """1 / (1 + exp(-x)), between 0 and 1.

    >>> from chainrule import Tensor, sigmoid
    >>> sigmoid(Tensor([0.0]))
    Tensor([0.5])
    """
    return apply(Sigmoid(), x)


def tanh(x: Operand) -> Any:
    """The hyperbolic tangent, between -1 and 1."""
    return apply(Tanh(), x)


def relu(x: Operand) -> Any:
    """max(x, 0).  Source: Nair and Hinton 2010."""
    return apply(Relu(), x)
