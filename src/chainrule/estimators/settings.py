"""The parameters of estimators, checked when fit needs them: constructors only store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import SettingError
from ..ops.arguments import at_least, finite, is_whole
from ..random import Generator, chosen

BOUNDS: dict[str, dict[str, float]] = {
    "lr": {"above": 0, "example": 0.1},
    "l2": {"least": 0, "example": 1e-4},
    "weight_decay": {"least": 0, "example": 1e-4},
    "momentum": {"least": 0, "below": 1, "example": 0.9},
}
"""Numbers, and what they may be."""
WHOLE = ("epochs", "batch_size")
"""Whole numbers from 1 on."""


def require(who: str, params: Mapping[str, Any]) -> None:
    """Each parameter that is known here is what it may be.

    Raises SettingError for the first that is not.

    >>> require("svm", {"lr": 0.1, "epochs": 3})
    """
    for name, value in params.items():
        if name in BOUNDS:
            finite(who, name, value, **BOUNDS[name])
        elif name in WHOLE:
            at_least(who, name, value, 1)


def generator(who: str, random_state: int | None) -> Generator:
    """The generator of a seed; None takes `random.current()`.

    Raises SettingError for anything else.

    >>> generator("svm", 7)
    Generator(seed=7, position=0)
    """
    if random_state is None:
        return chosen(None)
    if not is_whole(random_state) or not 0 <= random_state < 2**64:
        came = f"random_state {random_state!r}"
        if isinstance(random_state, np.random.RandomState | np.random.Generator):
            came = f"random_state is NumPy's {type(random_state).__name__}"
        raise SettingError(who, came, "a whole number from 0 to 2⁶⁴ - 1, or None", "random_state=0")
    return Generator(int(random_state))
