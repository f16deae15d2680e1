"""What the functions of `ops/elementary` refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import Tensor, ops
from chainrule.errors import DTypeError

from ..rows import Refusal, not_floats, not_values, refuses

OF_FLOATS = ("cos", "erf", "exp", "expm1", "floor", "log", "log1p", "sin", "sqrt")
OF_NUMBERS = ("abs", "sign")


def not_numbers(function: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """Masks and halves: what is neither float nor integer."""
    return (
        *not_values(function),
        refuses(DTypeError, lambda: function(Tensor([True])), "bool[1]"),
        refuses(DTypeError, lambda: function(np.ones(2, np.float16)), "f16[2]"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    name: (*not_values(getattr(ops, name)), *not_floats(getattr(ops, name), 2, 3)) for name in OF_FLOATS
} | {name: not_numbers(getattr(ops, name)) for name in OF_NUMBERS}
