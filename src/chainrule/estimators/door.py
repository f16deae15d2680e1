"""The checks at the door of this room: X becomes a finite array of numbers, y becomes classes and their numbers.

The words of a message are those that scikit-learn's own checks look for, where they look for any.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, DTypeError, ShapeError
from ..finite import all_finite
from ..words import many
from . import scikit

Array = NDArray[Any]


def features(who: str, X: Any) -> Array:
    """X as a finite array (N, …) of uint8, float32 or float64, with two axes or more, none of them empty.

    Bytes, float32 and float64 stay as they are, without a copy; other numbers become float32 where it holds them all,
    float64 elsewhere. An array of objects is taken if all of them are numbers.
    Raises DTypeError for sparse matrices and objects that are no numbers, ShapeError for one axis, DataError for text,
    complex numbers, rows of unequal length, nothing, NaN and infinity.

    >>> features("knn", [[1, 2], [3, 4]]).dtype
    dtype('float64')
    """
    if hasattr(X, "nnz") and hasattr(X, "toarray"):
        came = f"X is a sparse {type(X).__name__}"
        raise DTypeError(who, came, "a dense array; sparse data are not supported", "X.toarray()")
    array = numbers(who, dense(who, X))
    if array.ndim < 2:
        hint = "Reshape your data: X.reshape(1, -1) for one sample, X.reshape(-1, 1) for one feature"
        raise ShapeError(who, f"X has shape {array.shape}", "2 axes (samples, features) or more", hint)
    require_some(who, array)
    require_finite(who, "X", array)
    return array


def dense(who: str, X: Any) -> Array:
    """X as an array, of whatever it holds."""
    if isinstance(X, np.ma.MaskedArray) and np.any(X.mask):
        came = f"X has {many(int(np.sum(X.mask)), 'masked number')}"
        raise DataError(who, came, "no missing numbers", "X.filled(0), or leave such samples out")
    try:
        return np.asarray(X)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        hint = "cut or fill them to one length"
        raise DataError(who, "X has rows of unequal length", "one length", hint) from None


def numbers(who: str, array: Array) -> Array:
    """The array in one of the dtypes that this room computes with."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "O":
        return objects(who, array)
    if kind == "c":
        came = f"X has dtype {array.dtype}. Complex data not supported"
        raise DataError(who, came, "real numbers", "X.real, or np.abs(X)")
    if kind not in "biuf":
        came = f"X has dtype {array.dtype}: text or dates"
        raise DataError(who, came, "numbers", 'X.astype("float32") if it is numbers, written out')
    native = array.dtype.newbyteorder("=")
    kept = native in (np.uint8, np.float32, np.float64)
    return array.astype(native if kept else np.float32 if size <= 2 else np.float64, copy=False)


def objects(who: str, array: Array) -> Array:
    """Numbers out of an array of objects."""
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        came = f"X holds objects that are no numbers ({error})"
        kind = DTypeError if isinstance(error, TypeError) else DataError
        raise kind(who, came, "numbers", "leave out the columns that hold none") from None


def require_some(who: str, array: Array) -> None:
    """At least one sample, of at least one feature."""
    for count, what in ((len(array), "sample"), (int(np.prod(array.shape[1:])), "feature")):
        if count == 0:
            came = f"X has 0 {what}(s) (shape={array.shape}) while a minimum of 1 is required"
            raise DataError(who, came, f"at least one {what}", "look at what was selected")


def require_finite(who: str, name: str, array: Array) -> None:
    """No NaN and no infinity, or a DataError that counts them and names the first."""
    if all_finite(array):
        return
    wrong = ~np.isfinite(array)
    index = tuple(map(int, np.unravel_index(np.argmax(wrong), array.shape)))
    first = index[0] if len(index) == 1 else index
    count = many(int(wrong.sum()), "NaN or infinite number")
    came = f"{name} has {count}, the first at index {first}"
    raise DataError(who, came, "finite numbers", f"leave such samples out, or np.nan_to_num({name})")


