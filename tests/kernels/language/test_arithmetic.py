"""Numbers as compiled kernels have them: fma rounded once, floats cut to integers, every operation there."""

import math
from fractions import Fraction

import numpy as np
import pytest

from chainrule.kernels.language import instructions
from chainrule.kernels.language.arithmetic import (
    ARITHMETIC,
    RELATION,
    UNARY,
    fma_double,
    fma_single,
    saturated,
)
from chainrule.kernels.language.types import F32, F64, I32, I64, U8

from .primitives import same_bits


def test_both_machines_have_the_same_operations():
    for mine, other in ((ARITHMETIC, instructions.ARITHMETIC), (RELATION, instructions.RELATION)):
        assert {kind: set(ops) for kind, ops in mine.items()} == {
            kind: set(ops) for kind, ops in other.items()
        }
    assert set(UNARY) == set(instructions.UNARY)


def rounded_once(a, b, c, dtype):
    """a · b + c by fractions, for finite numbers."""
    exact = Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))
    near = dtype.type(float(exact))
    around = [np.nextafter(near, dtype.type(way)) for way in (-np.inf, np.inf)]
    return min(
        [near, *around],
        key=lambda x: (abs(Fraction(float(x)) - exact), int(x.view("i4" if dtype == F32 else "i8")) & 1),
    )


@pytest.mark.parametrize(
    ("function", "dtype"), [(fma_single, F32), (fma_double, F64)], ids=["single", "double"]
)
def test_fma_is_rounded_once(function, dtype):
    rng = np.random.default_rng(0)
    a, b, c = rng.standard_normal((3, 400)).astype(dtype)
    c[:100] = -(a * b)[:100]  # nothing but the product's own rounding is left
    c[100:200] *= dtype.type(np.finfo(dtype).eps)
    c[200:300] *= dtype.type(2.0**20)
    got = function(a, b, c)
    assert got.dtype == dtype
    assert got.tolist() == [rounded_once(*abc, dtype) for abc in zip(a, b, c, strict=True)]


@pytest.mark.parametrize(
    ("function", "dtype"), [(fma_single, F32), (fma_double, F64)], ids=["single", "double"]
)
def test_fma_at_the_edges(function, dtype):
    limits = np.finfo(dtype)
    most, tiny, inf = limits.max, limits.smallest_subnormal, np.inf
    rows = [
        (most, 2, -inf, -inf),  # the product is finite, however large
        (most, 2, -most, most),
        (most, 2, 0, inf),
        (-most, 2, 0, -inf),
        (tiny, 0.5, 0, 0),  # half to even
        (tiny, 0.75, 0, tiny),
        (-tiny, 0.25, 0, -0.0),
        (tiny, tiny, 1, 1),
        (-0.0, 1, 0.0, 0.0),
        (-0.0, 1, -0.0, -0.0),
        (1, 1, -1, 0.0),
        (inf, 0, 1, np.nan),
        (inf, 1, -inf, np.nan),
        (1, np.nan, 1, np.nan),
        (1, 1, inf, inf),
    ]
    a, b, c, wanted = np.array(rows, dtype).T
    with np.errstate(all="ignore"):
        got = function(np.ascontiguousarray(a), np.ascontiguousarray(b), np.ascontiguousarray(c))
    assert same_bits(got, np.ascontiguousarray(wanted))


def test_floats_are_cut_to_the_range_of_integers():
    x = np.array([np.nan, np.inf, -np.inf, 2.0**31, 2.0**31 - 1, -(2.0**31), -1.9, 1.9])
    got = saturated(x, I32).tolist()
    assert got == [0, 2**31 - 1, -(2**31), 2**31 - 1, 2**31 - 1, -(2**31), -1, 1]
    assert saturated(np.array([-0.9, -1, 255.9, 256]), U8).tolist() == [0, 0, 255, 255]
    assert saturated(np.array([2.0**63, -(2.0**63)]), I64).tolist() == [2**63 - 1, -(2**63)]


def test_infinite_and_tiny_products_of_doubles():
    assert fma_double(*np.array([[1e200], [1e200], [-1e308]]))[0] == math.inf
    assert fma_double(*np.array([[1e-200], [1e-200], [1.0]]))[0] == 1
