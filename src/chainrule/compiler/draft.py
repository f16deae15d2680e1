"""A flow on its way to other orders of pictures in memory: what was written down already, which value lies how.

The logical order stays N, C, H, W wherever a user looks: a value of the program is then a view, with its axes
permuted, of a twin that lies in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Spec
from ..ops.indexing import Index, Slice
from ..ops.reduction import Sum
from ..ops.shape import Pad, PermuteDims, Reshape
from .flow import Flow, Made, Op
from .keys import WHOLE
from .pixels import Order, back


class Draft:
    """The rewriting of one flow.

    twins:    for a value (N, C, H, W) and an order the number of the same that lies so
    natural:  the order in which the numbers of a value lie, if it is not its own
    made:     what was written down already, by gate and inputs, that of second runs apart
    """

    def __init__(self, flow: Flow) -> None:
        self.flow, self.ops = flow, list[Op]()
        self.twins: dict[tuple[int, Order], int] = {}
        self.natural: dict[int, Order] = {}
        self.made: Made = {}

    def spec(self, number: int) -> Spec:
        return self.flow.specs[number]

    def write(self, gate: Any, inputs: tuple[int, ...], line: int) -> tuple[int, ...]:
        """The values of a gate on these inputs; each is computed once."""
        known = self.flow.known(self.made, gate, inputs, line)
        if known is None:
            specs = gate.spec(*(self.flow.specs[n] for n in inputs))
            known = tuple(self.flow.new(s) for s in (specs if isinstance(specs, tuple) else (specs,)))
            self.ops.append(Op(gate, inputs, known, line))
            self.made[gate, inputs, self.flow.is_again(line)] = known
        return known

    def one(self, gate: Any, inputs: tuple[int, ...], line: int) -> int:
        return self.write(gate, inputs, line)[0]

    def turned(self, number: int, order: Order, line: int) -> int:
        """A value of at most four axes in an order."""
        key = (number, order)
        if key not in self.twins:
            shape, known = self.flow.specs[number].shape, number
            if len(shape) < 4:
                known = self.one(Reshape((1,) * (4 - len(shape)) + shape), (number,), line)
            self.twins[key] = self.one(PermuteDims(order), (known,), line)
        return self.twins[key]

    def settle(self, number: int, twin: int, order: Order, line: int) -> None:
        """A value is a view of its twin."""
        self.ops.append(Op(PermuteDims(back(order)), (twin,), (number,), line))
        self.twins[number, order] = twin
        self.natural[number] = order

    def framed(self, x: int, edges: Sequence[tuple[int, int]], line: int) -> int:
        """Pictures with so many lines more before and after along each axis; fewer, where that is below zero."""
        (_, *size, _), outer = self.spec(x).shape, (0, 0)
        if any(edge < 0 for pair in edges for edge in pair):
            cut = (Slice(max(-a, 0), n - max(-b, 0), 1) for n, (a, b) in zip(size, edges, strict=True))
            x = self.one(Index((WHOLE, *cut, WHOLE)), (x,), line)
        widths = tuple((max(a, 0), max(b, 0)) for a, b in edges)
        return self.one(Pad((outer, *widths, outer)), (x,), line) if any(map(any, widths)) else x

    def added(self, shares: int, line: int) -> int:
        """The sum of the shares along the first axis."""
        many, *shape = self.spec(shares).shape
        return self.one(Sum((0,)) if many > 1 else Reshape(tuple(shape)), (shares,), line)
