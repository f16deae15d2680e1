"""Fused loops one after the other over a few rows at a time: what one makes of them is near when the next reads it."""

from __future__ import annotations

from dataclasses import dataclass

from .formula import Arguments, Place
from .language.machine import Machine
from .language.values import Index
from .loops import Loops, Nest


@dataclass(frozen=True)
class Stage:
    """A loop over the rows of a chain.

    loops:  with one kept loop, the rows, and a row as the vector; or, of rows of one number, all of them as the vector
    held:   operands, stores and results (numbered in this order) that hold a few rows of each piece, not all rows
    """

    loops: Loops
    held: tuple[int, ...] = ()


@dataclass(frozen=True)
class Chain:
    """Loops over the same rows, each of which reads of the others' values no other row than its own.

    Arguments: pieces, rows, how many are gone through at a time; those of each stage's loops, in order.
    """

    stages: tuple[Stage, ...]

    def __call__(self, k: Machine) -> None:
        take = Arguments(k)
        pieces, rows, few = (take.integer() for _ in range(3))
        nests = [Nest(k, stage.loops, take) for stage in self.stages]
        start, stop = k.share(rows, pieces)
        for block in k.range((stop - start + (few - 1)) // few):
            first = start + block * few
            last = (first + few).at_most(stop)
            for nest, stage in zip(nests, self.stages, strict=True):
                walk(nest, stage, first, last, k.piece * few - first)
        for nest in nests:
            nest.close()


def walk(nest: Nest, stage: Stage, first: Index, last: Index, behind: Index) -> None:
    """A stage's loop over some rows.  behind: how far what is held lies behind."""
    k = nest.k
    if not stage.loops.kept:
        nest.keep(0, shifted(nest, stage, behind), (first, last))
        return
    for row in k.range(first, last):
        places = nest.places()
        moved = [p.at(0, row + behind if n in stage.held else row) for n, p in enumerate(places)]
        nest.keep(1, moved, (k.whole("add", 0, 0), nest.width))


def shifted(nest: Nest, stage: Stage, behind: Index) -> list[Place]:
    """The places of a loop whose vector goes over the rows."""
    return [p.on(behind) if n in stage.held else p for n, p in enumerate(nest.places())]
