"""Checks of layer settings, at the door."""

from __future__ import annotations

import numpy as np

from ..errors import SettingError


def count(who: str, name: str, value: int) -> int:
    """A whole number ≥ 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise SettingError(who, f"{name} {value!r}", "a whole number ≥ 1", f"{name}=1")
    return int(value)


def fraction(who: str, name: str, value: float) -> float:
    """A number from 0 to below 1."""
    if not 0 <= value < 1:
        raise SettingError(who, f"{name} {value!r}", f"0 ≤ {name} < 1", f"{name}=0.5")
    return float(value)
