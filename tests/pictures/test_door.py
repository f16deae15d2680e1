"""The door lets arrays of real numbers in and says clearly why it refuses others."""

import numpy as np
import pytest

from chainrule.errors import ChainruleError, DTypeError, ShapeError
from chainrule.pictures.door import matching, numbers


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.zeros(3), ShapeError),
        (np.zeros((2, 3, 4)), ShapeError),
        (np.zeros((0, 4)), ShapeError),
        ([[1, 2], [3]], ShapeError),
        ([["a", "b"]], DTypeError),
        (np.zeros((2, 2), complex), DTypeError),
        (np.array([[None, 1]]), DTypeError),
    ],
)
def test_refuses_with_all_four_parts(values, kind):
    with pytest.raises(kind) as caught:
        numbers("grey", "array", values, "H W")
    error = caught.value
    assert isinstance(error, ChainruleError)
    assert error.who == "grey"
    assert "array" in error.came
    assert all([error.came, error.expected, error.hint])


def test_says_which_axes_are_wanted():
    with pytest.raises(ShapeError, match=r"shape \(3,\).*\(N, H, W\) or \(N, C, H, W\)"):
        numbers("tiles", "arrays", np.zeros(3), "N H W", "N C H W")


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_takes_every_real_dtype_unchanged(dtype):
    assert numbers("grey", "array", np.ones((2, 2), dtype), "H W").dtype == dtype


def test_takes_what_turns_into_an_array():
    class Wrapped:
        def __array__(self, dtype=None, copy=None):
            return np.ones((2, 3))

    assert numbers("grey", "array", Wrapped(), "H W").shape == (2, 3)


def test_labels_must_match():
    with pytest.raises(ShapeError, match="2 labels for 3 values"):
        matching("bars", "labels", 2, 3)
