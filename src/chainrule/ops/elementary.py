"""Functions of one number: exp, log, square root, absolute value, sign."""

from __future__ import annotations

from typing import Any, ClassVar

from ..graph import Elementwise, Value, apply, gate
from .arguments import Operand


@gate
class Exp(Elementwise):
    """out = eˣ;  d out/dx = out"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.exp(x)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream * out


@gate
class Log(Elementwise):
    """out = ln x;  d out/dx = 1 / x"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.log(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return upstream / x


@gate
class Sqrt(Elementwise):
    """out = √x;  d out/dx = 1 / (2 · out)"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.sqrt(x)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream / (out * 2)


@gate
class Abs(Elementwise):
    """out = |x|;  d out/dx = sign x, so the slope at 0 is taken as 0"""

    pattern: ClassVar[str] = "scales"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.abs(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return upstream * sign(x)


@gate
class Sign(Elementwise):
    """out = -1, 0 or 1;  d out/dx = 0: its gradient is none at all"""

    pattern: ClassVar[str] = "compares"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.sign(x)

    def backward(self, upstream: Value) -> Any:
        return None


def exp(x: Operand) -> Any:
    """eˣ

    >>> from chainrule import Tensor, exp
    >>> exp(Tensor([0.0, 1.0], dtype="float64"))
    Tensor([1.        , 2.71828183], dtype=float64)
    """
    return apply(Exp(), x)


def log(x: Operand) -> Any:
    """The natural logarithm; -infinity at 0, NaN below."""
    return apply(Log(), x)


def sqrt(x: Operand) -> Any:
    """The square root; NaN below 0."""
    return apply(Sqrt(), x)


def abs(x: Operand) -> Any:
    """The absolute value."""
    return apply(Abs(), x)


def sign(x: Operand) -> Any:
    """-1 below 0, 1 above, 0 at 0."""
    return apply(Sign(), x)
