"""The way of a number that is not finite: from what the guard looks at back to the lines that made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..compiler.flow import returned_numbers
from ..graph import Program
from .numbers import Numbers
from .passing import Mask, passing


class Source(NamedTuple):
    """Where numbers that are not finite begin.

    number:  of the value;  line: that made them, None where they came in;  mask: which ones reach what is guarded
    """

    number: int
    line: int | None
    mask: Mask


class Trail:
    """What leads to the values that must be finite, walked back from them.

    sources:  in order: what came in with arguments, state and constants, then what lines made
    steps:    (inputs, outputs) of each line that passed something on, in the order of the program
    """

    def __init__(self, numbers: Numbers, ends: Iterable[int], *, closely: bool = False) -> None:
        self.numbers, self.program = numbers, numbers.program
        self.ends = list(ends)
        self.steps: list[tuple[list[int], list[int]]] = []
        self.wanted: dict[int, Mask] = {}
        for end in self.ends:
            self._want(end, numbers.wrong(end))
        made = list(self._walk(closely))[::-1]
        entries = (*self.program.inputs, *self.program.cells, *self.program.constants)
        came_in = [Source(n, None, self.wanted[n]) for n in entries if n in self.wanted]
        self.sources = [*came_in, *made]
        self.steps.reverse()

    def _want(self, number: int, mask: Mask | None) -> None:
        if mask is not None:
            before = self.wanted.get(number)
            self.wanted[number] = mask if before is None else before | mask

    def _walk(self, closely: bool) -> Iterator[Source]:
        """Every line from the last to the first that has to do with it; those that made something."""
        for position in reversed(range(len(self.program.lines))):
            line = self.program.lines[position]
            wanted = [self.wanted.get(n) for n in line.outputs]
            if all(mask is None for mask in wanted):
                continue
            given = tuple(self.numbers[n] for n in line.inputs)
            found = passing(line.gate, given, wanted, closely=closely)
            for n, mask in zip(line.inputs, found.read, strict=True):
                self._want(n, mask)
            read = [n for n, mask in zip(line.inputs, found.read, strict=True) if mask is not None]
            self.steps.append((read, [n for n in line.outputs if n in self.wanted]))
            for n, mask in zip(line.outputs, found.made, strict=True):
                if mask is not None:
                    yield Source(n, position, mask)

    def route(self, source: int) -> list[int]:
        """The values through which the numbers of a value came to the first end they reach, by the shortest way."""
        before, length = {source: source}, {source: 0}
        for read, made in self.steps:
            there = [n for n in read if n in length]
            for n in made if there else ():
                if n not in length:
                    before[n] = min(there, key=length.__getitem__)
                    length[n] = length[before[n]] + 1
        ways = [end for end in self.ends if end in length]
        if not ways:
            return []
        way = [min(ways, key=length.__getitem__)]
        while way[-1] != source:
            way.append(before[way[-1]])
        return way[-2::-1]


def trail(numbers: Numbers) -> Trail:
    """The trail of a step.  Where several values begin one, sums of products are looked at closely too."""
    ends = not_finite_ends(numbers)
    found = Trail(numbers, ends)
    return found if len(found.sources) < 2 else Trail(numbers, ends, closely=True)


def not_finite_ends(numbers: Numbers) -> list[int]:
    """What must be finite and is not: the loss; if it is, gradients; else what is returned or assigned.

    A loss that is not finite makes gradients that are not: they say nothing new.
    """
    for kind in kinds_of_ends(numbers.program):
        wrong = [n for n in dict.fromkeys(kind) if numbers.wrong(n) is not None]
        if wrong:
            return wrong
    return []


def kinds_of_ends(program: Program) -> Iterator[list[int]]:
    """Returned single numbers, gradients, and the rest of what a step leaves."""
    returned = returned_numbers(program.output)
    yield [n for n in returned if program.specs[n].shape == ()]
    yield [n for _, n in program.gradients if n is not None]
    yield [*returned, *(n for _, n in program.updates)]
