"""The door: what becomes of X and y, and what is refused with which words."""

import numpy as np
import pytest
from scipy import sparse

from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.estimators import door


class Frame:
    """As much of a data frame as the door looks at."""

    def __init__(self, array, columns):
        self.array, self.columns = np.asarray(array), columns

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("uint8", "uint8"),
        ("float32", "float32"),
        ("float64", "float64"),
        ("bool", "float32"),
        ("int16", "float32"),
        ("float16", "float32"),
        ("int32", "float64"),
        ("int64", "float64"),
        (">f4", "float32"),
        ("O", "float64"),
    ],
)
def test_numbers_are_kept_exactly(given, kept):
    X = np.array([[1, 0], [0, 1]]).astype(given)
    found = door.features("x", X)
    assert found.dtype == np.dtype(kept) and found.dtype.isnative
    assert found.tolist() == [[1, 0], [0, 1]]
    assert np.shares_memory(found, X) == (given == kept)


def test_whole_numbers_that_float32_does_not_hold_stay_apart():
    found = door.features("x", [[2**24, 2**24 + 1]])
    assert found[0, 0] != found[0, 1]


def test_finite_numbers_whose_sum_is_not_are_taken():
    assert door.features("x", np.full((4, 2), 3e38, "float32")).shape == (4, 2)


REFUSED = {
    "sparse": (sparse.csr_array(np.eye(3)), DTypeError, "X is a sparse csr_array; .*sparse.*X.toarray"),
    "one axis": (np.zeros(3), ShapeError, r"X has shape \(3,\).*Reshape your data: X.reshape\(1, -1\)"),
    "no axis": (1.0, ShapeError, r"X has shape \(\)"),
    "NaN": (
        [[0.0, np.nan], [1, 2]],
        DataError,
        r"X has 1 NaN or infinite number, the first at index \(0, 1\)",
    ),
    "infinity": ([[0.0, 1], [np.inf, -np.inf]], DataError, r"X has 2 NaN or infinite numbers, .*\(1, 0\)"),
    "text": ([["a", "b"]], DataError, "X has dtype <U1: text"),
    "dates": (np.array([["2020-01-01"]], "datetime64[D]"), DataError, "text or dates"),
    "complex": ([[1j, 2]], DataError, "Complex data not supported"),
    "objects": ([[{}, 1]], DTypeError, "objects that are no numbers .*argument must be .* string.* number"),
    "text in objects": (np.array([["a", 1]], object), DataError, "no numbers .*'a'"),
    "none": (np.array([[None, 1]], object), DataError, "X has 1 NaN"),
    "rows": ([[1, 2], [3]], DataError, "rows of unequal length"),
    "no samples": (np.zeros((0, 3)), DataError, r"0 sample\(s\) \(shape=\(0, 3\)\)"),
    "no features": (np.zeros((3, 0)), DataError, r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1"),
    "masked": (np.ma.masked_equal([[1, 2]], 2), DataError, "X has 1 masked number"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_x_is_refused(name):
    given, kind, words = REFUSED[name]
    with pytest.raises(kind, match=f"^Who: (?s:.)*{words}"):
        door.features("Who", given)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (["dog", "cat", "dog"], ["cat", "dog"]),
        (np.array(["dog", "cat", "dog"], object), ["cat", "dog"]),
        ([5, -1, 5], [-1, 5]),
        ([True, False, True], [False, True]),
        ([1.0, 0.0, 1.0], [0, 1]),
    ],
)
def test_labels_of_any_kind_that_can_be_sorted(y, classes):
    found, numbers = door.labels("x", y, 3)
    assert found.tolist() == classes and numbers.tolist() == [1, 0, 1]


def test_a_column_of_labels_is_taken_with_a_warning():
    with pytest.warns(UserWarning, match="A column-vector y was passed when a 1d array was expected"):
        _, numbers = door.labels("x", [[1], [0]], 2)
    assert numbers.tolist() == [1, 0]


REFUSED_LABELS = {
    "none": (None, DataError, "requires y to be passed"),
    "two columns": ([[0, 1], [1, 0], [0, 1]], ShapeError, r"y has shape \(3, 2\)"),
    "fewer": ([0, 1], DataError, "X has 3 samples and y 2 labels"),
    "fractions": ([0.5, 1, 2], DataError, "Unknown label type: continuous"),
    "NaN": ([np.nan, 1, 2], DataError, "y has 1 NaN or infinite number, the first at index 0"),
    "complex": ([1j, 1, 2], DataError, "Unknown label type"),
    "mixed": (np.array([1, "a", None], object), DataError, "Unknown label type: NoneType, int, str"),
    "one class": (["a", "a", "a"], DataError, "y has 1 class, .*'a'"),
    "ragged": ([[1], [2, 3], [4]], DataError, "rows of unequal length"),
}


@pytest.mark.parametrize("name", REFUSED_LABELS)
def test_y_is_refused(name):
    y, kind, words = REFUSED_LABELS[name]
    with pytest.raises(kind, match=f"^Who: .*{words}"):
        door.labels("Who", y, 3)


def test_one_sample_is_named_as_such():
    with pytest.raises(DataError, match="X has 1 sample;"):
        door.labels("x", [1], 1)


def test_names_of_columns():
    assert door.names(Frame(np.eye(2), ["a", "b"])).tolist() == ["a", "b"]
    assert door.names(Frame(np.eye(2), [0, 1])) is None
    assert door.names(np.eye(2)) is None
    known = np.array(["a", "b", "c"], object)
    door.require_names("x", known, known.copy())
    for given, words in (
        (["a", "c", "b"], "passed during fit.\nFeature names must be in the same order"),
        (["a", "b", "d"], "passed during fit.\nFeature names unseen at fit time:\n- d\nFeature names seen"),
        (["a", "b"], "passed during fit.\nFeature names seen at fit time, yet now missing:\n- c\n"),
    ):
        with pytest.raises(DataError) as raised:
            door.require_names("x", known, np.array(given, object))
        assert words in str(raised.value)
