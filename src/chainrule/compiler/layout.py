"""The order of pictures in memory: each gate of pictures runs in the one that suits it, and what follows element by
element stays in it.

Channels last, (N, H, W, C), as a rule; pictures abreast, (C, H, W, N), where there are too few channels for a vector.
Which one follows from the shapes of filters and channels alone, never from the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..graph import Elementwise, Reduction
from ..kernels.language.types import LANES
from ..ops.conv import Conv2d, Conv2dInput, Conv2dWeight
from ..ops.indexing import Index, IndexAdd, Slice
from ..ops.norm import ChannelSum
from ..ops.pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake
from ..ops.resample import Resample
from ..ops.shape import Concat, Pad, PermuteDims
from .abreast import PicturesAbreast
from .depthwise import Depthwise, is_depthwise
from .draft import Draft
from .flow import Flow, Op
from .keys import WHOLE
from .last import ChannelsLast
from .pixels import ABREAST, LAST, Order, Pixels
from .sliding import Sliding
from .views import is_basic

SPATIAL = (MaxPool2d, MaxPool2dInput, MaxPool2dTake, AvgPool2d, AvgPool2dInput, ChannelSum)
"""Gates with a kernel on pictures in any order (sums over channels: with their channels last), taken as they are."""
FEW = LANES
"""Channels below which a vector of them has empty lanes."""
MOST_FILTERS = 32
"""Filters up to which pictures of few channels that lie abreast stay so."""


def in_order(flow: Flow) -> None:
    """Rewrite the ops of a flow that has gates of pictures."""
    rules = (*SPATIAL, Conv2d, Conv2dInput, Conv2dWeight)
    if any(isinstance(op.gate, rules) and flow.specs[op.inputs[0]].ndim == 4 for op in flow.ops):
        Layout(flow).rewrite()


class Layout:
    """Every gate of one flow in the order that suits it.

    slid:  the order of each convolution, by its pictures or filters and the shape of the filters: its gradients follow
    """

    def __init__(self, flow: Flow) -> None:
        self.flow, self.draft = flow, Draft(flow)
        self.slid: dict[tuple[int, tuple[int, ...]], Order] = {}
        self.sliding: dict[Order, Sliding] = {
            LAST: ChannelsLast(self.draft),
            ABREAST: PicturesAbreast(self.draft),
        }
        self.depthwise = Depthwise(self.draft)

    def rewrite(self) -> None:
        for op in self.flow.ops:
            if not self.turn(op):
                self.draft.ops.append(op)
        self.flow.ops = [replace(op, rank=rank) for rank, op in enumerate(self.draft.ops)]

    def turn(self, op: Op) -> bool:
        """Write an op down in another order, if it can be."""
        rule = next((rule for kind, rule in RULES if isinstance(op.gate, kind)), None)
        return rule is not None and rule(self, op)

    # --- which order ------------------------------------------------------------------------------------

    def order(self, op: Op) -> Order | None:
        """The order in which inputs of an op lie; if they differ, abreast unless channels are many."""
        found = {self.draft.natural[n] for n in op.inputs if n in self.draft.natural}
        if len(found) < 2:
            return next(iter(found), None)
        channels = max(s.shape[1] for n in op.inputs if (s := self.draft.spec(n)).ndim == 4)
        return ABREAST if channels <= MOST_FILTERS else LAST

    def suits(self, x: int, filters: tuple[int, ...], groups: int) -> Order:
        """The order for a convolution.  Few channels and few filters in a group leave lanes empty if they lie last; few
        channels do so on the way back, so that pictures abreast stay so if filters are not many.
        """
        each, near = filters[0] // groups, filters[1]
        lie = self.draft.natural.get(x) == ABREAST
        return ABREAST if near < FEW and (each < FEW or (each <= MOST_FILTERS and lie)) else LAST

    # --- convolution ------------------------------------------------------------------------------------

    def convolution(self, op: Op) -> bool:
        (x, w), shape = op.inputs, self.draft.spec(op.inputs[1]).shape
        if is_depthwise(op.gate, shape):
            return self.depthwise.convolution(op)
        order = self.slid[x, shape] = self.slid[w, shape] = self.suits(x, shape, op.gate.groups)
        return self.sliding[order].convolution(op)

    def to_input(self, op: Op) -> bool:
        if is_depthwise(op.gate, self.draft.spec(op.inputs[1]).shape):
            return self.depthwise.to_input(op)
        return self.follow(op, op.inputs[1], op.inputs[0], op.inputs[1]).to_input(op)

    def to_filters(self, op: Op) -> bool:
        if is_depthwise(op.gate, self.draft.spec(op.outputs[0]).shape):
            return self.depthwise.to_filters(op)
        return self.follow(op, op.inputs[0], op.inputs[1], op.outputs[0]).to_filters(op)

    def follow(self, op: Op, known: int, sent: int, w: int) -> Sliding:
        """Who writes a gradient down: as the convolution was, if there was one."""
        shape = self.draft.spec(w).shape
        return self.sliding[self.slid.get((known, shape)) or self.suits(sent, shape, op.gate.groups)]

    # --- the others -------------------------------------------------------------------------------------

    def spatial(self, op: Op) -> bool:
        draft, shape = self.draft, self.draft.spec(op.inputs[0]).shape
        if len(shape) != 4:
            return False
        order = self.order(op) or (ABREAST if shape[1] < FEW else LAST)
        if isinstance(op.gate, ChannelSum):
            order = LAST
        twins = tuple(draft.turned(n, order, op.line) for n in op.inputs)
        for number, twin in zip(op.outputs, draft.write(Pixels(op.gate, order), twins, op.line), strict=True):
            draft.settle(number, twin, order, op.line)
        return True

    def on_twins(self, gate: Any, op: Op, order: Order) -> bool:
        """Write a gate down on its inputs in an order; what it was to make is a view of that."""
        draft = self.draft
        inputs = tuple(n if draft.spec(n).shape == () else draft.turned(n, order, op.line) for n in op.inputs)
        draft.settle(op.outputs[0], draft.one(gate, inputs, op.line), order, op.line)
        return True

    def elementwise(self, op: Op) -> bool:
        """Stays in the order in which one of its inputs lies."""
        order = self.order(op)
        if order is None or self.draft.spec(op.outputs[0]).ndim != 4:
            return False
        return self.on_twins(op.gate, op, order)

    def reduction(self, op: Op) -> bool:
        order, (x,), (out,) = self.order(op), op.inputs, op.outputs
        if order is None:
            return False
        inner = replace(op.gate, axis=tuple(sorted(order.index(a) for a in op.gate.axis)))
        if op.gate.keepdims:
            return self.on_twins(inner, op, order)
        made = self.draft.one(inner, (self.draft.turned(x, order, op.line),), op.line)
        there = [a for a in order if a not in op.gate.axis]
        turned = PermuteDims(tuple(there.index(a) for a in sorted(there)))
        self.draft.ops.append(Op(turned, (made,), (out,), op.line))
        return True

    def padded(self, op: Op) -> bool:
        order = self.order(op)
        if order is None:
            return False
        return self.on_twins(replace(op.gate, widths=tuple(op.gate.widths[a] for a in order)), op, order)

    def joined(self, op: Op) -> bool:
        order = self.order(op)
        return order is not None and self.on_twins(Concat(order.index(op.gate.axis)), op, order)

    def resampled(self, op: Op) -> bool:
        order = self.order(op)
        return order is not None and self.on_twins(
            replace(op.gate, axis=order.index(op.gate.axis)), op, order
        )

    def indexed(self, op: Op) -> bool:
        """Slices of pictures, and pictures laid into slices of zeros."""
        gate, order = op.gate, self.order(op)
        wide = self.draft.spec(op.inputs[0] if isinstance(gate, Index) else op.outputs[0])
        slices = is_basic(gate.key) and all(isinstance(k, Slice) for k in gate.key) and wide.ndim == 4
        if not slices or order is None:
            return False
        key = (*gate.key, *(WHOLE,) * (4 - len(gate.key)))
        turned = replace(gate, key=tuple(key[a] for a in order))
        if isinstance(gate, IndexAdd):
            turned = replace(turned, shape=tuple(gate.shape[a] for a in order))
        return self.on_twins(turned, op, order)


RULES: tuple[tuple[Any, Callable[[Layout, Op], bool]], ...] = (
    (Conv2d, Layout.convolution),
    (Conv2dInput, Layout.to_input),
    (Conv2dWeight, Layout.to_filters),
    (SPATIAL, Layout.spatial),
    (Elementwise, Layout.elementwise),
    (Reduction, Layout.reduction),
    (Pad, Layout.padded),
    (Concat, Layout.joined),
    (Resample, Layout.resampled),
    ((Index, IndexAdd), Layout.indexed),
)
"""How each kind of gate is written down in the order that suits it."""
