"""The closed namespace `xp` of formulas, here its life on vectors: the names it has on NumPy arrays.

Operands are vectors of one dtype, or a vector and Python numbers, which take its dtype.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import functions, powers
from .machine import Machine
from .types import BOOL
from .values import Vector


class VectorMathematics:
    """Functions on vectors, lane by lane.  `maximum` and `minimum` pass NaN on."""

    def __init__(self, k: Machine) -> None:
        self.k = k

    def abs(self, x: Vector) -> Vector:
        """The absolute value."""
        if x.dtype.kind == "f":
            return self.k.unary("abs", x)
        return x if x.dtype.kind in "bu" else self.k.where(x < 0, -x, x)

    def astype(self, x: Vector, dtype: Any) -> Vector:
        """The same numbers in another dtype; floats are cut towards 0 to be integers."""
        return self.k.convert(x, np.dtype(dtype))

    def cos(self, x: Vector) -> Vector:
        """The cosine of x in radians; NaN of infinities."""
        return functions.cos(self.real("cos", x))

    def erf(self, x: Vector) -> Vector:
        """The error function, (2/√π)·∫₀ˣ e^(-t²) dt."""
        return functions.erf(self.real("erf", x))

    def exp(self, x: Vector) -> Vector:
        """eˣ"""
        return functions.exp(self.real("exp", x))

    def expm1(self, x: Vector) -> Vector:
        """eˣ - 1, exact near 0."""
        return functions.expm1(self.real("expm1", x))

    def floor(self, x: Vector) -> Vector:
        """The largest whole number that is not larger."""
        return self.k.unary("floor", self.real("floor", x))

    def log(self, x: Vector) -> Vector:
        """The natural logarithm; -infinity at 0, NaN below."""
        return functions.log(self.real("log", x))

    def log1p(self, x: Vector) -> Vector:
        """ln(1 + x), exact near 0; -infinity at -1, NaN below."""
        return functions.log1p(self.real("log1p", x))

    def maximum(self, x: Any, y: Any) -> Vector:
        """The larger of the two; NaN if one is."""
        return self.extreme("gt", x, y)

    def minimum(self, x: Any, y: Any) -> Vector:
        """The smaller of the two; NaN if one is."""
        return self.extreme("lt", x, y)

    def normal_cdf(self, x: Vector) -> Vector:
        """The probability that a standard normal number is below x, to the last place of 1."""
        return functions.normal_cdf(self.real("normal_cdf", x))

    def power(self, x: Any, y: Any) -> Vector:
        """x ** y; of integers with an exponent of 0 … 4 only."""
        if isinstance(x, Vector) and not isinstance(y, Vector):
            products = isinstance(y, int) and 0 <= y <= 4
            found = powers.power_constant(x, y) if x.dtype.kind == "f" or products else None
            if found is not None:
                return found
        a, b = self.pair(x, y)
        return powers.power(self.real("power", a), b)

    def sign(self, x: Vector) -> Vector:
        """-1, 0 or 1; NaN of NaN."""
        if x.dtype == BOOL:
            raise self.k.refuse("the sign of a mask", "astype")
        one = self.k.constant(1, x.dtype)
        if x.dtype.kind == "u":
            return self.k.where(x > 0, one, x)
        zero = x + 0.0 if x.dtype.kind == "f" else x  # of -0 the sign is 0
        return self.k.where(x > 0, one, self.k.where(x < 0, -one, zero))

    def sin(self, x: Vector) -> Vector:
        """The sine of x in radians; NaN of infinities."""
        return functions.sin(self.real("sin", x))

    def sqrt(self, x: Vector) -> Vector:
        """The square root, rounded correctly; NaN below 0."""
        return self.k.unary("sqrt", self.real("sqrt", x))

    def tanh(self, x: Vector) -> Vector:
        """(e²ˣ - 1) / (e²ˣ + 1)"""
        return functions.tanh(self.real("tanh", x))

    def where(self, mask: Vector, x: Any, y: Any) -> Vector:
        """x where the mask is on, else y."""
        return self.k.where(mask, *self.pair(x, y))

    def real(self, name: str, x: Vector) -> Vector:
        """A vector of floats."""
        if x.dtype.kind != "f":
            raise self.k.refuse(f"{name} of {x.dtype}", "astype")
        return x

    def pair(self, x: Any, y: Any) -> tuple[Vector, Vector]:
        """Both as vectors of one dtype; of two numbers, of the dtype that NumPy gives them."""
        if isinstance(x, Vector):
            return x, self.k.like(x, y)
        if isinstance(y, Vector):
            return self.k.like(y, x), y
        dtype = np.result_type(np.asarray(x), np.asarray(y))
        return self.k.constant(x, dtype), self.k.constant(y, dtype)

    def extreme(self, op: str, x: Any, y: Any) -> Vector:
        """The one of two that the comparison prefers; NaN if one is."""
        a, b = self.pair(x, y)
        if a.dtype == BOOL:
            return a | b if op == "gt" else a & b
        if is_number(y):
            a, b = b, a
        wins = self.k.relation(op, a, b)
        if a.dtype.kind == "f" and not (is_number(x) or is_number(y)):
            wins = wins | (a != a)  # a number needs no such care: beside it NaN loses, and b is taken
        return self.k.where(wins, a, b)


def is_number(x: Any) -> bool:
    """A number known when the kernel is written, not NaN."""
    return isinstance(x, int | float) and x == x
