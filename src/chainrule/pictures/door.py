"""The checks at the door of this room: what comes in is an array of numbers with the axes asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DTypeError, ShapeError

Array = np.ndarray[Any, np.dtype[Any]]


def numbers(who: str, what: str, values: ArrayLike, *axes: str) -> Array:
    """Take anything array-like as an array of real numbers whose axes are one of the lists in `axes`.

    axes:  lists of axis names such as "H W" or "N C H W"; the number of names is what counts
    Raises DTypeError for text, objects and complex numbers, ShapeError for other axes or no values.

    >>> numbers("grey", "array", [[1, 2, 3]], "H W").shape
    (1, 3)
    """
    expected = " or ".join(f"({names.replace(' ', ', ')})" for names in axes)
    array = _array(who, what, values, expected)
    if array.ndim not in [len(names.split()) for names in axes]:
        raise ShapeError(who, f"{what} has shape {array.shape}", f"shape {expected}", "index or reshape it")
    if array.dtype.kind not in "biuf":
        raise DTypeError(who, f"{what} has dtype {array.dtype}", "real numbers", "convert it with astype")
    if not array.size:
        came = f"{what} has shape {array.shape}, which is empty"
        raise ShapeError(who, came, f"at least one value in {expected}", "leave the picture out")
    return array


def matching(who: str, what: str, labels: int, values: int) -> None:
    """Raise ShapeError unless there is one label for each value.

    >>> matching("bars", "labels", 3, 3)
    """
    if labels != values:
        came = f"{labels} {what} for {values} values"
        raise ShapeError(who, came, f"{values} {what}", "give one label for each value, in the same order")


def _array(who: str, what: str, values: ArrayLike, expected: str) -> Array:
    try:
        return np.asarray(values)
    except ValueError as ragged:  # NumPy refuses rows of unequal length with a text about its internals
        came = f"{what} has rows of unequal length"
        raise ShapeError(who, came, f"shape {expected}", "pad the rows, or make one picture each") from ragged
