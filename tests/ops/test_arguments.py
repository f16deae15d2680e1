"""How the functions of ops read axes, sizes and biases."""

import numpy as np
import pytest

from chainrule import Tensor
from chainrule.errors import IndexingError, SettingError, ShapeError
from chainrule.ops.arguments import axes, check_bias, dtype_of, number_of, one_axis, pair, shape_of

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


@pytest.mark.parametrize("value", [0, (1, 0), (1, 2, 3), 1.5, "ab", None, (1.0, 1), np.ones(2)])
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
    assert number_of("huber", "delta", np.float32(0.5), above=0.0) == 0.5
    assert type(number_of("l1", "strength", 0, 0.0)) is float
    assert number_of("loss", "label_smoothing", 1, 0.0, 1.0) == 1.0


@pytest.mark.parametrize("value", [0.0, -1, float("nan"), float("inf"), None, "1", True, np.ones(1)])
def test_numbers_out_of_bounds(value):
    refused(
        SettingError,
        lambda: number_of("huber", "delta", value, most=9.0, above=0.0),
        "huber",
        f"delta {value!r}",
        "a finite number > 0 and ≤ 9",
        "delta=1",
    )
