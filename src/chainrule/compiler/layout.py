"""Pictures with their channels last: each gate of pictures runs so, and what follows element by element stays so.

The logical order stays N, C, H, W wherever a user looks: a value of the program is then a view, with its axes
permuted, of one whose channels lie side by side.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..graph import Elementwise, Reduction, Spec
from ..kernels.language.types import LANES
from ..kernels.product import tile_for
from ..kernels.transforms import Scheme
from ..ops.conv import Conv2d, Conv2dInput, Conv2dWeight
from ..ops.indexing import Index, IndexAdd, Slice
from ..ops.norm import ChannelSum
from ..ops.pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake
from ..ops.shape import Concat, Pad, PermuteDims, Reshape
from .flow import Flow, Op
from .pixels import (
    FILTERS,
    TO_FIRST,
    TO_LAST,
    ConvFilters,
    ConvPixels,
    Interleave,
    Pixels,
)
from .tiles import FilterGradient, FilterPanels, TilesGradient, WinogradPixels, WinogradSums, WinogradTiles
from .views import is_basic

SPATIAL = (MaxPool2d, MaxPool2dInput, MaxPool2dTake, AvgPool2d, AvgPool2dInput, ChannelSum)
"""Gates with a kernel on channels-last pictures, taken as they are."""
WHOLE = Slice(None, None, None)
MOST_SHARES = 16
"""Partial sums of a filter's gradient."""
LEAST_CHANNELS, MOST_WASTE, MOST_SUMS = 256, 1.7, 1 << 14
"""Where Winograd's algorithm pays: channels times filters, pixels of all tiles for each that there is; and the most
channels times filters of a gradient that is summed in shares.
"""
SCHEMES = (3, 5)
"""Sizes of filters for which there is one."""
WINOGRAD_SHARES = 8
"""Partial sums of a filter's gradient, transformed."""
SHARE_BYTES = 1 << 19
"""Bytes of pictures and gradients that one partial sum may read: what a core's cache holds."""


def channels_last(flow: Flow) -> None:
    """Rewrite the ops of a flow that has gates of pictures."""
    rules = (*SPATIAL, Conv2d, Conv2dInput, Conv2dWeight)
    if any(isinstance(op.gate, rules) and flow.specs[op.inputs[0]].ndim == 4 for op in flow.ops):
        Layout(flow).rewrite()


