"""The functions of mathematics on vectors of float32 and float64: reductions, polynomials, and the odd ends.

No table, no branch; fma only where it is written.  Errors are in units of the last place of the result (ulp):
the largest found over some 10⁷ points a function, float32 · float64.  The letters: x = n·ln 2 + r in exp and
its kin, x = 2ⁿ·(1 + f) in log, z a square.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...special import ERF
from .types import F32, F64, U32, U64
from .values import Vector


def exp(x: Vector) -> Vector:
    """eˣ = 2ⁿ · (1 + r + r²·q(r)), |r| ≤ ½ ln 2.

    Error: 0.93 · 0.89.  Subnormal results are rounded once; NaN stays.
    Source: Cody & Waite 1980, ch. 6.
    """
    form = FORMS[x.dtype]
    shifted, r = reduced(clamped(x, form.exp_low, form.exp_high), 2 * form.bias)
    return scaled(about_one(r), shifted)


def expm1(x: Vector) -> Vector:
    """eˣ - 1 = 2·(2ⁿ⁻¹·(r + r²·q(r)) + 2ⁿ⁻¹ - ½), exact to the end near 0.

    Error: 1.6 · 2.0.
    Source: fdlibm's s_expm1 for the form.
    """
    k, form = x.k, FORMS[x.dtype]
    shifted, r = reduced(clamped(x, -2.0 * form.digits, form.exp_high), form.bias - 1)
    half = power_of_two(shifted)
    grown = k.fma(r * r, horner(r, EXP[x.dtype]), r)
    y = k.fma(half, grown, half - 0.5) * 2
    return k.where(k.unary("abs", x) < form.normal * 4, x, y)  # 2ⁿ⁻¹ would cut a subnormal; keeps -0


def log(x: Vector) -> Vector:
    """ln x = n·ln 2 + ln(1 + f), √½ ≤ 1 + f < √2; -infinity at 0, NaN below.

    Error: 0.85 · 0.84.
    Source: Cody & Waite 1980, ch. 5; fdlibm's e_log for the form with f²/2 kept apart.
    """
    n, f = exponent_and_rest(x)
    return log_ends(x, log_sum(n, f, n * LN2[x.dtype][1]))


def log1p(x: Vector) -> Vector:
    """ln(1 + x): the logarithm of the rounded sum u, and what the rounding lost, over u.

    Error: 0.85 · 0.83.
    Source: fdlibm's s_log1p for the form.
    """
    k = x.k
    u = x + 1
    lost = (x - (u - 1)) / u
    n, f = exponent_and_rest(u, subnormal=False)
    y = log_ends(u, log_sum(n, f, k.fma(n, constant(x, LN2[x.dtype][1]), lost)))
    return k.where(k.unary("abs", x) < FORMS[x.dtype].normal, x, y)  # keeps -0


def tanh(x: Vector) -> Vector:
    """tanh x = x + x³·t(x²) below 0.6, 1 - 2 / (e²ˣ + 1) above.

    Error: 1.41 · 1.44.
    Source: Cody & Waite 1980, ch. 13.
    """
    k, form = x.k, FORMS[x.dtype]
    a = k.unary("abs", x)
    z = x * x
    small = k.fma(a * z, horner(z, TANH[x.dtype]), a)
    shifted, r = reduced(at_most(a + a, form.tanh_high), form.bias)
    large = 1 - 2 / k.fma(power_of_two(shifted), about_one(r), constant(x, 1))
    return signed(k.where(a < 0.6, small, large), x)


def erf(x: Vector) -> Vector:
    """(2/√π)·∫₀ˣ e^(-t²) dt = x + x·p(x²) near 0, 1 - e^q(x) further out, with q ≈ ln(1 - erf).

    Error: 1.09 · 1.30.
    Source: Abramowitz & Stegun 1964, ch. 7, for the function; the polynomials stand in `special`.
    """
    k, form = x.k, ERF[x.dtype]
    a = k.unary("abs", x)
    small = k.fma(a, horner(x * x, form.near), a)
    shifted, r = reduced(horner(at_most(a, form.high), form.far), FORMS[x.dtype].bias)
    large = k.fma(-power_of_two(shifted), about_one(r), constant(x, 1))
    return signed(k.where(a < form.split, small, large), x)


def normal_cdf(x: Vector) -> Vector:
    """Φ(x), the probability that a standard normal number is below x: 2^q(|x|) left of 0, 1 - 2^q(|x|) right of it.

    Error: 2⁻²³ · 2⁻⁵² in all; q ≈ log₂ Φ(-|x|) is of float32, float64 takes ½·(1 + erf(x/√2)).
    Source: Abramowitz & Stegun 1964, ch. 26, for the function; the polynomial fitted.
    """
    if x.dtype == F64:
        return (erf(x * math.sqrt(0.5)) + 1) * 0.5
    k, shift = x.k, 1.5 * 2.0 ** FORMS[F32].digits + FORMS[F32].bias
    a = k.unary("abs", x)
    q = horner(a, NORMAL)
    shifted = q + shift
    tail = power_of_two(shifted) * horner(q - (shifted - shift), (1, *EXP2))
    tail = k.where(a >= NORMAL_END, constant(x, 0), tail)  # NaN stays
    return k.where(x < 0, tail, 1 - tail)


def sin(x: Vector) -> Vector:
    """sin x, by octants about the multiples of π/2.

    Error: 1.53 · 1.15 for |x| ≤ 10⁸, 1.6 for |x| ≤ 10¹⁴, 30 for |x| ≤ 2·10¹⁵.  Beyond, where no digit of x mod π/2
    is left, the sine is that of 0; at infinity it is NaN.
    Source: Cody & Waite 1980, ch. 8.
    """
    return x.k.where(x == 0, x, circular(x, 0))  # keeps -0


def cos(x: Vector) -> Vector:
    """cos x, by octants about the multiples of π/2.

    Error: 1.53 · 1.14 for |x| ≤ 10⁸; see `sin`.
    Source: Cody & Waite 1980, ch. 8.
    """
    return circular(x, 1)


# --- the pieces -----------------------------------------------------------------------------------------


def constant(x: Vector, number: float) -> Vector:
    """A number in all lanes, of the dtype of x."""
    return x.k.constant(number, x.dtype)


def horner(x: Vector, coefficients: tuple[float, ...]) -> Vector:
    """c₀ + c₁·x + c₂·x² + …, from the inside out."""
    total = constant(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        total = x.k.fma(total, x, constant(x, c))
    return total


def at_most(x: Vector, high: float) -> Vector:
    """The smaller of the two; NaN stays."""
    limit = constant(x, high)
    return x.k.where(x > limit, limit, x)


def clamped(x: Vector, low: float, high: float) -> Vector:
    """x between the two; NaN stays."""
    limit = constant(x, low)
    cut = at_most(x, high)
    return x.k.where(cut < limit, limit, cut)


def signed(size: Vector, sign: Vector) -> Vector:
    """A number that is not negative, with the sign bit of another."""
    k, form = size.k, FORMS[size.dtype]
    bit = k.bits(sign, form.unsigned) & (1 << form.width - 1)
    return k.bits(k.bits(size, form.unsigned) | bit, size.dtype)


def reduced(x: Vector, add: int) -> tuple[Vector, Vector]:
    """x = n·ln 2 + r: a float whose lowest bits are n + add, and r.  The first fma of the two is exact."""
    k, (high, low) = x.k, LN2[x.dtype]
    shift = 1.5 * 2.0 ** FORMS[x.dtype].digits + add
    shifted = k.fma(x, constant(x, LOG2E), constant(x, shift))
    n = shifted - shift
    r = k.fma(n, constant(x, -low), k.fma(n, constant(x, -high), x))
    return shifted, r


def power_of_two(shifted: Vector) -> Vector:
    """2ⁿ, from a float whose lowest bits are n + bias."""
    form = FORMS[shifted.dtype]
    return shifted.k.bits(shifted.k.bits(shifted, form.unsigned) << form.digits, shifted.dtype)


def scaled(x: Vector, shifted: Vector) -> Vector:
    """x·2ⁿ, rounded once, from a float whose lowest bits are n + 2·bias.

    2ⁿ need not be a float, so it is the product of two that are: those bits in two halves.
    """
    k, form = x.k, FORMS[x.dtype]
    bits = k.bits(shifted, form.unsigned)
    half = (bits >> 1) << form.digits
    return x * k.bits(half, x.dtype) * k.bits((bits << form.digits) - half, x.dtype)


def about_one(r: Vector) -> Vector:
    """eʳ, |r| ≤ ½ ln 2."""
    return horner(r, (1, 1, *EXP[r.dtype]))


def exponent_and_rest(x: Vector, subnormal: bool = True) -> tuple[Vector, Vector]:
    """x = 2ⁿ·(1 + f) with √½ ≤ 1 + f < √2, for 0 < x < ∞."""
    k, form = x.k, FORMS[x.dtype]
    over = constant(x, 2.0**form.digits + form.bias)
    if subnormal:
        tiny = x < form.normal
        x = k.where(tiny, x * 2.0**form.digits, x)
        over = k.where(tiny, over + form.digits, over)
    one = form.bias << form.digits
    bits = k.bits(x, form.unsigned) + (one - form.root_half)
    rest = (bits & ((1 << form.digits) - 1)) + form.root_half
    # the exponent's bits as the last bits of 2^digits: a whole number made a float by one subtraction
    number = (bits >> form.digits) | (form.bias + form.digits << form.digits)
    return k.bits(number, x.dtype) - over, k.bits(rest, x.dtype) - 1


def log_sum(n: Vector, f: Vector, low: Vector) -> Vector:
    """n·ln 2 + ln(1 + f), given the low part of n·ln 2."""
    k, high = f.k, constant(f, LN2[f.dtype][0])
    square = f * f
    if f.dtype == F32:
        y = k.fma(square * f, horner(f, LOG_SINGLE), low)
        return k.fma(n, high, k.fma(square, constant(f, -0.5), y) + f)
    s = f / (f + 2)
    z = s * s
    half = square * 0.5
    y = k.fma(s, k.fma(z, horner(z, ATANH), half), low) - half
    return k.fma(n, high, y + f)


def log_ends(x: Vector, y: Vector) -> Vector:
    """The logarithm y, where x is neither ≤ 0 nor infinite nor NaN."""
    k = x.k
    outside = k.where(x == 0, constant(x, -math.inf), constant(x, math.nan))
    return k.where(x > 0, k.where(x < math.inf, y, x), outside)


def circular(x: Vector, turn: int) -> Vector:
    """sin(x + turn·π/2): x = n·π/2 + r, then one of two polynomials and a sign."""
    k, form = x.k, FORMS[x.dtype]
    quarter, sine, cosine = (of_double if x.dtype == F64 else of_single)(x)
    quarter = quarter + turn
    y = k.where((quarter & 1) == 0, sine, cosine)
    return k.bits(k.bits(y, form.unsigned) ^ ((quarter & 2) << form.width - 2), x.dtype)


def of_double(x: Vector) -> tuple[Vector, Vector, Vector]:
    """An integer whose lowest bits are those of n, sin r and cos r, of float64.

    The last digit of r alone would cost an ulp, so what its rounding lost comes along.
    """
    k, (_, second, third) = x.k, HALF_PI
    shifted, n, near = nearest_quarter(x)
    step = n * second
    r = near - step
    rest = ((near - r) - step) + k.fma(n, constant(x, -second), step)
    rest = k.fma(n, constant(x, -third), rest)
    z = r * r
    sine = r + k.fma(r * z, horner(z, SIN[F64]), rest)
    cosine = 1 + k.fma(z, horner(z, (-0.5, *COS[F64])), -(r * rest))
    return k.bits(shifted, U64), sine, cosine


def of_single(x: Vector) -> tuple[Vector, Vector, Vector]:
    """The same of float32, with an r that float64 finds."""
    k = x.k
    shifted, n, near = nearest_quarter(k.convert(x, F64))
    r = k.convert(k.fma(n, k.constant(-HALF_PI[1], F64), near), F32)
    z = r * r
    sine = k.fma(r * z, horner(z, SIN[F32]), r)
    cosine = horner(z, (1, -0.5, *COS[F32]))
    return k.convert(k.bits(shifted, U64) & 3, U32), sine, cosine


def nearest_quarter(x: Vector) -> tuple[Vector, Vector, Vector]:
    """The multiple n·π/2 that is nearest to x of float64: a float whose lowest bits are n, n, and x - n·first."""
    k, digits = x.k, FORMS[F64].digits
    x = k.where(k.unary("abs", x) < 2.0 ** (digits - 1), x, x * 0)  # where no digit of r is left
    shift = 1.5 * 2.0**digits
    shifted = k.fma(x, constant(x, 2 / math.pi), constant(x, shift))
    n = shifted - shift
    return shifted, n, k.fma(n, constant(x, -HALF_PI[0]), x)  # the last one is exact


# --- numbers --------------------------------------------------------------------------------------------


class Form(NamedTuple):
    """How a float is stored, and where functions of it end."""

    unsigned: np.dtype
    digits: int  # of the stored mantissa
    bias: int
    root_half: int  # the bits of √½
    exp_low: float  # e to this is 0
    exp_high: float  # and to this infinite
    tanh_high: float  # of 2·x: tanh is 1

    @property
    def width(self) -> int:
        return 8 * self.unsigned.itemsize

    @property
    def normal(self) -> float:
        """The smallest number that is not subnormal."""
        return 2.0 ** (1 - self.bias)


FORMS = {
    F32: Form(U32, 23, 127, 0x3F3504F3, -104, 89, 20),
    F64: Form(U64, 52, 1023, 0x3FE6A09E667F3BCD, -746, 710, 40),
}

LOG2E = 1.4426950408889634
LN2 = {F32: (0.6931472, -1.9046542e-09), F64: (0.6931471805599453, 2.3190468138462996e-17)}
HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)

# Minimax polynomials, lowest power first, weighted for the relative error of the function: Remez' exchange in
# arithmetic of 45 digits; after rounding c₀ the rest is fitted again, and so on.
# fmt: off
EXP = {  # (eʳ - 1 - r) / r², |r| ≤ ½ ln 2
    F32: (0.49999997, 0.16666546, 0.04166744, 0.008366257, 0.0013870331),
    F64: (
        0.5000000000000006, 0.16666666666666677, 0.04166666666658064, 0.008333333333347178,
        0.0013888888929775994, 0.00019841269790912144, 2.4801507493505202e-05, 2.7557356032547556e-06,
        2.7625185297195633e-07, 2.5067052828146676e-08,
    ),
}
# (ln(1 + f) - f + f²/2) / f³, √½ ≤ 1 + f ≤ √2
LOG_SINGLE = (0.3333333, -0.2500082, 0.2000124, -0.16623406, 0.14201623, -0.13159694, 0.12761936, -0.07635858)
# (2·atanh s - 2s) / s³ in s², s = f / (2 + f)
ATANH = (
    0.6666666666666734, 0.39999999999416597, 0.2857142874204407, 0.22222198602962506, 0.1818356297937569,
    0.1531408114755704, 0.14795673924262645,
)
TANH = {  # (tanh x - x) / x³ in x², |x| ≤ 0.6
    F32: (-0.333333, 0.13331936, -0.053784717, 0.020798625, -0.0058979667),
    F64: (
        -0.33333333333333126, 0.13333333333299768, -0.053968253949336, 0.021869488003368333,
        -0.008863226787030385, 0.0035920374513640015, -0.0014552157153581212, 0.0005871895216071725,
        -0.00023039902025653804, 7.931643524155911e-05, -1.717993723277958e-05,
    ),
}
NORMAL_END = 6.0  # beyond, Φ(-x) is below 2⁻²⁹
NORMAL = (  # log₂ Φ(-x), 0 ≤ x ≤ 6, weighted for the error of x·Φ(-x)
    -0.99999994, -1.1511061, -0.45920408, -0.0524959, 0.0070375167, -8.758038e-05, -0.00022717395,
    5.6718625e-05, -6.4738565e-06, 2.9949004e-07,
)
EXP2 = (0.693147, 0.24022242, 0.05550734, 0.009671519, 0.0013264724)  # (2ʳ - 1) / r, |r| ≤ ½, of float32
SIN = {  # (sin r - r) / r³ in r², |r| ≤ π/4
    F32: (-0.16666655, 0.00833219, -0.00019518392),
    F64: (
        -0.16666666666666632, 0.008333333333322444, -0.00019841269829800264, 2.755731368187202e-06,
        -2.5050755687836852e-08, 1.5896616134662755e-10,
    ),
}
COS = {  # (cos r - 1 + r²/2) / r⁴ in r², |r| ≤ π/4
    F32: (0.041666646, -0.001388731, 2.4432327e-05),
    F64: (
        0.041666666666666595, -0.0013888888888873296, 2.480158728895385e-05, -2.75573141988105e-07,
        2.0875702455217626e-09, -1.1358577184211939e-11,
    ),
}
# fmt: on
