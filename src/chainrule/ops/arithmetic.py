"""Sums, products, quotients and powers, element by element."""

from __future__ import annotations

from typing import Any, ClassVar

from ..graph import Elementwise, Value, apply, gate
from .arguments import Operand
from .elementary import log
from .selection import equal, greater_equal, logical_and, where


@gate
class Add(Elementwise):
    """out = x + y;  hands the upstream gradient to both."""

    pattern: ClassVar[str] = "hands"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x + y

    def backward(self, upstream: Value) -> Any:
        return upstream, upstream


@gate
class Subtract(Elementwise):
    """out = x - y;  d out/dx = 1, d out/dy = -1"""

    pattern: ClassVar[str] = "hands"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x - y

    def backward(self, upstream: Value) -> Any:
        return upstream, lambda: -upstream


@gate
class Multiply(Elementwise):
    """out = x · y;  switches: each input gets the upstream gradient scaled by the other."""

    pattern: ClassVar[str] = "switches"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x * y

    def backward(self, upstream: Value, *, x: Value, y: Value) -> Any:
        return lambda: upstream * y, lambda: upstream * x


@gate
class Divide(Elementwise):
    """out = x / y;  d out/dx = 1 / y, d out/dy = -out / y"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return x / y

    def backward(self, upstream: Value, *, y: Value, out: Value) -> Any:
        return lambda: upstream / y, lambda: -(upstream * out / y)


@gate
class Negative(Elementwise):
    """out = -x;  d out/dx = -1"""

    pattern: ClassVar[str] = "hands"
    takes: ClassVar[str] = "number"

    def forward(self, xp: Any, x: Any) -> Any:
        return -x

    def backward(self, upstream: Value) -> Any:
        return -upstream


@gate
class Power(Elementwise):
    """out = x ** y;  d out/dx = y · x ** (y - 1), d out/dy = out · ln x"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any, y: Any) -> Any:
        return xp.power(x, y)

    def backward(self, upstream: Value, *, x: Value, y: Value, out: Value) -> Any:
        def slope() -> Any:
            # x ** 0 is 1 everywhere, also at x = 0, where 0 · x ** -1 would be NaN
            constant = equal(y, 0)
            return where(constant, 0.0, y * x ** where(constant, 1.0, y - 1))

        def growth() -> Any:
            # 0 ** y is 0 for all y around, where 0 · ln 0 would be NaN
            safe = where(logical_and(equal(x, 0), greater_equal(y, 0)), 1.0, x)
            return out * log(safe)

        return lambda: upstream * slope(), lambda: upstream * growth()


def add(x: Operand, y: Operand) -> Any:
    """x + y, broadcasting.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.

    >>> from chainrule import Tensor
    >>> Tensor([1.0, 2.0]) + 1
    Tensor([2., 3.])
    """
    return apply(Add(), x, y)


def subtract(x: Operand, y: Operand) -> Any:
    """x - y, broadcasting.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.

    >>> from chainrule import Tensor
    >>> Tensor([1.0, 2.0]) - 1
    Tensor([0., 1.])
    """
    return apply(Subtract(), x, y)


def multiply(x: Operand, y: Operand) -> Any:
    """x · y, element by element, broadcasting.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats or integers of one dtype.

    >>> from chainrule import Tensor
    >>> Tensor([1.0, 2.0]) * Tensor([3.0, 4.0])
    Tensor([3., 8.])
    """
    return apply(Multiply(), x, y)


def divide(x: Operand, y: Operand) -> Any:
    """x / y of floats, broadcasting; x / 0 is ±infinity or NaN, as IEEE 754 says.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats of one dtype.

    >>> from chainrule import Tensor
    >>> Tensor([1.0, 2.0]) / 2
    Tensor([0.5, 1. ])
    """
    return apply(Divide(), x, y)


def negative(x: Operand) -> Any:
    """-x, of any shape.

    Raises DTypeError unless x is a float or integer.

    >>> from chainrule import Tensor
    >>> -Tensor([1.0])
    Tensor([-1.])
    """
    return apply(Negative(), x)


def power(x: Operand, y: Operand) -> Any:
    """x ** y of floats, broadcasting; NaN for a negative x and a fractional y.

    Raises ShapeError if the shapes do not broadcast, DTypeError unless both are floats of one dtype.

    >>> from chainrule import Tensor
    >>> Tensor([1.0, 2.0, 3.0]) ** 2
    Tensor([1., 4., 9.])
    """
    return apply(Power(), x, y)
