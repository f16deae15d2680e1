"""How the functions of this room read their arguments: operands, axes, sizes."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from types import FunctionType
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from ..errors import ChainruleError, DTypeError, IndexingError, SettingError, ShapeError
from ..graph import Spec, Value

Operand: TypeAlias = Value | np.ndarray | float
Axis: TypeAlias = int | Sequence[int] | None


def shape_of(x: Operand) -> tuple[int, ...]:
    """The shape of a value, an array or a number."""
    return x.shape if isinstance(x, Value | np.ndarray) else ()


def checked_shape(who: str, x: Any, name: str = "x") -> tuple[int, ...]:
    """The same, and a DTypeError for anything else."""
    if not isinstance(x, Value | np.ndarray | numbers.Real | np.bool_):
        came, expected = f"{name} is a {type(x).__name__}", "a tensor, an array or a number"
        raise DTypeError(who, came, expected, "Tensor(...) around it")
    return x.shape if isinstance(x, Value | np.ndarray) else ()


def listed(who: str, name: str, values: Any) -> tuple[Any, ...]:
    """Several operands in a list or a tuple."""
    if not isinstance(values, list | tuple):
        came = f"{name} is a {type(values).__name__}"
        raise SettingError(who, came, "a list or tuple of arrays", "[x, y]")
    return tuple(values)


def is_whole(value: Any) -> bool:
    """Whether this is a whole number; True is none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def whole_numbers(who: str, name: str, value: Any) -> tuple[int, ...]:
    """One whole number, or several in their order."""
    given = tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(is_whole(n) for n in given):
        raise SettingError(who, f"{name} {value!r}", "whole numbers", f"{name}=(2, 3)")
    return tuple(int(n) for n in given)


def dtype_of(x: Operand) -> np.dtype:
    """The dtype of a value, an array or a number."""
    return x.dtype if isinstance(x, Value | np.ndarray) else np.asarray(x).dtype


def with_axes(who: str, name: str, x: Operand, axes: str) -> tuple[int, ...]:
    """The shape of an array that has these axes, "N, C, L", or these and more, "N, C, …"."""
    shape, names = checked_shape(who, x, name), axes.split(", ")
    least = len(names) - (names[-1] == "…")
    if len(shape) < least or least == len(names) < len(shape):
        came, expected, hint = (
            f"{name} {Spec(shape, dtype_of(x))}",
            f"{least} axes ({axes})",
            f"{name}.reshape({axes})",
        )
        if least < len(names):
            expected, hint = f"at least {expected}", "add the batch axis"
        raise ShapeError(who, came, expected, hint)
    return shape


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
    return axes(who, whole_axis(who, axis), ndim)[0]


def whole_axis(who: str, axis: Any) -> int:
    """One axis, of an array that is not there yet."""
    if not is_whole(axis):
        raise IndexingError(who, f"axis {axis!r}", "one whole number", "axis=-1")
    return int(axis)


def check_bias(who: str, b: Operand, count: int) -> None:
    """One bias for each output: a single one for all would broadcast in silence."""
    if shape_of(b) != (count,):
        raise ShapeError(who, f"b of shape {shape_of(b)}", f"shape ({count},)", "one bias for each output")


def at_least(who: str, name: str, value: int, least: int) -> int:
    """A whole number from `least` on."""
    if not is_whole(value) or value < least:
        raise SettingError(who, f"{name} {value!r}", f"a whole number ≥ {least}", f"{name}={least}")
    return int(value)


def finite(
    who: str,
    name: str,
    value: float,
    example: float = 1.0,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    most: float = math.inf,
    below: float = math.inf,
) -> float:
    """A finite number within bounds: from `least` or above `above`, to `most` or below `below`."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not (real and math.isfinite(value) and least <= value <= most and above < value < below):
        low = ("≤", least) if least > -math.inf else ("<", above)
        high = ("≤", most) if most < math.inf else ("<", below)
        expected = bounded(name, low, high)
        raise SettingError(who, f"{name} {value!r}", expected, f"{name}={example:g}")
    return float(value)


def bounded(name: str, low: tuple[str, float], high: tuple[str, float]) -> str:
    """What a number may be, with bounds or without."""
    (under, least), (over, most) = low, high
    if least > -math.inf and most < math.inf:
        return f"{least:g} {under} {name} {over} {most:g}"
    above = f" {'≥' if under == '≤' else '>'} {least:g}" if least > -math.inf else ""
    return "a finite number" + above + (f" {over} {most:g}" if most < math.inf else "")


def fraction(who: str, name: str, value: float) -> float:
    """A number from 0 to below 1."""
    return finite(who, name, value, 0.5, least=0, below=1)


def flag(who: str, name: str, value: bool) -> bool:
    """True or False, and nothing that is only taken for one of them."""
    if not isinstance(value, bool | np.bool_):
        raise SettingError(who, f"{name} {value!r}", "True or False", f"{name}=True")
    return bool(value)


MOST = 2**31 - 1
"""Pixels that a setting may say: what is counted in them stays a number of the machine."""


def pair(who: str, name: str, value: int | Sequence[int], least: int) -> tuple[int, int]:
    """A size for height and width: one number for both, or two; each from `least` to `MOST`."""
    both = tuple(value) if isinstance(value, Sequence) else (value, value)
    wrong = len(both) != 2 or any(not is_whole(v) or v < least for v in both)
    if wrong or max(both) > MOST:
        expected = f"≥ {least}" if wrong else f"from {least} to {MOST:,}"
        raise SettingError(
            who, f"{name} {value}", f"a whole number {expected}, or a pair of them", f"{name}={least}"
        )
    return int(both[0]), int(both[1])


Function = TypeVar("Function", bound=Callable[..., Any])


def named(function: Function) -> Function:
    """Errors of what this function is made of name it, and not a gate that its user did not ask for."""
    name, errors = function.__name__, ChainruleError

    def called(*args: Any, **settings: Any) -> Any:
        try:
            return function(*args, **settings)
        except errors as error:
            error.who = name
            raise

    # with the names of its own file around it, which is how doctest knows where a function is at home
    at_home = FunctionType(called.__code__, function.__globals__, name, None, called.__closure__)
    return cast(Function, wraps(function)(at_home))
