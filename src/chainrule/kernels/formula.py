"""What a fused loop computes on each vector, as data: operands, steps, what is stored, totalled and guarded.

A step names a formula by an object with methods `forward(xp, …)`, or `map`, `finish` for a reduction; equal
descriptions make equal kernels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .language.machine import Machine
from .language.mathematics import VectorMathematics
from .language.types import CACHE_LINE, LANES
from .language.values import Index, Pointer, Vector

SAME, NEXT, STRIDED = 0, 1, 2
"""How an operand goes on along the vector: one element for all lanes, neighbours, elements a stride apart."""


@dataclass(frozen=True)
class Operand:
    """An array that is read or written: its dtype, and how it goes on along the vector.

    past:  whether what is written goes past the caches; its rows then begin at cache lines
    """

    dtype: np.dtype
    along: int
    past: bool = False


@dataclass(frozen=True)
class Number:
    """A number known when the kernel is written; a bare one reaches its formula as a Python number."""

    value: float
    dtype: np.dtype
    bare: bool = False


@dataclass(frozen=True)
class Step:
    """One formula: applied to operands (counted first) and earlier steps (counted on), or to numbers."""

    formula: Any
    method: str
    inputs: tuple[int | Number, ...]
    dtype: np.dtype


@dataclass(frozen=True)
class Total:
    """A reduction: of which source, combined how, finished by which formula."""

    source: int
    combine: str
    formula: Any
    out: Operand


@dataclass(frozen=True)
class Pool:
    """The largest of each 2 × 2 pixels of a source, and which of them that is."""

    source: int
    out: Operand
    winner: Operand


@dataclass(frozen=True)
class Formula:
    """Operands, steps, and which sources are stored; `guards` are sources that have to be finite.

    sums:  sources that an epilogue adds up over all but the vector, a row for each piece
    pool:  what an epilogue of pictures pools
    """

    operands: tuple[Operand, ...]
    steps: tuple[Step, ...]
    stores: tuple[tuple[int, Operand], ...] = ()
    guards: tuple[int, ...] = ()
    sums: tuple[tuple[int, Operand], ...] = ()
    pool: Pool | None = None

    def apply(self, k: Machine, operands: Sequence[Vector]) -> list[Vector]:
        """All sources: the operands given, and every step."""
        xp, sources = VectorMathematics(k), list(operands)
        for step in self.steps:
            given = [number(k, x) if isinstance(x, Number) else sources[x] for x in step.inputs]
            made = getattr(step.formula, step.method)(xp, *given)
            sources.append(made)
        return sources


def number(k: Machine, x: Number) -> Any:
    """A known number as a formula gets it."""
    return x.value if x.bare else k.constant(x.value, x.dtype)


class Place:
    """Where an operand is while loops run: a pointer, strides still to come, an offset so far."""

    def __init__(
        self, k: Machine, operand: Operand, pointer: Pointer, strides: list[Index], along: Index | None
    ) -> None:
        self.k, self.operand, self.pointer = k, operand, pointer
        self.strides, self.along = strides, along
        self.offset: Index | int = 0
        self.kept: Vector | None = None

    def at(self, dimension: int, i: Index | int) -> Place:
        """The same, with loop number `dimension` at i."""
        place = Place(self.k, self.operand, self.pointer, self.strides, self.along)
        place.offset = self.offset + i * self.strides[dimension]
        return place

    def on(self, count: Index) -> Place:
        """The same, so many neighbours on."""
        place = Place(self.k, self.operand, self.pointer, self.strides, self.along)
        place.offset = self.offset + count
        return place

    def hoist(self) -> Place:
        """Read now what is the same along the vector."""
        if self.operand.along == SAME:
            self.kept = self.k.spread(self.pointer, self.offset)
        return self

    def load(self, i: Index, mask: Vector | None) -> Vector:
        """The vector from element i on."""
        if self.kept is not None:
            return self.kept
        if self.operand.along == SAME:
            return self.k.spread(self.pointer, self.offset)
        if self.operand.along == NEXT:
            return self.k.load(self.pointer, self.offset + i, mask)
        return self.k.gather(self.pointer, self.lanes(i), mask)

    def fetch(self, i: Index) -> None:
        """Ask for the vector from element i on, which is read or written soon."""
        lines = LANES * self.operand.dtype.itemsize // CACHE_LINE
        for line in range(max(1, lines)):
            self.k.prefetch(
                self.pointer, self.offset + i + line * (CACHE_LINE // self.operand.dtype.itemsize)
            )

    def store(self, i: Index, value: Vector, mask: Vector | None) -> None:
        """Write the vector from element i on."""
        if self.operand.past and mask is None:
            self.k.store_past(self.pointer, self.offset + i, value)
        elif self.operand.along == NEXT:
            self.k.store(self.pointer, self.offset + i, value, mask)
        else:
            self.k.scatter(self.pointer, self.lanes(i), value, mask)

    def lanes(self, i: Index) -> Vector:
        """The offsets of the elements i … i + 15."""
        k = self.k
        along = self.along if self.along is not None else k.whole("add", self.operand.along, 0)
        return k.iota() * k.splat(along) + k.splat(self.offset + i * along)


class Arguments:
    """Reads a kernel's arguments one after the other."""

    def __init__(self, k: Machine) -> None:
        self.k, self.slot = k, 0

    def integer(self) -> Index:
        self.slot += 1
        return self.k.integer(self.slot - 1)

    def pointer(self, dtype: np.dtype) -> Pointer:
        self.slot += 1
        return self.k.pointer(self.slot - 1, dtype)

    def place(self, operand: Operand, dimensions: int) -> Place:
        """An operand: its address, its strides along the outer loops, and along the vector if it needs one."""
        pointer = self.pointer(operand.dtype)
        strides = [self.integer() for _ in range(dimensions)]
        along = self.integer() if operand.along == STRIDED else None
        return Place(self.k, operand, pointer, strides, along)


def not_finite(value: Vector) -> Vector:
    """The lanes that are NaN or infinite: x - x is 0 for all others."""
    return value - value != 0.0