def labels(who: str, y: Any, samples: int) -> tuple[Array, NDArray[np.int64]]:
    """The classes of y in their order, and (N,) the number of each sample's class among them.

    y:  (N,) or, with a warning, (N, 1): whole numbers, text, or anything else that can be sorted
    Raises DataError for no y, another number of samples, fractions, NaN, labels that cannot be sorted, one sample, one
    class; ShapeError for several columns.

    >>> classes, numbers = labels("knn", ["dog", "cat", "dog"], 3)
    >>> classes.tolist(), numbers.tolist()
    (['cat', 'dog'], [1, 0, 1])
    """
    if y is None:
        came = "this classifier requires y to be passed, but the target y is None"
        raise DataError(who, came, "a label for each sample", "fit(X, y)")
    column = one_column(who, dense(who, y))
    if len(column) != samples:
        came = f"X has {many(samples, 'sample')} and y {many(len(column), 'label')}"
        raise DataError(who, came, "as many of each", "give each sample its label")
    classes, found = sorted_classes(who, column)
    if samples == 1:
        raise DataError(who, "X has 1 sample", "at least two, of two classes", "more samples")
    if len(classes) == 1:
        came = f"y has 1 class, {classes.tolist()[0]!r}"
        raise DataError(who, came, "at least two classes", "samples of another class")
    return classes, found.reshape(-1)


def one_column(who: str, y: Array) -> Array:
    """(N,) out of (N,) or (N, 1)."""
    if y.ndim == 2 and y.shape[1] == 1:
        message = "A column-vector y was passed when a 1d array was expected; y.ravel() is that"
        warnings.warn(message, scikit.conversion_warning(), stacklevel=6)
        return y.reshape(-1)
    if y.ndim != 1:
        hint = "y.argmax(axis=1) if each row marks its class"
        raise ShapeError(who, f"y has shape {y.shape}", "1 axis (samples,)", hint)
    return y


def sorted_classes(who: str, y: Array) -> tuple[Array, NDArray[np.int64]]:
    """The different labels in their order, and the number of each label among them."""
    require_finite(who, "y", y)
    if y.dtype.kind == "c" or (y.dtype.kind == "f" and np.any(y != np.floor(y))):
        came = "y has numbers that are not whole: Unknown label type: continuous"
        raise DataError(who, came, "classes", "np.digitize(y, edges), to make classes of ranges")
    try:
        return np.unique(y, return_inverse=True)
    except TypeError:
        kinds = ", ".join(sorted({type(label).__name__ for label in y.tolist()}))
        came = f"y has labels that cannot be sorted (Unknown label type: {kinds})"
        raise DataError(who, came, "labels of one kind", "y.astype(str)") from None


def names(X: Any) -> Array | None:
    """The names of the columns of a data frame, if all of them are text; None for anything else."""
    columns = getattr(X, "columns", None)
    if columns is None or callable(columns):
        return None
    found = np.asarray(columns, dtype=object)
    return found if len(found) and all(isinstance(name, str) for name in found) else None


def require_names(who: str, known: Array, given: Array) -> None:
    """The columns are those that were learned from, in their order."""
    if known.tolist() == given.tolist():
        return
    strange, missing = sorted(set(given) - set(known)), sorted(set(known) - set(given))
    parts = ["The feature names should match those that were passed during fit."]
    parts += ["Feature names unseen at fit time:", *listed(strange)] if strange else []
    parts += ["Feature names seen at fit time, yet now missing:", *listed(missing)] if missing else []
    if not strange and not missing:
        parts += ["Feature names must be in the same order as they were in fit."]
    raise DataError(who, "\n".join(parts) + "\n", "the columns of fit", "X[estimator.feature_names_in_]")


def listed(found: list[str]) -> list[str]:
    """The first few of some names, one a line."""
    return [f"- {name}" for name in found[:5]] + (["- ..."] if len(found) > 5 else [])
