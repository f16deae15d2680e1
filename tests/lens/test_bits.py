"""Arrays compared to the bit."""

import numpy as np
import pytest

from chainrule.lens.bits import gap, same

ONES = np.ones((2, 3), "float32")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_the_same_bits(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    assert same(array, array.copy()) and gap("w", array, array.copy()) is None
    assert same(array.T, np.ascontiguousarray(array.T)), "whatever the strides"
    assert same(array[0, 0], array[0, 0].copy()) and same(array[:0], array[:0].copy())


def test_other_bits_of_equal_numbers():
    assert not same(np.zeros(2), -np.zeros(2))
    assert gap("w", np.zeros(2), np.array([0.0, -0.0])) == ("w", (1,), 0.0, -0.0, 1, 2)


def test_other_shapes_and_dtypes():
    assert not same(ONES, ONES.T) and not same(ONES, ONES.astype(float))
    assert gap("w", ONES, ONES.T) == ("w", (), "f32[2,3]", "f32[3,2]", 6, 6)
    assert gap("w", ONES, ONES.astype(float))[2:4] == ("f32[2,3]", "f64[2,3]")


def test_the_worst_element():
    other = ONES.copy()
    other[0, 1], other[1, 2] = 1.5, 0.25
    assert gap("w", ONES, other) == ("w", (1, 2), 1.0, 0.25, 2, 6)
    other[1, 0] = np.nan
    found = gap("w", ONES, other)
    assert found.at == (1, 0) and np.isnan(found.second) and found.differ == 3


def test_numbers_without_an_index():
    assert gap("lr", np.asarray(0.1), np.asarray(0.2)) == ("lr", (), 0.1, 0.2, 1, 1)
