"""Fused loops: elementwise formulas and reductions over any axes, one pass over memory.

The loops, from outside: kept axes, then (unless the vector axis itself is reduced) the vector axis in steps of
16 lanes, then reduced axes.  All sizes and strides are arguments: one kernel serves every shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .formula import STRIDED, Arguments, Formula, Place, Total, not_finite
from .language.machine import Machine
from .language.mathematics import VectorMathematics
from .language.types import BOOL, LANES, U8
from .language.values import Index, Pointer, Variable, Vector
from .squares import Square

GRAIN = 64
"""Pieces are cut at multiples of so many elements of the vector axis, so that none share a cache line."""
ABREAST, BRIEF = 4, 8
"""Vectors of columns that are summed up side by side, for formulas of so many steps at most: memory is read in
stretches, and no sum waits for the one before.
"""


@dataclass(frozen=True)
class Loops:
    """A fused loop nest.

    kept, reduced:  how many outer loops keep, and reduce, their axis
    inner_reduced:  whether the vector axis is reduced
    totals:  the reductions;  their results, and stores of the formula, are written
    guard_totals:  the totals that have to be finite
    crossed:  whether operands and stores that are strided along the vector have their neighbours along the last kept
        loop: both are then walked in squares, and nothing is reduced
    Arguments: pieces, sizes of the kept loops, the reduced ones, the vector axis; the operands; the stores; the
    totals with their count; the status byte, if there are guards.  Strides count elements.
    """

    formula: Formula
    kept: int = 0
    reduced: int = 0
    inner_reduced: bool = False
    totals: tuple[Total, ...] = ()
    guard_totals: tuple[int, ...] = ()
    crossed: bool = False

    @property
    def guards(self) -> bool:
        """Whether anything has to be finite."""
        return bool(self.formula.guards or self.guard_totals)

    @property
    def outer(self) -> int:
        return self.kept + self.reduced

    def __call__(self, k: Machine) -> None:
        Nest(k, self, Arguments(k)).write()


class Nest:
    """One loop nest on its way to a machine."""

    def __init__(self, k: Machine, loops: Loops, take: Arguments) -> None:
        self.k, self.loops, formula = k, loops, loops.formula
        self.pieces = take.integer()
        self.sizes = [take.integer() for _ in range(loops.outer)]
        self.width = take.integer()
        self.operands = [take.place(o, loops.outer) for o in formula.operands]
        self.stores = [take.place(o, loops.outer) for _, o in formula.stores]
        self.results, self.counts = [], []
        for total in loops.totals:
            self.results.append(take.place(total.out, loops.kept))
            self.counts.append(take.integer())
        self.status: Pointer | None = take.pointer(U8) if loops.guards else None
        self.bad = k.variable(k.constant(False, BOOL)) if loops.guards else None
        self.fetched: list[Place] = []

    def write(self) -> None:
        k, loops = self.k, self.loops
        if loops.crossed and loops.kept == 1:
            self.squares(0, self.places(), k.share(self.sizes[0], self.pieces, LANES))
        elif loops.kept:
            start, stop = k.share(self.sizes[0], self.pieces)
            for i in k.range(start, stop):
                self.keep(1, [p.at(0, i) for p in self.places()], (k.whole("add", 0, 0), self.width))
        elif loops.inner_reduced:
            self.keep(0, self.places(), (k.whole("add", 0, 0), self.width))
        else:
            self.keep(0, self.places(), k.share(self.width, self.pieces, GRAIN))
        self.close()

    def close(self) -> None:
        """Say whether anything was not finite."""
        if self.bad is not None and self.status is not None:
            self.k.raise_flag(self.status, self.bad.get())

    def places(self) -> list[Place]:
        """Operands, stores and results in one row, so that loops move them together."""
        return [*self.operands, *self.stores, *self.results]

    def keep(self, dimension: int, places: list[Place], stretch: tuple[Index, Index]) -> None:
        """The kept loops that are left, then what is inside."""
        count = len(self.operands)
        if self.loops.crossed and dimension == self.loops.kept - 1:
            self.squares(dimension, places, (self.k.whole("add", 0, 0), self.sizes[dimension]))
        elif dimension < self.loops.kept:
            for i in self.k.range(self.sizes[dimension]):
                self.keep(dimension + 1, [p.at(dimension, i) for p in places], stretch)
        elif self.loops.inner_reduced:
            totals = [self.open_totals() for _ in range(self.vectors)]
            for inside in self.reduce(dimension, places):
                streams = [*(p.hoist() for p in inside[:count]), *inside[count:]]
                for vectors in self.groups_of_vectors(*stretch):
                    for (i, mask), held in zip(vectors, totals, strict=False):
                        self.body(i, mask, streams, held)
            self.close_rows(places, totals)
        else:
            if not self.loops.reduced:
                places = [*(p.hoist() for p in places[:count]), *places[count:]]
            self.columns(dimension, places, stretch)

    def squares(self, dimension: int, places: list[Place], stretch: tuple[Index, Index]) -> None:
        """The last kept loop and the vector axis together, 16 × 16 elements at a time."""
        k, (first, last), count = self.k, stretch, len(self.operands)
        turned = {n: Square(k, p.operand.dtype) for n, p in enumerate(places) if p.operand.along == STRIDED}
        for n, square in turned.items():
            if n >= count:
                square.clear()
        for row in k.range(first, last, LANES):
            high = (last - row).at_most(LANES)
            for i, mask in k.lanes(0, self.width):
                wide = (self.width - i).at_most(LANES)
                for n, square in turned.items():
                    if n < count:
                        square.read(places[n].at(dimension, row), i, high, wide)
                for r in k.range(high):
                    moved = [p.at(dimension, row + r) for p in places]
                    self.body(
                        i, mask, [turned[n].line(r, i) if n in turned else p for n, p in enumerate(moved)], []
                    )
                for n, square in turned.items():
                    if n >= count:
                        square.write(places[n].at(dimension, row), i, high, wide)

    def columns(self, dimension: int, places: list[Place], stretch: tuple[Index, Index]) -> None:
        """Vector by vector along the kept axis; several abreast where they are summed up."""
        for vectors in self.groups_of_vectors(*stretch):
            self.abreast(vectors, dimension, places)

    @property
    def vectors(self) -> int:
        """How many vectors are summed up side by side."""
        reduces = self.loops.reduced or self.loops.inner_reduced
        return ABREAST if reduces and len(self.loops.formula.steps) <= BRIEF else 1

    def groups_of_vectors(self, start: Index, stop: Index) -> Iterator[list[tuple[Index, Vector | None]]]:
        """Vectors to be summed up side by side, then those that are left, one by one."""
        if self.vectors > 1:
            step = self.vectors * LANES
            wide = start + (stop - start) // step * step
            for i in self.k.range(start, wide, step):
                yield [(i + v * LANES, None) for v in range(self.vectors)]
            start = wide
        for vector in self.k.lanes(start, stop):
            yield [vector]

    def abreast(
        self, vectors: list[tuple[Index, Vector | None]], dimension: int, places: list[Place]
    ) -> None:
        """Go through the reduced loops once for some vectors."""
        totals = [self.open_totals() for _ in vectors]
        for inside in self.reduce(dimension, places):
            for (i, mask), held in zip(vectors, totals, strict=True):
                self.body(i, mask, inside, held)
        for (i, mask), held in zip(vectors, totals, strict=True):
            self.close_columns(i, mask, places, held)

    def reduce(self, dimension: int, places: list[Place]) -> Iterator[list[Place]]:
        """The reduced loops, as one; results do not move."""
        if dimension == self.loops.outer:
            yield places
            return
        moving = len(places) - len(self.results)
        for i in self.k.range(self.sizes[dimension]):
            moved = [p.at(dimension, i) if n < moving else p for n, p in enumerate(places)]
            yield from self.reduce(dimension + 1, moved)

    def body(self, i: Index, mask: Vector | None, places: list[Place], totals: list[Variable]) -> None:
        """One vector: load, compute, store, add up, guard."""
        k, formula, count = self.k, self.loops.formula, len(self.operands)
        for place in self.fetched:
            place.fetch(i)
        sources = formula.apply(k, [p.load(i, mask) for p in places[:count]])
        for place, (source, _) in zip(places[count:], formula.stores, strict=False):
            place.store(i, sources[source], mask)
        for total, held in zip(self.loops.totals, totals, strict=True):
            value = sources[total.source]
            if mask is not None and self.loops.inner_reduced:
                value = k.where(mask, value, k.constant(identity(total.combine, value.dtype), value.dtype))
            held.set(k.combine(total.combine, held.get(), value))
        for source in formula.guards:
            self.guard(sources[source], mask)

    def guard(self, value: Vector, mask: Vector | None) -> None:
        """Remember whether a lane is not finite."""
        wrong = not_finite(value)
        if self.bad is not None:
            self.bad.set(self.bad.get() | (wrong if mask is None else wrong & mask))

    def open_totals(self) -> list[Variable]:
        """A variable for each total, holding what changes nothing."""
        k = self.k
        kinds = [(t.combine, t.out.dtype) for t in self.loops.totals]
        return [k.variable(k.constant(identity(combine, dtype), dtype)) for combine, dtype in kinds]

    def finished(self, number: int, total: Vector, mask: Vector | None = None) -> Vector:
        """The total as its formula wants it."""
        count = self.k.convert(self.k.splat(self.counts[number]), total.dtype)
        made: Vector = self.loops.totals[number].formula.finish(VectorMathematics(self.k), total, count)
        if number in self.loops.guard_totals:
            self.guard(made, mask)
        return made

    def close_rows(self, places: list[Place], totals: list[list[Variable]]) -> None:
        """One number for each row: what was summed up side by side, then the 16 lanes, combined by a tree."""
        for number, total in enumerate(self.loops.totals):
            result = places[len(places) - len(self.results) + number]
            whole = totals[0][number].get()
            for held in totals[1:]:
                whole = self.k.combine(total.combine, whole, held[number].get())
            value = self.finished(number, self.k.reduce(whole, total.combine))
            self.k.put(result.pointer, result.offset, value)

    def close_columns(
        self, i: Index, mask: Vector | None, places: list[Place], totals: list[Variable]
    ) -> None:
        """One number for each lane."""
        for number, held in enumerate(totals):
            result = places[len(places) - len(self.results) + number]
            result.store(i, self.finished(number, held.get(), mask), mask)


def identity(combine: str, dtype: np.dtype) -> float | int:
    """What changes nothing when it is combined."""
    if combine == "maximum":
        return -np.inf if dtype.kind == "f" else int(np.iinfo(dtype).min)
    if combine == "minimum":
        return np.inf if dtype.kind == "f" else int(np.iinfo(dtype).max)
    return int(combine == "multiply")
