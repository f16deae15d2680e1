"""Saved states: the same names, shapes and dtypes, or an error that names the difference."""

import numpy as np
import pytest

from chainrule import errors
from chainrule.optim.state import matched, shortened

EXPECTED = {"w/velocity": np.zeros((2, 3), "f4"), "group0/lr": np.zeros(())}


def test_a_state_that_fits_comes_back_as_arrays():
    found = matched("SGD", EXPECTED, {"group0/lr": 0.1, "w/velocity": np.ones((2, 3), "f4")})
    assert list(found) == list(EXPECTED) and found["group0/lr"] == 0.1


@pytest.mark.parametrize(
    ("change", "came", "expected"),
    [
        ({"w/velocity": None}, "a state without w/velocity", "the 2 entries w/velocity, group0/lr"),
        ({"b/velocity": np.zeros(1)}, "a state with b/velocity", "the 2 entries"),
        ({"w/velocity": np.zeros((3, 2), "f4")}, "w/velocity f32[3,2]", "w/velocity f32[2,3]"),
        ({"w/velocity": np.zeros((2, 3))}, "w/velocity f64[2,3]", "w/velocity f32[2,3]"),
        ({"group0/lr": "fast"}, "group0/lr", "group0/lr f64[]"),
    ],
)
def test_a_state_that_does_not_fit(four_parts, change, came, expected):
    given = {name: array for name, array in (EXPECTED | change).items() if array is not None}
    with pytest.raises(errors.StateError) as caught:
        matched("SGD", EXPECTED, given)
    four_parts(caught.value, "SGD", came, expected, "build the SGD")


def test_long_lists_are_shortened():
    assert shortened(list("abc")) == "a, b, c"
    assert shortened(list("abcdef")) == "a, b, c, d and 2 more"
