"""What a saved state must be before it is loaded: the same names, shapes and dtypes, or a StateError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import StateError
from ..graph import Spec

State = dict[str, np.ndarray]


def matched(who: str, expected: Mapping[str, np.ndarray], given: Mapping[str, Any]) -> State:
    """The given entries as arrays, once they have exactly the names, shapes and dtypes expected.

    Raises StateError, before anything is changed.

    >>> matched("Adam", {"group0/lr": np.zeros(())}, {"group0/lr": 0.5})
    {'group0/lr': array(0.5)}
    """
    hint = f"build the {who} with the parameters and settings of the saved one"
    listed = f"the {len(expected)} entries {shortened(list(expected))}"
    missing = [name for name in expected if name not in given]
    if missing:
        raise StateError(who, f"a state without {shortened(missing)}", listed, hint)
    unknown = [str(name) for name in given if name not in expected]
    if unknown:
        raise StateError(who, f"a state with {shortened(unknown)}", listed, hint)
    return {name: fitting(who, name, old, given[name], hint) for name, old in expected.items()}


def fitting(who: str, name: str, old: np.ndarray, given: Any, hint: str) -> np.ndarray:
    """One entry as an array of the shape and dtype of the old one."""
    new = np.asarray(given)
    if new.shape != old.shape or new.dtype != old.dtype:
        came, expected = Spec(new.shape, new.dtype), Spec(old.shape, old.dtype)
        raise StateError(who, f"{name} {came}", f"{name} {expected}", hint)
    return new


def shortened(names: list[str], most: int = 4) -> str:
    """The first few names, for a message."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
