"""Powers on vectors of float32 and float64: x ** y by the logarithm, constant exponents by products.

Errors are in ulp, as those of the other functions.
"""

from __future__ import annotations

import math

from .functions import (
    ATANH,
    EXP,
    FORMS,
    about_one,
    clamped,
    constant,
    exponent_and_rest,
    horner,
    power_of_two,
    reduced,
    scaled,
    signed,
)
from .types import F32, F64
from .values import Vector

LN2_SHORT, LN2_REST = 0.6931471805598903, 5.497923018708371e-14  # ln 2 in two parts, the first of 42 bits
ATANH_SHORT = (0.6666666564535155, 0.4000033521985385, 0.28537306435988674, 0.23582195498839895)
"""As ATANH, for the 36 bits that a float32 needs."""


def power(x: Vector, y: Vector) -> Vector:
    """x ** y = e^(y·ln|x|), with the sign and the ends that IEEE 754 gives to pow.

    Error: 0.57 · 1.1 for |y·ln x| ≤ 10; in float64 1.5 for ≤ 40 and 23 (5·10⁻¹⁵) at the ends of the range.
    The logarithm of a float32 is taken in float64, that of a float64 in two of them.
    Source: IEEE 754-2019, §9.2.1, for the ends; Dekker 1971 for sums and products in two parts.
    """
    k, infinity = x.k, math.inf
    size, times = k.unary("abs", x), clamped(y, -1e30, 1e30)  # so that 1 ** ∞ is no 0·∞
    result = power_single(size, times) if x.dtype == F32 else power_double(size, times)
    whole, half = k.unary("rint", y) == y, y * 0.5
    odd = whole & (k.unary("rint", half) != half)
    result = signed(result, k.where(odd, x, constant(x, 0)))
    result = k.where((x < 0) & (x > -infinity) & ~whole, constant(x, math.nan), result)
    return k.where((y == 0) | (x == 1), constant(x, 1), result)


def power_constant(x: Vector, exponent: float) -> Vector | None:
    """x ** exponent by products, a root, a division; None where that does not do.

    Error: at most 2.  Exponents: -2, -1, -½, 0, ½, 1, 2, 3, 4.
    """
    if exponent == 0.5:
        return x.k.unary("sqrt", x)  # NaN of -∞, where pow has ∞: so does x ** 0.5 in NumPy
    if exponent == -0.5:
        root = x.k.unary("sqrt", x + 0.0)  # pow(-0, -½) is ∞
        return x.k.where(x == -math.inf, constant(x, 0), 1 / root)
    if exponent in (-1, -2):
        inverse = 1 / x
        return inverse if exponent == -1 else inverse * inverse
    if exponent in (2, 3, 4):
        square = x * x
        return square if exponent == 2 else square * (x if exponent == 3 else square)
    if exponent == 1:
        return x
    return constant(x, 1) if exponent == 0 else None


def power_ends(size: Vector, y: Vector) -> Vector:
    """The logarithm y of a size, with its values at 0, infinity and NaN."""
    k = size.k
    return k.where(size == 0, constant(size, -math.inf), k.where(size < math.inf, y, size))


def power_single(size: Vector, times: Vector) -> Vector:
    """size ** times for float32, by float64: 36 bits of the logarithm are enough."""
    k = size.k
    x, y = k.convert(size, F64), k.convert(times, F64)
    n, f = exponent_and_rest(x, subnormal=False)
    s = f / (f + 2)
    z = s * s
    log_x = k.fma(n, constant(x, math.log(2)), k.fma(s * z, horner(z, ATANH_SHORT), s + s))
    shifted, r = reduced(clamped(power_ends(x, log_x) * y, -110, 100), FORMS[F64].bias)
    return k.convert(horner(r, (1, 1, *EXP[F32])) * power_of_two(shifted), F32)


def power_double(size: Vector, times: Vector) -> Vector:
    """size ** times for float64: logarithm and product as unevaluated sums of two."""
    k, form = size.k, FORMS[F64]
    n, f = exponent_and_rest(size)
    below = f + 2
    inverse = 1 / below
    s = f * inverse
    lost = k.fma(-s, f - (below - 2), k.fma(-s, below, f)) * inverse  # f / (2 + f) = s + lost
    z = s * s
    twice_lost = lost + lost
    low = k.fma(s * z, horner(z, ATANH), k.fma(z, twice_lost, twice_lost))
    whole, twice = n * LN2_SHORT, s + s  # a product without rounding
    high = whole + twice
    low = k.fma(n, constant(size, LN2_REST), low + (twice - (high - whole)))
    log_x = high + low
    low = low - (log_x - high)
    log_x = power_ends(size, log_x)
    product = log_x * times
    rest = k.fma(times, low, k.fma(times, log_x, -product))
    rest = k.where(k.unary("abs", product) < 1000, rest, constant(size, 0))
    shifted, r = reduced(clamped(product, form.exp_low, form.exp_high), 2 * form.bias)
    return scaled(about_one(r + rest), shifted)
