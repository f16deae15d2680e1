"""Checks of layer settings, at the door."""

from __future__ import annotations

import math

import numpy as np

from ..errors import SettingError


def count(who: str, name: str, value: int) -> int:
    """A whole number ≥ 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise SettingError(who, f"{name} {value!r}", "a whole number ≥ 1", f"{name}=1")
    return int(value)


def is_number(value: object) -> bool:
    """Whether this is a finite real number; text, None and True are none."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return real and math.isfinite(value)  # type: ignore[arg-type]


def positive(who: str, name: str, value: float, example: float) -> float:
    """A finite number ≥ 0."""
    if not (is_number(value) and value >= 0):
        raise SettingError(who, f"{name} {value!r}", "a finite number ≥ 0", f"{name}={example:g}")
    return float(value)


def fraction(who: str, name: str, value: float) -> float:
    """A number from 0 to below 1."""
    if not (is_number(value) and 0 <= value < 1):
        raise SettingError(who, f"{name} {value!r}", f"0 ≤ {name} < 1", f"{name}=0.5")
    return float(value)