class Layout:
    """The rewriting of one flow.

    twins:    for a value (N, C, H, W) the number of the same with its channels last
    natural:  values whose numbers lie with their channels last
    made:     what was written down already, by gate and inputs
    """

    def __init__(self, flow: Flow) -> None:
        self.flow, self.ops = flow, list[Op]()
        self.twins: dict[int, int] = {}
        self.natural: set[int] = set()
        self.made: dict[tuple[Any, tuple[int, ...]], tuple[int, ...]] = {}

    def rewrite(self) -> None:
        for op in self.flow.ops:
            if not self.turn(op):
                self.ops.append(op)
        self.flow.ops = [replace(op, rank=rank) for rank, op in enumerate(self.ops)]

    def turn(self, op: Op) -> bool:
        """Write an op down with its channels last, if it can be."""
        rule = next((rule for kind, rule in RULES if isinstance(op.gate, kind)), None)
        return rule is not None and rule(self, op)

    # --- writing ----------------------------------------------------------------------------------------

    def write(self, gate: Any, inputs: tuple[int, ...], line: int) -> tuple[int, ...]:
        """The values of a gate on these inputs; each is computed once."""
        key = (gate, inputs)
        if key not in self.made:
            specs = gate.spec(*(self.flow.specs[n] for n in inputs))
            outputs = tuple(self.flow.new(s) for s in (specs if isinstance(specs, tuple) else (specs,)))
            self.ops.append(Op(gate, inputs, outputs, line))
            self.made[key] = outputs
        return self.made[key]

    def one(self, gate: Any, inputs: tuple[int, ...], line: int) -> int:
        return self.write(gate, inputs, line)[0]

    def last(self, number: int, line: int) -> int:
        """A value of at most four axes with its channels last."""
        if number not in self.twins:
            shape, known = self.flow.specs[number].shape, number
            if len(shape) < 4:
                known = self.one(Reshape((1,) * (4 - len(shape)) + shape), (number,), line)
            self.twins[number] = self.one(PermuteDims(TO_LAST), (known,), line)
        return self.twins[number]

    def settle(self, number: int, twin: int, line: int) -> None:
        """A value is a view of its twin."""
        self.ops.append(Op(PermuteDims(TO_FIRST), (twin,), (number,), line))
        self.twins[number] = twin
        self.natural.add(number)

    def spec(self, number: int) -> Spec:
        return self.flow.specs[number]

    def any_natural(self, op: Op) -> bool:
        return any(n in self.natural for n in op.inputs)

    # --- convolution ------------------------------------------------------------------------------------

    def bordered(self, x: int, padding: tuple[int, int], line: int) -> int:
        """Pictures with their channels last and a border of zeros."""
        return self.framed(self.last(x, line), [(p, p) for p in padding], line)

    def convolution(self, op: Op) -> bool:
        gate, (x, w) = op.gate, op.inputs
        rows = self.bordered(x, gate.padding, op.line)
        made = self.slid(rows, w, ConvPixels(gate.stride, gate.dilation, gate.groups), op.line)
        self.settle(op.outputs[0], made, op.line)
        return True

    def slid(self, rows: int, w: int, direct: ConvPixels, line: int, *, back: bool = False) -> int:
        """Filters (F, C/G, KH, KW), or (back) mirrored ones, over pictures with their border: by Winograd's algorithm
        where that pays.
        """
        (f, c, *taps), parts = self.spec(w).shape, direct.groups
        sides = (f // parts, parts * c) if back else (c, f)
        filters = Spec((*taps, *sides), self.spec(w).dtype)
        made = direct.spec(self.spec(rows), filters)
        scheme = winograd_pays(direct, filters, made)
        if scheme is None:
            turned = self.mirrored(w, parts, line) if back else self.one(PermuteDims(FILTERS), (w,), line)
            return self.one(direct, (rows, turned), line)
        columns = tile_for(filters.dtype).columns
        panels = self.one(FilterPanels(scheme, parts, columns, back), (w,), line)
        return self.one(WinogradPixels(scheme, parts, columns, sides[1]), (rows, panels), line)

    def to_input(self, op: Op) -> bool:
        """The gradient to the pictures: a convolution of y with mirrored filters.  With a stride, each phase of the
        pictures has taps of its own; with a stride and a dilation, y is spread out by the stride first: then zeros
        are multiplied too, and a filter that is not finite makes NaN where the plain gate has numbers beside.
        """
        gate, (y, w), line = op.gate, op.inputs, op.line
        sent = self.last(y, line)
        made = None
        if gate.stride != (1, 1) and gate.dilation == (1, 1):
            made = self.in_phases(gate, sent, w, line)
        if made is None:
            made = self.sent_back(gate, self.spread(gate, sent, line), w, line)
        self.settle(op.outputs[0], made, line)
        return True

    def spread(self, gate: Any, sent: int, line: int) -> int:
        """The gradient to what a convolution makes, with zeros between as if its stride were 1."""
        n, *rows, f = self.spec(sent).shape
        wide = tuple((r - 1) * s + 1 for r, s in zip(rows, gate.stride, strict=True))
        if gate.stride == (1, 1):
            return sent
        key = (WHOLE, *(Slice(0, n, s) for n, s in zip(wide, gate.stride, strict=True)), WHOLE)
        return self.one(IndexAdd(key, (n, *wide, f)), (sent,), line)

    def sent_back(self, gate: Any, sent: int, w: int, line: int) -> int:
        """The gradient to pictures of a convolution with stride 1."""
        edges = []
        for axis, taps in enumerate(self.spec(w).shape[2:]):
            reach = gate.dilation[axis] * (taps - 1)
            before = reach - gate.padding[axis]
            edges.append((before, gate.size[axis] + reach - self.spec(sent).shape[1 + axis] - before))
        return self.turned(gate, self.framed(sent, edges, line), w, line)

    def in_phases(self, gate: Any, sent: int, w: int, line: int) -> int | None:
        """The gradient to pictures of a convolution with a stride: pixels that lie a stride apart see the same taps.
        None if none of them sees any.
        """
        sizes, rows, parts = self.spec(w).shape[2:], self.spec(sent).shape[1:3], list[int]()
        keys: dict[bool, list[tuple[Slice, ...]]] = {False: [], True: []}
        settings = list(zip(sizes, gate.stride, gate.padding, gate.size, rows, strict=True))
        for first in itertools.product(*(range(min(s, size)) for _, s, _, size, _ in settings)):
            places, edges = zip(
                *(phase(a, *given) for a, given in zip(first, settings, strict=True)), strict=True
            )
            taps = tuple(Slice(tap(a, p, s), n, s) for a, (n, s, p, *_) in zip(first, settings, strict=True))
            seen = all(tap(a, p, s) < n for a, (n, s, p, *_) in zip(first, settings, strict=True))
            keys[seen].append((WHOLE, *places, WHOLE))
            if seen:
                few = self.one(Index((WHOLE, WHOLE, *taps)), (w,), line)
                parts.append(self.turned(gate, self.framed(sent, edges, line), few, line))
        shape = (self.spec(sent).shape[0], *gate.size, self.spec(w).shape[1] * gate.groups)
        gate = Interleave(tuple(keys[True]), tuple(keys[False]), shape)
        return self.one(gate, tuple(parts), line) if parts else None

    def turned(self, gate: Any, rows: int, w: int, line: int) -> int:
        """Pictures with their border, convolved with mirrored filters."""
        return self.slid(rows, w, ConvPixels((1, 1), gate.dilation, gate.groups), line, back=True)

    def framed(self, x: int, edges: Sequence[tuple[int, int]], line: int) -> int:
        """Pictures with so many lines more before and after along each axis; fewer, where that is below zero."""
        (_, *size, _), outer = self.spec(x).shape, (0, 0)
        if any(edge < 0 for pair in edges for edge in pair):
            cut = (Slice(max(-a, 0), n - max(-b, 0), 1) for n, (a, b) in zip(size, edges, strict=True))
            x = self.one(Index((WHOLE, *cut, WHOLE)), (x,), line)
        widths = tuple((max(a, 0), max(b, 0)) for a, b in edges)
        return self.one(Pad((outer, *widths, outer)), (x,), line) if any(map(any, widths)) else x

    def mirrored(self, w: int, groups: int, line: int) -> int:
        """Filters (F, C/G, KH, KW) as (KH, KW, F/G, C), each turned by half a circle."""
        f, c, kh, kw = self.spec(w).shape
        back = Slice(None, None, -1)
        turned = self.one(Index((WHOLE, WHOLE, back, back)), (w,), line)
        if groups == 1:
            return self.one(PermuteDims((2, 3, 0, 1)), (turned,), line)
        parted = self.one(Reshape((groups, f // groups, c, kh, kw)), (turned,), line)
        beside = self.one(PermuteDims((3, 4, 1, 0, 2)), (parted,), line)
        return self.one(Reshape((kh, kw, f // groups, groups * c)), (beside,), line)

    def to_filters(self, op: Op) -> bool:
        gate, (x, y), line = op.gate, op.inputs, op.line
        rows, sent = self.bordered(x, gate.padding, line), self.last(y, line)
        near = self.spec(rows).shape[3] // gate.groups
        filters = Spec((*gate.size, near, self.spec(sent).shape[3]), self.spec(rows).dtype)
        scheme = winograd_pays(gate, filters, self.spec(sent))
        if scheme is not None:
            self.winograd_gradient(op, scheme, rows, sent)
            return True
        shares = shares_of(self.spec(rows), self.spec(sent), filters, gate.groups)
        inner = ConvFilters(gate.size, gate.stride, gate.dilation, gate.groups, shares)
        made = self.one(inner, (rows, sent), line)
        self.ops.append(Op(FilterGradient(self.spec(op.outputs[0]).shape), (made,), op.outputs, line))
        return True

    def winograd_gradient(self, op: Op, scheme: Scheme, rows: int, sent: int) -> None:
        """The gradient to filters: tiles are transformed where they are used, or all before where the sums are too
        large to keep several of.
        """
        size, parts, line = self.spec(op.outputs[0]).shape, op.gate.groups, op.line
        if size[0] // parts * size[1] <= MOST_SUMS:
            made = self.one(WinogradSums(scheme, parts, WINOGRAD_SHARES), (rows, sent), line)
            self.ops.append(Op(FilterGradient(size, parts, scheme), (made,), op.outputs, line))
            return
        columns = LANES, tile_for(self.spec(rows).dtype).columns
        left = self.one(WinogradTiles(scheme, parts, columns[0], back=False), (rows,), line)
        right = self.one(WinogradTiles(scheme, parts, columns[1], back=True), (sent,), line)
        tiles = scheme.tiles(*self.spec(sent).shape[:3])
        self.ops.append(
            Op(TilesGradient(scheme, size, parts, tiles, columns), (left, right), op.outputs, line)
        )

    # --- the others -------------------------------------------------------------------------------------

    def spatial(self, op: Op) -> bool:
        if self.spec(op.inputs[0]).ndim != 4:
            return False
        twins = tuple(self.last(n, op.line) for n in op.inputs)
        for number, twin in zip(op.outputs, self.write(Pixels(op.gate), twins, op.line), strict=True):
            self.settle(number, twin, op.line)
        return True

    def on_twins(self, gate: Any, op: Op) -> bool:
        """Write a gate down on its inputs with their channels last; what it was to make is a view of that."""
        inputs = tuple(n if self.spec(n).shape == () else self.last(n, op.line) for n in op.inputs)
        self.settle(op.outputs[0], self.one(gate, inputs, op.line), op.line)
        return True

    def elementwise(self, op: Op) -> bool:
        """Stays with the channels last if one of its inputs lies so."""
        return self.spec(op.outputs[0]).ndim == 4 and self.any_natural(op) and self.on_twins(op.gate, op)

    def reduction(self, op: Op) -> bool:
        (x,), (out,) = op.inputs, op.outputs
        if x not in self.natural:
            return False
        inner = replace(op.gate, axis=tuple(sorted(TO_LAST.index(a) for a in op.gate.axis)))
        if op.gate.keepdims:
            return self.on_twins(inner, op)
        made = self.one(inner, (self.last(x, op.line),), op.line)
        there = [a for a in TO_LAST if a not in op.gate.axis]
        self.ops.append(
            Op(PermuteDims(tuple(there.index(a) for a in sorted(there))), (made,), (out,), op.line)
        )
        return True

    def padded(self, op: Op) -> bool:
        if not self.any_natural(op):
            return False
        return self.on_twins(replace(op.gate, widths=tuple(op.gate.widths[a] for a in TO_LAST)), op)

    def joined(self, op: Op) -> bool:
        return self.any_natural(op) and self.on_twins(Concat(TO_LAST.index(op.gate.axis)), op)

    def indexed(self, op: Op) -> bool:
        """Slices of pictures, and pictures laid into slices of zeros."""
        gate = op.gate
        wide = self.spec(op.inputs[0] if isinstance(gate, Index) else op.outputs[0])
        slices = is_basic(gate.key) and all(isinstance(k, Slice) for k in gate.key) and wide.ndim == 4
        if not slices or not self.any_natural(op):
            return False
        key = (*gate.key, *(WHOLE,) * (4 - len(gate.key)))
        turned = replace(gate, key=tuple(key[a] for a in TO_LAST))
        if isinstance(gate, IndexAdd):
            turned = replace(turned, shape=tuple(gate.shape[a] for a in TO_LAST))
        return self.on_twins(turned, op)


RULES: tuple[tuple[Any, Callable[[Layout, Op], bool]], ...] = (
    (Conv2d, Layout.convolution),
    (Conv2dInput, Layout.to_input),
    (Conv2dWeight, Layout.to_filters),
    (SPATIAL, Layout.spatial),
    (Elementwise, Layout.elementwise),
    (Reduction, Layout.reduction),
    (Pad, Layout.padded),
    (Concat, Layout.joined),
    ((Index, IndexAdd), Layout.indexed),
)
"""How each kind of gate is written down with its channels last."""


def winograd_pays(gate: Any, filters: Spec, out: Spec) -> Scheme | None:
    """Which of Winograd's algorithms is faster than the direct sum: a table found by measuring, without the batch."""
    kh, kw, c, f = filters.shape
    _, height, width, _ = out.shape
    if kh != kw or kh not in SCHEMES or (gate.stride, gate.dilation) != ((1, 1), (1, 1)):
        return None
    each = f // gate.groups
    uneven = c % LANES or each % LANES
    if uneven or filters.dtype != np.float32 or 0 in out.shape or c * each < LEAST_CHANNELS:
        return None
    scheme = Scheme(kh)
    computed = scheme.tiles(1, height, width) * scheme.side**2
    return scheme if computed <= MOST_WASTE * height * width else None


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


def shares_of(x: Spec, y: Spec, w: Spec, groups: int) -> int:
    """How many partial sums a filter's gradient is made of: so many that each reads what a cache holds and all
    threads have work, so few that they stay small beside what is read; a function of the shapes.
    """
    many, read = x.shape[0], (x.size + y.size) * x.dtype.itemsize
    if groups > 1 or many == 0:
        return 1
    most = min(MOST_SHARES, max(1, read // (2 * max(1, w.size) * w.dtype.itemsize)))
    fitting = [p for p in range(1, min(many, most) + 1) if many % p == 0]
    enough = [p for p in fitting if read <= p * SHARE_BYTES]
    return (enough or fitting)[0 if enough else -1]
