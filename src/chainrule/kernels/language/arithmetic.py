"""What the numbers of a compiled kernel come to, computed at once in NumPy and Python, for both machines."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Binary = Callable[[Any, Any], Any]
LOGIC: dict[str, Binary] = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
BASIC: dict[str, Binary] = {"add": np.add, "sub": np.subtract, "mul": np.multiply}
SHIFTS: dict[str, Binary] = {"shl": np.left_shift, "shr": np.right_shift}
EQUAL: dict[str, Binary] = {"eq": np.equal, "ne": np.not_equal}
ORDER: dict[str, Binary] = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    **EQUAL,
}
INTEGER = {**BASIC, **LOGIC, **SHIFTS}
ARITHMETIC: dict[str, dict[str, Binary]] = {
    "f": {**BASIC, "div": np.divide},
    "i": INTEGER,
    "u": INTEGER,
    "b": LOGIC,
}
RELATION: dict[str, dict[str, Binary]] = {"f": ORDER, "i": ORDER, "u": ORDER, "b": EQUAL}
UNARY: dict[str, Callable[[Any], Any]] = {
    "sqrt": np.sqrt,
    "abs": np.abs,
    "rint": np.rint,
    "floor": np.floor,
}
WHOLE: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "sdiv": lambda a, b: a // b if a >= 0 else -(-a // b),
    "srem": lambda a, b: a % b if a >= 0 else -(-a % b),
}
"""Whole numbers, as LLVM has them: a division by b > 0 cuts towards 0."""

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "slt": lambda a, b: a < b,
    "sgt": lambda a, b: a > b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}


def saturated(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Floats cut towards 0 and to the range of an integer dtype; NaN gives 0."""
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    cut = np.trunc(x.astype(np.float64))
    low, high = cut < float(least), cut >= float(most + 1)  # both bounds are powers of two, or 0
    inside = np.where(low | high | np.isnan(cut), 0.0, cut).astype(dtype)
    return np.select([low, high], [dtype.type(least), dtype.type(most)], inside)


def fma_single(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a · b + c of float32, rounded once.

    The product is exact in float64; the sum there is rounded to odd, so that the last rounding is right.
    Source: Boldo & Melquiond 2008, "Emulation of FMA and correctly rounded sums".
    """
    product, c = a.astype(np.float64) * b, c.astype(np.float64)
    total = product + c
    back = total - product
    error = (product - (total - back)) + (c - back)
    even = total.view(np.int64) & 1 == 0
    odd = np.nextafter(total, np.copysign(np.inf, error))
    return np.where(even & (np.abs(error) > 0) & np.isfinite(total), odd, total).astype(np.float32)


def fma_double(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """a · b + c of float64, rounded once."""
    return np.array([fma_number(*abc) for abc in zip(a.tolist(), b.tolist(), c.tolist(), strict=True)])


def fma_number(a: float, b: float, c: float) -> float:
    """a · b + c by fractions of whole numbers, whose division rounds once."""
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return a * b + c if not (math.isfinite(a) and math.isfinite(b)) else c
    if a == 0 or b == 0:
        return a * b + c
    (p, q), (r, s), (t, u) = a.as_integer_ratio(), b.as_integer_ratio(), c.as_integer_ratio()
    top, bottom = p * r * u + t * q * s, q * s * u
    try:
        return top / bottom
    except OverflowError:
        return math.inf if top > 0 else -math.inf
