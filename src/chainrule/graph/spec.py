"""Shape and dtype of a value, without the value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

LETTERS = {"f": "f", "i": "i", "u": "u", "b": "bool"}


def dtype_name(dtype: np.dtype) -> str:
    """float32 is f32, int64 is i64, bool is bool."""
    letter = LETTERS.get(dtype.kind, dtype.name)
    return letter if dtype.kind == "b" else f"{letter}{dtype.itemsize * 8}"


@dataclass(frozen=True, slots=True)
class Spec:
    """Shape and dtype of a value.  A weak one (a Python number, a rate) takes the dtype of what it meets.

    >>> print(Spec((64, 10), np.dtype("float32")))
    f32[64,10]
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    weak: bool = False

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def floating(self) -> bool:
        return self.dtype.kind == "f"

    def with_shape(self, shape: tuple[int, ...]) -> Spec:
        return Spec(tuple(shape), self.dtype, self.weak and shape == ())

    def with_dtype(self, dtype: object) -> Spec:
        return Spec(self.shape, np.dtype(dtype))  # type: ignore[call-overload]

    def __str__(self) -> str:
        return f"{dtype_name(self.dtype)}{'~' if self.weak else ''}[{','.join(map(str, self.shape))}]"


@dataclass(frozen=True, slots=True)
class Ref:
    """The place of a program's value in what the step returned."""

    number: int


@dataclass(frozen=True, slots=True)
class Example:
    """What a program remembers of an array argument: its spec, and whether its gradient was wanted."""

    spec: Spec
    requires_grad: bool
