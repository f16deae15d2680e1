"""How the functions of ops read axes, sizes and biases."""

import math
from functools import partial

import numpy as np
import pytest

from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError
from chainrule.ops.arguments import (
    at_least,
    axes,
    check_bias,
    dtype_of,
    finite,
    fraction,
    named,
    one_axis,
    pair,
    shape_of,
    with_axes,
)

from .peers import refused


def test_shape_and_dtype_of_anything():
    assert shape_of(Tensor([1.0])) == shape_of(np.ones(1)) == (1,)
    assert shape_of(3.0) == ()
    assert dtype_of(Tensor([1])) == dtype_of(1) == np.int64


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        (None, (0, 1, 2)),
        (1, (1,)),
        (-1, (2,)),
        ((2, 0), (0, 2)),
        ([-1, 0], (0, 2)),
        ((), ()),
        (np.int64(1), (1,)),
    ],
)
def test_axes(axis, expected):
    assert axes("sum", axis, 3) == expected


@pytest.mark.parametrize("axis", [3, -4, (0, 0), (0, -3), 1.5, "x", (0, 1.5)])
def test_wrong_axes(axis):
    refused(IndexingError, lambda: axes("sum", axis, 3), "sum", "different axes from -3 to 2")


def test_one_number_has_no_axes():
    assert axes("sum", None, 0) == ()
    refused(IndexingError, lambda: one_axis("sum", 0, 0), "sum", "this is one number")


def test_pair():
    assert pair("conv2d", "stride", 2, 1) == pair("conv2d", "stride", [2, 2], 1) == (2, 2)
    assert pair("conv2d", "padding", (0, np.int64(3)), 0) == (0, 3)


@pytest.mark.parametrize("value", [0, True, (1, 0), (1, 2, 3), 1.5, "ab", None, (1.0, 1), np.ones(2)])
def test_wrong_pairs(value):
    refused(SettingError, lambda: pair("conv2d", "stride", value, 1), "conv2d", "stride", "≥ 1")


def test_a_bias_is_one_for_each_output():
    check_bias("linear", np.ones(3), 3)
    refused(ShapeError, lambda: check_bias("linear", np.ones(1), 3), "linear", "shape (1,)", "shape (3,)")


@pytest.mark.parametrize("value", [2**31, (1, 10**30), [2**62, 1]])
def test_pairs_that_no_machine_could_count(value):
    refused(SettingError, lambda: pair("conv2d", "stride", value, 1), "conv2d", "stride", "2,147,483,647")
    assert pair("conv2d", "stride", 2**31 - 1, 1) == (2**31 - 1, 2**31 - 1)


def test_numbers_within_bounds():
    assert finite("huber", "delta", np.float32(0.5), above=0) == 0.5
    assert type(finite("l1", "strength", 0, least=0)) is float
    assert finite("loss", "label_smoothing", 1, least=0, most=1) == 1.0
    assert fraction("Dropout", "p", np.float32(0.25)) == 0.25


@pytest.mark.parametrize("value", [0.0, -1, 9.5, float("nan"), float("inf"), None, "1", True, np.ones(1)])
def test_numbers_out_of_bounds(value):
    expected = "expected 0 < delta ≤ 9;"
    call = partial(finite, "huber", "delta", value, most=9.0, above=0.0)
    refused(SettingError, call, "huber", f"delta {value!r}", expected, "delta=1")


@pytest.mark.parametrize("value", [1, 1.5, -0.1, float("nan"), "a", None, True])
def test_no_fractions(value):
    refused(SettingError, lambda: fraction("Dropout", "p", value), "Dropout", "0 ≤ p < 1", "p=0.5")


def test_a_bound_on_one_side():
    refused(
        SettingError, lambda: finite("l1", "s", -1, 1e-4, least=0), "l1", "a finite number ≥ 0;", "s=0.0001"
    )
    refused(SettingError, lambda: finite("l1", "s", 2, below=1), "l1", "a finite number < 1;")
    refused(SettingError, lambda: finite("l1", "s", math.inf), "l1", "a finite number;")


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_whole_numbers(value):
    assert type(at_least("Linear", "in_features", value, 1)) is int


@pytest.mark.parametrize("value", [0, -1, 1.0, 2.5, True, "3", None])
def test_no_whole_numbers(value):
    call = partial(at_least, "Linear", "in_features", value, 1)
    refused(SettingError, call, "Linear", f"in_features {value!r}", "a whole number ≥ 1", "in_features=1")


def test_axes_that_an_array_has():
    x = np.ones((2, 3, 4))
    assert with_axes("f", "x", x, "N, C, L") == with_axes("f", "x", x, "N, C, …") == (2, 3, 4)
    refused(
        ShapeError, lambda: with_axes("f", "x", x, "N, C"), "f", "x f64[2,3,4]", "expected 2 axes (N, C);"
    )
    least = "at least 4 axes (N, C, H, W, …)"
    refused(ShapeError, lambda: with_axes("f", "x", x, "N, C, H, W, …"), "f", least, "add the batch axis")
    refused(DTypeError, lambda: with_axes("f", "x", "three", "N, C"), "f", "x is a str")


def test_errors_inside_name_the_function():
    @named
    def inner(x, *, more=0):
        """What it does."""
        if x:
            raise ShapeError("gate", "x", "y", "z")
        return more

    @named
    def outer(x, *, more=0):
        return inner(x, more=more)

    assert outer(0, more=3) == 3
    assert (inner.__name__, inner.__doc__, inner.__globals__) == ("inner", "What it does.", globals())
    refused(ShapeError, lambda: inner(1), "inner", "inner: x")
    refused(ShapeError, lambda: outer(1), "outer", "outer: x")
