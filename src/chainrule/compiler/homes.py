"""Where values lie that become part of a larger one, joined with others or with a border around: each is written
straight into its place there, if its maker can do so.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from ..ops.indexing import Slice
from ..ops.shape import Concat, Pad
from .flow import Op
from .fuse import stacked, surrounds
from .groups import LOOP, PRODUCT, SINGLE, Groups, size
from .keys import WHOLE
from .pixels import ConvFilters, ConvPixels, Interleave, Pixels
from .sums import PRODUCTS
from .tiles import WinogradSums, WinogradTiles
from .views import View, indexed, moved, reshaped


def settle(groups: Groups, fixed: Set[int]) -> None:
    """Values that become part of a larger one are written where they end up; joins of joins from outside in.

    fixed: values whose memory is not ours to choose
    """
    readers: dict[int, list[tuple[int, Op, int]]] = {}
    for number, group in enumerate(groups.groups):
        for op in group.ops:
            for n in op.inputs:
                readers.setdefault(groups.view(n).base, []).append((number, op, n))
    for group in reversed(groups.groups):
        for op in group.ops:
            for n, place in zip(op.inputs, places(groups, op), strict=False):
                base = groups.view(n).base
                if base not in groups.maker or base in fixed or base in groups.homes:
                    continue
                home = home_in(groups, n, place)
                if home is not None and all(follows(groups, home, r, op) for r in readers[base]):
                    groups.homes[base] = home
                    share(groups, base, readers, fixed)


def share(groups: Groups, twin: int, readers: dict[int, list[tuple[int, Op, int]]], fixed: Set[int]) -> None:
    """Let those that read the value of which this is a twin find it in the twin's home, if all of them can: it is
    then written once.
    """
    value = groups.twins.get(twin)
    if value is None or value in fixed or value in groups.homes or groups.maker[value] != groups.maker[twin]:
        return
    home, group = groups.homes[twin], groups.groups[groups.maker[twin]]
    (copying,) = (op for op in group.ops if op.outputs == (twin,))
    if all(op is copying or follows(groups, home, (k, op, n), copying) for k, op, n in readers[value]):
        group.ops.remove(copying)
        groups.homes[value] = home
        groups.views[twin] = groups.view(value)


def home_in(groups: Groups, number: int, place: View) -> View | None:
    """Where the memory behind a value can be, if the value is to lie in a place; None if its maker cannot
    write there.
    """
    view = groups.view(number)
    own = groups.flow.specs[view.base].shape
    strides = reshaped(place.shape, place.strides, own)
    if not view.whole or view.offset or view.size != size(own) or view.size == 0 or strides is None:
        return None
    group = groups.groups[groups.maker[view.base]]
    home = View(place.base, own, strides, place.offset)
    if group.kind == SINGLE:
        return home if isinstance(group.ops[0].gate, Concat) else None
    if any(view.base == op.outputs[0] for op in group.ops[1:] if isinstance(op.gate, Pixels)):
        return home if len(own) == 4 and strides[-1] == 1 else None
    if view.base not in group.elementwise():
        return None
    if group.kind == PRODUCT:
        found = reshaped(own, strides, group.rows())
        return home if found is not None and found[-1] == 1 else None
    return home


def follows(groups: Groups, home: View, reader: tuple[int, Op, int], join: Op) -> bool:
    """Whether an op that reads a value finds it in its home: the join itself, once, loops, products, and pictures."""
    number, op, n = reader
    view = groups.view(n)
    if number == groups.maker[view.base]:
        return True
    if op is join:
        return sum(groups.view(m).base == view.base for m in op.inputs) == 1
    there, out = moved(view, home.shape, home), groups.flow.specs[op.outputs[0]].shape
    group = groups.groups[number]
    if there is None or group.kind == LOOP:
        return there is not None
    if isinstance(op.gate, PRODUCTS):
        near = n not in op.inputs[1::2] or 1 in there.strides[-2:]
        return near and stacked(there, out) is not None
    if op is not group.ops[0]:  # it is a part of what follows a product
        wide = len(group.rows()) > 3
        return wide and reshaped(out, there.stretched(out), group.rows()) is not None
    return steps_anywhere(op, n) and there.strides[-1] == 1


def steps_anywhere(op: Op, number: int) -> bool:
    """Whether the kernel of an op on pictures is told how far it is from picture to picture, row to row and pixel to
    pixel of what it reads.
    """
    if isinstance(op.gate, WinogradTiles):
        return op.gate.back
    if isinstance(op.gate, WinogradSums):
        return number == op.inputs[1]
    return isinstance(op.gate, ConvPixels | ConvFilters) and number == op.inputs[0] != op.inputs[1]


def places(groups: Groups, op: Op) -> Iterator[View]:
    """Where each input of an op that lays its inputs down lies in its output; nothing of another op."""
    if isinstance(op.gate, Concat):
        start = 0
        for n in op.inputs:
            stop = start + groups.view(n).shape[op.gate.axis]
            key = (WHOLE,) * op.gate.axis + (Slice(start, stop, 1),)
            yield indexed(groups.home(op.outputs[0]), key)
            start = stop
    elif isinstance(op.gate, Interleave):
        yield from (indexed(groups.home(op.outputs[0]), key) for key in op.gate.keys)
    elif surrounds(op.gate):
        yield indexed(groups.home(op.outputs[0]), inside(groups, op))


def inside(groups: Groups, op: Op) -> tuple[Slice, ...]:
    """The key of what is not border."""
    if isinstance(op.gate, Pad):
        shape = groups.flow.specs[op.inputs[0]].shape
        return tuple(Slice(a, a + n, 1) for n, (a, _) in zip(shape, op.gate.widths, strict=True))
    key: tuple[Slice, ...] = op.gate.key
    return key
