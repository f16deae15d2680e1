"""How the functions of this room read their arguments: operands, axes, sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from ..errors import DTypeError, IndexingError, SettingError, ShapeError
from ..graph import Value

Operand: TypeAlias = Value | np.ndarray | float
Axis: TypeAlias = int | Sequence[int] | None


def shape_of(x: Operand) -> tuple[int, ...]:
    """The shape of a value, an array or a number."""
    return x.shape if isinstance(x, Value | np.ndarray) else ()


def shape_of_value(who: str, name: str, x: Operand) -> tuple[int, ...]:
    """The shape of a value, an array or a number; a DTypeError for anything else."""
    if not isinstance(x, Value | np.ndarray | int | float | np.number):
        came, expected = f"{name} is a {type(x).__name__}", "a tensor, an array or a number"
        raise DTypeError(who, came, expected, "Tensor(...) around it")
    return shape_of(x)


def dtype_of(x: Operand) -> np.dtype:
    """The dtype of a value, an array or a number."""
    return x.dtype if isinstance(x, Value | np.ndarray) else np.asarray(x).dtype


def known_dtype(who: str, dtype: Any) -> np.dtype:
    """The dtype, if gates know it."""
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        wanted = None
    if wanted is None or wanted.kind not in "fiub" or (wanted.kind == "f" and wanted.itemsize not in (4, 8)):
        expected = "float32, float64, an integer dtype or bool"
        raise DTypeError(
            who, f"dtype {dtype!r}" if wanted is None else f"dtype {wanted}", expected, '"float32"'
        )
    return wanted


def axes(who: str, axis: Axis, ndim: int) -> tuple[int, ...]:
    """Sorted axes counted from the front; None means all of them."""
    if axis is None:
        return tuple(range(ndim))
    given = tuple(axis) if isinstance(axis, Sequence) else (axis,)
    whole = [int(a) for a in given if isinstance(a, int | np.integer)]
    counted = tuple(sorted(a + ndim if -ndim <= a < 0 else a for a in whole))
    if len(set(counted)) != len(given) or any(not 0 <= a < ndim for a in counted):
        expected = f"different axes from {-ndim} to {ndim - 1}" if ndim else "no axis: this is one number"
        raise IndexingError(who, f"axis {axis} of {ndim} axes", expected, "another axis")
    return counted


def one_axis(who: str, axis: int, ndim: int) -> int:
    """One axis counted from the front."""
    return axes(who, axis, ndim)[0]


def check_bias(who: str, b: Operand, count: int) -> None:
    """One bias for each output: a single one for all would broadcast in silence."""
    if shape_of(b) != (count,):
        raise ShapeError(who, f"b of shape {shape_of(b)}", f"shape ({count},)", "one bias for each output")


def at_least(who: str, name: str, value: int, least: int) -> int:
    """A whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise SettingError(who, f"{name} {value!r}", f"a whole number ≥ {least}", f"{name}={least}")
    return int(value)


MOST = 2**31 - 1
"""Pixels that a setting may say: what is counted in them stays a number of the machine."""


def pair(who: str, name: str, value: int | Sequence[int], least: int) -> tuple[int, int]:
    """A size for height and width: one number for both, or two; each from `least` to `MOST`."""
    both = tuple(value) if isinstance(value, Sequence) else (value, value)
    wrong = len(both) != 2 or any(not isinstance(v, int | np.integer) or v < least for v in both)
    if wrong or max(both) > MOST:
        expected = f"≥ {least}" if wrong else f"from {least} to {MOST:,}"
        raise SettingError(
            who, f"{name} {value}", f"a whole number {expected}, or a pair of them", f"{name}={least}"
        )
    return int(both[0]), int(both[1])
