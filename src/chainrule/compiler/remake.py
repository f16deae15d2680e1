"""Large values that the way back reads once more are made again there, where that is cheap: until then nothing is kept
but what they were made of, which is kept anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from ..ops.activation import Relu
from ..ops.arithmetic import Add, Multiply, Subtract
from ..ops.indexing import Index
from ..ops.selection import Maximum, Minimum
from ..ops.shape import Pad, PermuteDims, Reshape
from .flow import Flow, Op

ENDS = (Relu, Maximum, Minimum)
"""Gates whose results are read by what comes next, and by its gradient."""
VIEWS = (Index, PermuteDims, Reshape)
"""Gates that may look at the same numbers in another way."""
CHAINED = (Add, Multiply, Subtract, *ENDS)
"""Gates that a value may be made by."""
LEAST_BYTES = 1 << 20
"""Bytes of a value that are worth it: smaller ones stay in a cache."""
SMALL_PART = 16
"""How many times as large a value is as those that count for nothing: a number for each channel."""
MOST_CHAINED = 8
"""Ops that are worth doing again."""


class Again(NamedTuple):
    """A value, how to make it, and itself with borders around; all that the way back reads, and who reads it."""

    chain: list[Op]
    borders: list[Op]
    readers: list[Op]


def remake(flow: Flow, returned: Sequence[int]) -> None:
    """Let the way back make such values again, right before it reads them, unless they are kept to be returned."""
    Remaking(flow, returned).write()


class Remaking:
    """One flow.

    maker, readers:  for a value the op that makes it, and those that read it
    returned:        values that are kept in any case;  done: values that are not kept any more
    """

    def __init__(self, flow: Flow, returned: Sequence[int]) -> None:
        self.flow, self.returned = flow, {flow.real(n) for n in returned}
        self.maker = {n: op for op in flow.ops for n in op.outputs}
        self.readers: dict[int, list[Op]] = {}
        for op in flow.ops:
            for n in op.inputs:
                self.readers.setdefault(n, []).append(op)
        self.done = set[int]()

    def write(self) -> None:
        before: dict[int, list[Op]] = {}
        now: dict[int, int] = {}
        for op in self.flow.ops:
            found = self.again(op)
            if found is not None:
                self.done |= {n for made in (op, *found.borders) for n in made.outputs}
                first = min(found.readers, key=lambda reader: reader.rank)
                before.setdefault(first.rank, []).extend(self.copies(found, now))
        ops = [new for op in self.flow.ops for new in (*before.get(op.rank, ()), self.instead(op, now))]
        self.flow.ops = [replace(op, rank=rank) for rank, op in enumerate(ops)]

    def back(self, op: Op) -> bool:
        """Whether an op belongs to the way back."""
        return op.line >= 0 and self.flow.program.lines[op.line].phase == "backward"

    def again(self, op: Op) -> Again | None:
        """How to make the value of an op again, if that pays."""
        spec = self.flow.specs[op.outputs[0]]
        large = spec.floating and spec.size * spec.dtype.itemsize >= LEAST_BYTES
        if not isinstance(op.gate, ENDS) or self.back(op) or not large:
            return None
        there = [reader for reader in self.readers.get(op.outputs[0], ()) if not self.back(reader)]
        borders = [reader for reader in there if isinstance(reader.gate, Pad)]
        values = [n for made in (op, *borders) for n in made.outputs]
        readers = [reader for n in values for reader in self.readers.get(n, ()) if self.back(reader)]
        if not readers or any(self.is_kept(n) for n in values):
            return None
        chain = self.chain(op)
        borders = [border for border in borders if self.is_read_back(border.outputs[0])]
        return None if chain is None else Again(chain, borders, readers)

    def is_read_back(self, number: int) -> bool:
        return any(self.back(reader) for reader in self.readers.get(number, ()))

    def is_kept(self, number: int) -> bool:
        """Whether a value is returned, or the way back looks at it in another way."""
        views = [
            op for op in self.readers.get(number, ()) if isinstance(op.gate, VIEWS) and not self.back(op)
        ]
        seen = [n for op in views for n in op.outputs]
        return number in self.returned or any(self.is_read_back(n) or self.is_kept(n) for n in seen)

    def chain(self, end: Op) -> list[Op] | None:
        """The ops that make a value of one large value that is kept anyway, in order; None if there are none."""
        size = self.flow.specs[end.outputs[0]].size
        chain, kept, wanted = [end], set[int](), list(end.inputs)
        while wanted:
            number = wanted.pop()
            maker = self.maker.get(number)
            if self.flow.specs[number].size * SMALL_PART <= size or maker in chain:
                continue
            if self.is_read_back(number) and number not in self.done:
                kept.add(number)
                continue
            if maker is None or not isinstance(maker.gate, CHAINED) or len(chain) == MOST_CHAINED:
                return None
            chain.append(maker)
            wanted += maker.inputs
        return sorted(chain, key=lambda op: op.rank) if len(kept) == 1 else None

    def copies(self, found: Again, now: dict[int, int]) -> Iterator[Op]:
        """The ops once more, with numbers of their own."""
        new: dict[int, int] = {}
        for op in (*found.chain, *found.borders):
            made = self.flow.new(self.flow.specs[op.outputs[0]])
            yield replace(op, inputs=tuple(new.get(n, n) for n in op.inputs), outputs=(made,))
            new[op.outputs[0]] = made
            self.flow.again.add(made)
        kept = (found.chain[-1], *found.borders)
        now.update((op.outputs[0], new[op.outputs[0]]) for op in kept)

    def instead(self, op: Op, now: dict[int, int]) -> Op:
        """An op of the way back reads what is made again."""
        return replace(op, inputs=tuple(now.get(n, n) for n in op.inputs)) if self.back(op) else op
