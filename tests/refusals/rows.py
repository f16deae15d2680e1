"""What a table of refusals is made of: a call, the kind of error it raises, and words that say what came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import Tensor
from chainrule.errors import ChainruleError, DTypeError


@dataclass(frozen=True)
class Refusal:
    """A call that raises an error of this kind; `parts` stand in what it says came, or in all it says."""

    kind: type[ChainruleError]
    act: Callable[[], Any]
    parts: tuple[str, ...]


def refuses(kind: type[ChainruleError], act: Callable[[], Any], *parts: str) -> Refusal:
    return Refusal(kind, act, parts)


def not_values(function: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """What is no number and no array: refused by every gate, whatever input it stands in for."""
    return (
        refuses(DTypeError, lambda: function("three"), "str"),
        refuses(DTypeError, lambda: function(None), "None"),
        refuses(DTypeError, lambda: function([1.0, 2.0]), "list"),
    )


def not_floats(function: Callable[[Any], Any], *shape: int) -> tuple[Refusal, ...]:
    """Arrays of this shape that are no floats of chainrule: integers, masks, halves."""
    return (
        refuses(DTypeError, lambda: function(Tensor(np.ones(shape, np.int64))), "i64"),
        refuses(DTypeError, lambda: function(Tensor(np.ones(shape, bool))), "bool"),
        refuses(DTypeError, lambda: function(np.ones(shape, np.float16)), "f16"),
    )


def tensor(*shape: int, dtype: str = "float32") -> Tensor:
    """Numbers that differ, from 1 on."""
    return Tensor(np.arange(1, 1 + int(np.prod(shape)), dtype=dtype).reshape(shape))
