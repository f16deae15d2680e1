"""Functions of one number: exponentials and logarithms, root, sine and cosine, error function, size, sign, floor."""

from __future__ import annotations

import math
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
class Expm1(Elementwise):
    """out = eˣ - 1;  d out/dx = out + 1"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.expm1(x)

    def backward(self, upstream: Value, *, out: Value) -> Any:
        return upstream * (out + 1)


@gate
class Log(Elementwise):
    """out = ln x;  d out/dx = 1 / x"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.log(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return upstream / x


@gate
class Log1p(Elementwise):
    """out = ln(1 + x);  d out/dx = 1 / (1 + x)"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.log1p(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return upstream / (x + 1)


@gate
class Erf(Elementwise):
    """out = (2/√π) · ∫₀ˣ e^(-t²) dt;  d out/dx = (2/√π) · e^(-x²)"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.erf(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return upstream * (exp(-(x * x)) * (2 / math.sqrt(math.pi)))


@gate
class Sin(Elementwise):
    """out = sin x;  d out/dx = cos x"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.sin(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return upstream * cos(x)


@gate
class Cos(Elementwise):
    """out = cos x;  d out/dx = -sin x"""

    pattern: ClassVar[str] = "scales"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.cos(x)

    def backward(self, upstream: Value, *, x: Value) -> Any:
        return -(upstream * sin(x))


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


@gate
class Floor(Elementwise):
    """out = the largest whole number ≤ x;  d out/dx = 0: its gradient is none at all"""

    pattern: ClassVar[str] = "compares"

    def forward(self, xp: Any, x: Any) -> Any:
        return xp.floor(x)

    def backward(self, upstream: Value) -> Any:
        return None


def exp(x: Operand) -> Any:
    """eˣ, of any shape.

    Raises DTypeError unless x is float32 or float64.

    >>> from chainrule import Tensor, exp
    >>> exp(Tensor([0.0, 1.0], dtype="float64"))
    Tensor([1.        , 2.71828183], dtype=float64)
    """
    return apply(Exp(), x)


def expm1(x: Operand) -> Any:
    """eˣ - 1, of any shape: exact to the last digits also near 0, where eˣ is so near 1 that few are left of it.

    Raises DTypeError unless x is float32 or float64.

    >>> from chainrule import Tensor, expm1
    >>> expm1(Tensor([1e-10]))
    Tensor([1.e-10])
    """
    return apply(Expm1(), x)


def log(x: Operand) -> Any:
    """The natural logarithm, of any shape; -infinity at 0, NaN below.

    Raises DTypeError unless x is float32 or float64.

    >>> from chainrule import Tensor, log
    >>> log(Tensor([1.0, 0.0]))
    Tensor([  0., -inf])
    """
    return apply(Log(), x)


def log1p(x: Operand) -> Any:
    """ln(1 + x), of any shape: exact to the last digits also near 0; -infinity at -1, NaN below.

    Raises DTypeError unless x is float32 or float64.

    >>> from chainrule import Tensor, log1p
    >>> log1p(Tensor([1e-10, -1.0]))
    Tensor([1.e-10,   -inf])
    """
    return apply(Log1p(), x)


def erf(x: Operand) -> Any:
    """The error function (2/√π) · ∫₀ˣ e^(-t²) dt, of any shape: from -1 to 1, steepest at 0.

    Half of 1 + erf(x/√2) is the probability that a standard normal number is below x.
    Raises DTypeError unless x is float32 or float64.
    Source: Abramowitz and Stegun 1964, ch. 7.

    >>> from chainrule import Tensor, erf
    >>> erf(Tensor([0.0, 1.0], dtype="float64"))
    Tensor([0.        , 0.84270079], dtype=float64)
    """
    return apply(Erf(), x)


def sin(x: Operand) -> Any:
    """The sine, of any shape.

    x:  float     an angle in radians
    Raises DTypeError unless x is float32 or float64.

    A compiled step takes the sine of 0 for that of angles beyond ±2·10¹⁵, of which it knows no digit modulo 2π.

    >>> from chainrule import Tensor, sin
    >>> x = Tensor([0.0], requires_grad=True)
    >>> sin(x).sum().backward()
    >>> x.grad
    Tensor([1.])
    """
    return apply(Sin(), x)


def cos(x: Operand) -> Any:
    """The cosine, of any shape; for large angles see `sin`.

    x:  float     an angle in radians
    Raises DTypeError unless x is float32 or float64.

    >>> from chainrule import Tensor, cos
    >>> cos(Tensor([0.0]))
    Tensor([1.])
    """
    return apply(Cos(), x)


def sqrt(x: Operand) -> Any:
    """The square root, of any shape; NaN below 0.

    Raises DTypeError unless x is float32 or float64.

    >>> from chainrule import Tensor, sqrt
    >>> sqrt(Tensor([4.0]))
    Tensor([2.])
    """
    return apply(Sqrt(), x)


def abs(x: Operand) -> Any:
    """The absolute value, of any shape; its slope at 0 is taken as 0.

    Raises DTypeError unless x is a float or integer.

    >>> from chainrule import Tensor
    >>> abs(Tensor([-3.0]))
    Tensor([3.])
    """
    return apply(Abs(), x)


def sign(x: Operand) -> Any:
    """-1 below 0, 1 above, 0 at 0, of any shape.  It has no gradient.

    Raises DTypeError unless x is a float or integer.

    >>> from chainrule import Tensor, sign
    >>> sign(Tensor([-3.0, 0.0, 2.0]))
    Tensor([-1.,  0.,  1.])
    """
    return apply(Sign(), x)


def floor(x: Operand) -> Any:
    """The largest whole number that is not larger than x, of any shape, in the dtype of x.  It has no gradient.

    Raises DTypeError unless x is float32 or float64.

    >>> from chainrule import Tensor, floor
    >>> floor(Tensor([-0.5, 2.9]))
    Tensor([-1.,  2.])
    """
    return apply(Floor(), x)
