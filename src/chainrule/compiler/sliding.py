"""How convolutions are written down, whatever the order of pictures: borders, strides on the way back, phases."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from ..ops.indexing import Index, IndexAdd, Slice
from .draft import Draft
from .flow import Op
from .keys import WHOLE
from .pixels import Interleave, Order

Edges = Sequence[tuple[int, int]]
"""Lines before and after, columns before and after."""

MOST_PHASES = 64
"""Small convolutions that the gradient to pictures is made of; beyond, zeros are written between and multiplied."""


class Sliding(ABC):
    """Convolution and its gradients, on pictures in one order: height and width are the axes in the middle."""

    order: ClassVar[Order]

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    @abstractmethod
    def slid(self, gate: Any, x: int, w: int, line: int) -> int:
        """Filters (F, C/G, KH, KW) over pictures with their border."""

    @abstractmethod
    def sent_back(self, gate: Any, sent: int, edges: Edges, w: int, line: int) -> int:
        """The gradient to pictures, stride 1: y with such edges, convolved with mirrored filters."""

    @abstractmethod
    def summed(self, gate: Any, x: int, sent: int, op: Op) -> None:
        """The gradient to filters, of pictures with their border."""

    def convolution(self, op: Op) -> bool:
        gate, (x, w) = op.gate, op.inputs
        made = self.slid(gate, self.bordered(x, gate.padding, op.line), w, op.line)
        self.draft.settle(op.outputs[0], made, self.order, op.line)
        return True

    def to_filters(self, op: Op) -> bool:
        gate, (x, y), line = op.gate, op.inputs, op.line
        self.summed(gate, self.bordered(x, gate.padding, line), self.draft.turned(y, self.order, line), op)
        return True

    def bordered(self, x: int, padding: tuple[int, int], line: int) -> int:
        """Pictures with a border of zeros."""
        return self.draft.framed(self.draft.turned(x, self.order, line), [(p, p) for p in padding], line)

    def to_input(self, op: Op) -> bool:
        """The gradient to the pictures: a convolution of y with mirrored filters.  With a stride, each phase of the
        pictures has taps of its own; with a stride and a dilation, y is spread out by the stride first: then zeros
        are multiplied too, and a filter that is not finite makes NaN where the plain gate has numbers beside.
        """
        gate, (y, w), line = op.gate, op.inputs, op.line
        sent = self.draft.turned(y, self.order, line)
        made = None
        if gate.stride != (1, 1) and gate.dilation == (1, 1):
            made = self.in_phases(gate, sent, w, line)
        if made is None:
            spread = self.spread(gate, sent, line)
            made = self.sent_back(gate, spread, self.edges(gate, spread, w), w, line)
        self.draft.settle(op.outputs[0], made, self.order, line)
        return True

    def edges(self, gate: Any, sent: int, w: int) -> Edges:
        """How much further than y its filters reach."""
        edges = []
        for axis, taps in enumerate(self.draft.spec(w).shape[2:]):
            reach = gate.dilation[axis] * (taps - 1)
            before = reach - gate.padding[axis]
            edges.append((before, gate.size[axis] + reach - self.draft.spec(sent).shape[1 + axis] - before))
        return edges

    def spread(self, gate: Any, sent: int, line: int) -> int:
        """The gradient to what a convolution makes, with zeros between as if its stride were 1."""
        first, *rows, last = self.draft.spec(sent).shape
        wide = tuple((r - 1) * s + 1 for r, s in zip(rows, gate.stride, strict=True))
        if gate.stride == (1, 1):
            return sent
        key = (WHOLE, *(Slice(0, n, s) for n, s in zip(wide, gate.stride, strict=True)), WHOLE)
        return self.draft.one(IndexAdd(key, (first, *wide, last)), (sent,), line)

    def in_phases(self, gate: Any, sent: int, w: int, line: int) -> int | None:
        """The gradient to pictures of a convolution with a stride: pixels that lie a stride apart see the same taps.
        None if none of them sees any, or there are too many.
        """
        draft, parts = self.draft, list[int]()
        sizes, rows = draft.spec(w).shape[2:], draft.spec(sent).shape[1:3]
        keys: dict[bool, list[tuple[Slice, ...]]] = {False: [], True: []}
        settings = list(zip(sizes, gate.stride, gate.padding, gate.size, rows, strict=True))
        if math.prod(min(s, size) for _, s, _, size, _ in settings) > MOST_PHASES:
            return None
        for first in itertools.product(*(range(min(s, size)) for _, s, _, size, _ in settings)):
            places, edges = zip(
                *(phase(a, *given) for a, given in zip(first, settings, strict=True)), strict=True
            )
            taps = tuple(Slice(tap(a, p, s), n, s) for a, (n, s, p, *_) in zip(first, settings, strict=True))
            seen = all(tap(a, p, s) < n for a, (n, s, p, *_) in zip(first, settings, strict=True))
            keys[seen].append((WHOLE, *places, WHOLE))
            if seen:
                few = draft.one(Index((WHOLE, WHOLE, *taps)), (w,), line)
                parts.append(self.sent_back(gate, sent, edges, few, line))
        if not parts:
            return None
        outer, *_, inner = draft.spec(parts[0]).shape
        laid = Interleave(tuple(keys[True]), tuple(keys[False]), (outer, *gate.size, inner))
        return draft.one(laid, tuple(parts), line)


def tap(pixel: int, padding: int, stride: int) -> int:
    """The first tap that reaches a pixel: those that lie a stride apart see the same ones."""
    return (pixel + padding) % stride


def phase(
    first: int, taps: int, stride: int, padding: int, size: int, rows: int
) -> tuple[Slice, tuple[int, int]]:
    """The pixels first, first + stride, … along one axis, and how many rows of y more they see before and after.

    Pixel stride · q + a - padding is reached from row q - t of y by tap a + stride · t, for a the first tap.

    >>> phase(0, 3, 2, 1, 8, 4), phase(1, 3, 2, 1, 8, 4)
    ((Slice(start=0, stop=8, step=2), (0, 0)), (Slice(start=1, stop=8, step=2), (0, 1)))
    """
    a = tap(first, padding, stride)
    least, most = (first + padding) // stride, (size - 1 + padding - a) // stride
    before = len(range(a, taps, stride)) - 1 - least
    return Slice(first, size, stride), (before, most - (rows - 1))
