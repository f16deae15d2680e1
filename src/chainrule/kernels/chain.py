"""Fused loops one after the other over a few rows at a time: what one makes of them is near when the next reads it."""

from __future__ import annotations

from dataclasses import dataclass

from .formula import Arguments, Place
from .language.machine import Machine
from .language.values import Index
from .loops import Loops, Nest, identity


@dataclass(frozen=True)
class Stage:
    """A loop over the rows of a chain.

    loops:  with the rows as its one kept loop, and a row as the vector; of rows of one number, with all of them as the
        vector; or with the rows as its one reduced loop: each piece has totals of its own
    held:   operands, stores and results (numbered in this order) that hold a few rows of each piece, not all rows
    ahead:  those of them of which the rows that come next are fetched meanwhile
    """

    loops: Loops
    held: tuple[int, ...] = ()
    ahead: tuple[int, ...] = ()


@dataclass(frozen=True)
class Chain:
    """Loops over the same rows, each of which reads of the others' values no other row than its own.

    Arguments: pieces, rows, how many are gone through at a time; those of each stage's loops, in order.
    """

    stages: tuple[Stage, ...]

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, rows, few = (take.integer() for _ in range(3))
        walks = [Walk(Nest(k, stage.loops, take), stage) for stage in self.stages]
        start, stop = k.share(rows, pieces)
        for walk in walks:
            walk.open()
        for block in k.range((stop - start + (few - 1)) // few):
            first = start + block * few
            for walk in walks:
                walk.go(first, (first + few).at_most(stop), few, k.piece * few - first)
        for walk in walks:
            walk.nest.close()


class Walk:
    """A stage on its way."""

    def __init__(self, nest: Nest, stage: Stage) -> None:
        self.k, self.nest, self.stage, self.loops = nest.k, nest, stage, stage.loops
        self.zero = self.k.whole("add", 0, 0)

    def open(self) -> None:
        """Totals over rows begin with what changes nothing."""
        if self.loops.reduced:
            for i, mask in self.k.lanes(0, self.nest.width):
                for total, result in zip(self.loops.totals, self.results(), strict=True):
                    dtype = result.operand.dtype
                    result.store(i, self.k.constant(identity(total.combine, dtype), dtype), mask)

    def results(self) -> list[Place]:
        """Where the totals over the rows of this piece are."""
        return [p.on(self.k.piece * self.nest.width) for p in self.nest.results]

    def go(self, first: Index, last: Index, few: Index, behind: Index) -> None:
        """The loop over some rows.  few: how far the next ones are;  behind: how far what is held lies behind."""
        if self.loops.reduced or self.loops.kept:
            every = self.nest.places()
            for row in self.k.range(first, last):
                self.nest.fetched = [every[n].at(0, row + few) for n in self.stage.ahead]
                if self.loops.reduced:
                    self.across(self.at(row, behind))
                else:
                    self.nest.keep(1, self.at(row, behind), (self.zero, self.nest.width))
        else:
            places = enumerate(self.nest.places())
            self.nest.keep(0, [p.on(behind) if n in self.stage.held else p for n, p in places], (first, last))

    def at(self, row: Index, behind: Index) -> list[Place]:
        """The places at a row; totals over rows do not move."""
        nest = self.nest
        places = [*nest.operands, *nest.stores, *([] if self.loops.reduced else nest.results)]
        return [p.at(0, row + behind if n in self.stage.held else row) for n, p in enumerate(places)]

    def across(self, places: list[Place]) -> None:
        """Add a row to the totals."""
        nest, results, count = self.nest, self.results(), len(self.nest.operands)
        streams = [*(p.hoist() for p in places[:count]), *places[count:]]
        for vectors in nest.groups_of_vectors(self.zero, nest.width):
            held = [[self.k.variable(result.load(i, mask)) for result in results] for i, mask in vectors]
            for (i, mask), totals in zip(vectors, held, strict=True):
                nest.body(i, mask, streams, totals)
            for (i, mask), totals in zip(vectors, held, strict=True):
                for result, total in zip(results, totals, strict=True):
                    result.store(i, total.get(), mask)
