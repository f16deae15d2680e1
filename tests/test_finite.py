"""Whether an array has neither NaN nor infinity: what NumPy says of each number."""

import numpy as np
import pytest

from chainrule.finite import all_finite


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64"])
def test_one_that_is_not_finite_is_found_wherever_it_stands(wrong, dtype):
    for place in range(40):
        array = np.ones(40, dtype)
        assert all_finite(array)
        array[place] = wrong
        assert not all_finite(array) and not all_finite(array.reshape(5, 8)[:, ::-1].T)


@pytest.mark.filterwarnings("error")
def test_infinities_that_would_cancel_are_found():
    assert not all_finite(np.array([np.inf, -np.inf]))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_too_large_to_be_added_up_are_finite(dtype):
    assert all_finite(np.full(100, np.finfo(dtype).max))
    assert all_finite(np.array([1, -1]) * np.finfo(dtype).max)


@pytest.mark.parametrize(
    "array", [np.arange(3), np.ones(3, bool), np.zeros((0, 2)), np.array("text")], ids=str
)
def test_what_cannot_be_anything_else_is_finite(array):
    assert all_finite(array)
