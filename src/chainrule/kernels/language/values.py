"""What a kernel computes with: whole numbers that address memory, flags, vectors of 16 lanes, variables.

The operators ask the machine: one writes an instruction down, the other computes at once.
"""

from __future__ import annotations

import operator
from typing import Any, NoReturn

import numpy as np

from .types import BOOL


class Handle:
    """Something a machine made: `x` is its own word for it, `scope` the innermost loop it was made in."""

    __slots__ = ("k", "scope", "x")

    def __init__(self, k: Any, x: Any) -> None:
        self.k, self.x, self.scope = k, x, k.scope

    def __bool__(self) -> NoReturn:
        raise self.k.refuse("a Python branch on a value of the kernel", "where(…), or `for _ in k.when(…)`")


class Flag(Handle):
    """One truth value, for `when`."""

    __slots__ = ()


class Index(Handle):
    """A whole number of 64 bits: an offset, a count, a loop's counter."""

    __slots__ = ()

    def __add__(self, other: Index | int) -> Index:
        return self.k.whole("add", self, other)

    def __sub__(self, other: Index | int) -> Index:
        return self.k.whole("sub", self, other)

    def __rsub__(self, other: int) -> Index:
        return self.k.whole("sub", other, self)

    def __mul__(self, other: Index | int) -> Index:
        return self.k.whole("mul", self, other)

    def __floordiv__(self, other: Index | int) -> Index:
        """Of numbers ≥ 0."""
        return self.k.whole("sdiv", self, other)

    def __mod__(self, other: Index | int) -> Index:
        """Of numbers ≥ 0."""
        return self.k.whole("srem", self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __lt__(self, other: Index | int) -> Flag:
        return self.k.compare("slt", self, other)

    def __gt__(self, other: Index | int) -> Flag:
        return self.k.compare("sgt", self, other)

    def __eq__(self, other: object) -> Flag:  # type: ignore[override]
        return self.k.compare("eq", self, other)

    def __ne__(self, other: object) -> Flag:  # type: ignore[override]
        return self.k.compare("ne", self, other)

    __hash__ = None  # type: ignore[assignment]

    def at_most(self, other: Index | int) -> Index:
        """The smaller of the two."""
        return self.k.smaller(self, other)


class Vector(Handle):
    """16 numbers of one dtype; of bool: a mask."""

    __slots__ = ("dtype",)

    def __init__(self, k: Any, x: Any, dtype: np.dtype) -> None:
        super().__init__(k, x)
        self.dtype = dtype

    def __add__(self, other: Any) -> Vector:
        return self.k.binary("add", self, other)

    def __sub__(self, other: Any) -> Vector:
        return self.k.binary("sub", self, other)

    def __rsub__(self, other: Any) -> Vector:
        return self.k.binary("sub", self.k.like(self, other), self)

    def __mul__(self, other: Any) -> Vector:
        return self.k.binary("mul", self, other)

    def __truediv__(self, other: Any) -> Vector:
        return self.k.binary("div", self, other)

    def __rtruediv__(self, other: Any) -> Vector:
        return self.k.binary("div", self.k.like(self, other), self)

    def __neg__(self) -> Vector:
        return self.k.negative(self)

    __radd__, __rmul__ = __add__, __mul__

    def __lt__(self, other: Any) -> Vector:
        return self.k.relation("lt", self, other)

    def __le__(self, other: Any) -> Vector:
        return self.k.relation("le", self, other)

    def __gt__(self, other: Any) -> Vector:
        return self.k.relation("gt", self, other)

    def __ge__(self, other: Any) -> Vector:
        return self.k.relation("ge", self, other)

    def __eq__(self, other: object) -> Vector:  # type: ignore[override]
        return self.k.relation("eq", self, other)

    def __ne__(self, other: object) -> Vector:  # type: ignore[override]
        return self.k.relation("ne", self, other)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: Any) -> Vector:
        return self.k.binary("and", self, other)

    def __or__(self, other: Any) -> Vector:
        return self.k.binary("or", self, other)

    def __xor__(self, other: Any) -> Vector:
        return self.k.binary("xor", self, other)

    def __invert__(self) -> Vector:
        return self.k.binary("xor", self, True if self.dtype == BOOL else -1)

    def __lshift__(self, count: int) -> Vector:
        return self.k.binary("shl", self, count)

    def __rshift__(self, count: int) -> Vector:
        """Of signed numbers the sign comes in, of unsigned ones zeros."""
        return self.k.binary("shr", self, count)


class Variable:
    """A vector that loops may change; one that a loop made is not there after it."""

    __slots__ = ("dtype", "k", "place", "scope")

    def __init__(self, k: Any, place: Any, dtype: np.dtype) -> None:
        self.k, self.place, self.dtype, self.scope = k, place, dtype, k.scope

    def get(self) -> Vector:
        """The vector it holds now."""
        return self.k.get(self)

    def set(self, value: Vector) -> None:
        """Give it another vector."""
        self.k.set(self, value)


class Pointer:
    """Where elements of one dtype lie in memory."""

    __slots__ = ("dtype", "k", "place")

    def __init__(self, k: Any, place: Any, dtype: np.dtype) -> None:
        self.k, self.place, self.dtype = k, place, dtype


def plain(x: Any) -> Any:
    """A Python number, or a machine's word for a whole number."""
    return x.x if isinstance(x, Index) else operator.index(x)
