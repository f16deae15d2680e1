"""What follows a sum while it is in registers: bias, activation and the like, stores, the guard."""

from __future__ import annotations

from collections.abc import Sequence

from .formula import NEXT, Arguments, Formula, Place, not_finite
from .language.machine import Machine
from .language.types import BOOL, LANES, U8
from .language.values import Index, Pointer, Variable, Vector


class Epilogue:
    """A formula on its way to a machine: operand 0 is the sum itself, the others and the stores have places.

    Arguments: the other operands and the stores, with their strides along so many dimensions (and along the vector);
    likewise what is pooled, and its winners; the sums, a row for each piece; the status byte, if there are guards.
    """

    def __init__(self, k: Machine, take: Arguments, formula: Formula, dimensions: int) -> None:
        self.k, self.formula = k, formula
        self.operands = [take.place(o, dimensions) for o in formula.operands[1:]]
        self.stores = [take.place(o, dimensions) for _, o in formula.stores]
        pool = formula.pool
        self.pooled = [take.place(o, dimensions) for o in (pool.out, pool.winner)] if pool else []
        self.sums = [take.pointer(o.dtype) for _, o in formula.sums]
        self.status: Pointer | None = take.pointer(U8) if formula.guards else None
        self.bad: Variable | None = k.variable(k.constant(False, BOOL)) if formula.guards else None

    @property
    def places(self) -> list[Place]:
        """Operands and stores in one row, so that loops move them together."""
        return [*self.operands, *self.stores]

    def at(self, *indices: Index | int) -> list[Place]:
        """The places with some loops, from the first on, at these indices."""
        places = self.places
        for dimension, i in enumerate(indices):
            places = [p.at(dimension, i) for p in places]
        return places

    def apply(self, total: Vector, i: Index, mask: Vector | None, places: Sequence[Place]) -> list[Vector]:
        """One vector of sums, element i on: compute, store, guard; returns all sources."""
        formula, count = self.formula, len(self.operands)
        sources = formula.apply(self.k, [total, *(p.load(i, mask) for p in places[:count])])
        for place, (source, _) in zip(places[count:], formula.stores, strict=True):
            place.store(i, sources[source], mask)
        for source in formula.guards:
            wrong = not_finite(sources[source])
            if self.bad is not None:
                self.bad.set(self.bad.get() | (wrong if mask is None else wrong & mask))
        return sources

    def begin(self, width: Index) -> None:
        """Zeros for the sums of this piece, so many side by side."""
        for rows, (_, operand) in zip(self.sums, self.formula.sums, strict=True):
            for i in self.k.range(0, width, LANES):
                self.k.store(rows, self.k.piece * width + i, self.k.constant(0, operand.dtype))

    def held(self) -> list[Variable]:
        """Registers for a few of them."""
        return [self.k.variable(self.k.constant(0, operand.dtype)) for _, operand in self.formula.sums]

    def count(self, held: Sequence[Variable], sources: Sequence[Vector]) -> None:
        """Add what one vector comes to to such registers."""
        for total, (source, _) in zip(held, self.formula.sums, strict=True):
            total.set(total.get() + sources[source])

    def add(self, held: Sequence[Variable], i: Index, width: Index) -> None:
        """Add such registers to the sums of this piece, element i on."""
        place = self.k.piece * width + i
        for rows, more in zip(self.sums, held, strict=True):
            self.k.store(rows, place, self.k.load(rows, place) + more.get())

    def neighbours(self) -> list[Place]:
        """What is read that goes on along the vector: worth fetching before."""
        return [p for p in self.operands if p.operand.along == NEXT]

    def close(self) -> None:
        """Tell the status byte whether anything was not finite."""
        if self.bad is not None and self.status is not None:
            self.k.raise_flag(self.status, self.bad.get())
