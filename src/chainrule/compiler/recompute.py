"""Cheap values are computed again where they are read, rather than written to memory and kept for it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from ..ops.arithmetic import Add, Multiply, Subtract
from ..ops.selection import Greater, GreaterEqual, Less, LessEqual
from .flow import Op
from .fuse import MOST_ARRAYS, MOST_OPS
from .groups import LOOP, PRODUCT, Groups, aligned, arrays
from .tiles import WinogradPixels
from .views import View

CHEAP = (Add, Multiply, Subtract)
"""Gates that take no longer than a number from memory."""
MOST_CHEAP = 4
"""Ops that are worth doing again."""
MASKS = (Greater, GreaterEqual, Less, LessEqual)
"""Gates whose result is not worth its memory, if what it was made of is kept."""


def recompute(groups: Groups, fixed: Set[int]) -> None:
    """Let loops compute what they read from other loops themselves, where that moves fewer bytes.

    fixed: values that are stored whoever reads them
    """
    for number, group in enumerate(groups.groups):
        if group.kind == LOOP:
            for value in sorted(group.elementwise() - fixed):
                readers = sorted({k for k in groups.reading.get(value, ()) if k != number})
                chain = chain_of(groups, number, value)
                if readers and chain is not None and pays(groups, value, chain, readers):
                    for reader in readers:
                        repeat(groups, reader, value, chain)


def masks_again(groups: Groups, fixed: Set[int]) -> None:
    """Let masks be found again in what they were made of, where that stays in memory anyway; once homes are known."""
    for number, group in enumerate(groups.groups):
        for op in group.ops:
            if isinstance(op.gate, MASKS) and op.outputs[0] in group.elementwise() - fixed:
                readers = sorted(groups.reading.get(op.outputs[0], set()) - {number})
                if readers and stays(groups, number, op, readers):
                    for reader in readers:
                        repeat(groups, reader, op.outputs[0], [op])


def chain_of(groups: Groups, number: int, value: int) -> list[Op] | None:
    """The ops of a group that make a value from what lies outside, in order; None if there is one that is not cheap."""
    ops = groups.groups[number].ops
    makers = {n: op for op in ops for n in op.outputs}
    chain: list[Op] = []
    wanted = [value]
    while wanted:
        op = makers[wanted.pop()]
        if not isinstance(op.gate, CHEAP) or len(chain) == MOST_CHEAP:
            return None
        if op not in chain:
            chain.append(op)
        for n in op.inputs:
            view = groups.view(n)
            if view.base in makers:
                if not aligned(groups, view, groups.groups[number].space):
                    return None
                wanted.append(view.base)
            elif view.base in groups.flow.program.cells:
                return None  # it may have changed by then
    return [op for op in ops if op in chain]


def pays(groups: Groups, value: int, chain: list[Op], readers: list[int]) -> bool:
    """Whether all readers can do without the value, and what they read in its place is less than its way to memory
    and back: two transfers to write it, one for each to read it.
    """
    specs = groups.flow.specs
    inside = {n for op in chain for n in op.outputs}
    outside = {groups.view(n).base for op in chain for n in op.inputs} - inside
    size, read = specs[value].size * specs[value].dtype.itemsize, 0
    for reader in readers:
        group = groups.groups[reader]
        if group.kind != LOOP or group.space != groups.groups[groups.maker[value]].space:
            return False
        if any(groups.flow.updates(op) for op in group.ops):
            return False
        if any(
            view.base == value and not aligned(groups, view, group.space) for view in inputs(groups, reader)
        ):
            return False
        known = arrays(groups, group)
        if len(group.ops) + len(chain) > MOST_OPS or len(known | outside) > MOST_ARRAYS:
            return False
        read += sum(specs[b].size * specs[b].dtype.itemsize for b in outside - known)
    return read <= (2 + len(readers)) * size


def stays(groups: Groups, number: int, op: Op, readers: list[int]) -> bool:
    """Whether all that read a mask find what it was made of: a value of its own group that somebody reads later on."""
    group, constants = groups.groups[number], groups.flow.constants
    sources = [view for n in op.inputs if (view := groups.view(n)).base not in constants]
    alike = groups.flow.specs[op.outputs[0]].shape == group.space
    if not alike or len(sources) != 1 or sources[0].base not in group.elementwise():
        return False
    base = sources[0].base
    kept = groups.home(base).base
    last = max(groups.groups[k].ops[0].rank for k in readers)
    later = (groups.groups[k].ops for k in groups.reading.get(kept, set()) - {number, *readers})
    return (
        aligned(groups, sources[0], group.space)
        and any(ops[0].rank >= last for ops in later if ops)
        and all(finds(groups, reader, op.outputs[0], group.space) for reader in readers)
    )


def finds(groups: Groups, reader: int, mask: int, space: tuple[int, ...]) -> bool:
    """Whether a group can read in the place of a mask what it was made of, wherever that lies."""
    group = groups.groups[reader]
    anywhere = group.kind == LOOP or (group.kind == PRODUCT and isinstance(group.ops[0].gate, WinogradPixels))
    views = (view for view in inputs(groups, reader) if view.base == mask)
    few = len(group.ops) < MOST_OPS and len(arrays(groups, group)) < MOST_ARRAYS
    return anywhere and few and group.space == space and all(aligned(groups, view, space) for view in views)


def inputs(groups: Groups, number: int) -> Iterator[View]:
    """What the ops of a group read."""
    return (groups.view(n) for op in groups.groups[number].ops for n in op.inputs)


def repeat(groups: Groups, number: int, value: int, chain: list[Op]) -> None:
    """Let a group make a value itself."""
    flow, group = groups.flow, groups.groups[number]
    new: dict[int, int] = {}
    begun, rank = list[Op](), group.ops[0].rank
    for op in chain:
        made = flow.new(flow.specs[op.outputs[0]])
        inputs = tuple(instead(groups, n, new) for n in op.inputs)
        begun.append(replace(op, inputs=inputs, outputs=(made,), rank=rank))
        new[op.outputs[0]] = made
        groups.maker[made] = number
    only = {value: new[value]}
    rest = [replace(op, inputs=tuple(instead(groups, n, only) for n in op.inputs)) for op in group.ops]
    before = 1 if group.kind == PRODUCT else 0
    group.ops = [*rest[:before], *begun, *rest[before:]]
    groups.reading[value] -= {number}
    for op in begun:
        for n in op.inputs:
            groups.reading.setdefault(groups.view(n).base, set()).add(number)


def instead(groups: Groups, number: int, new: dict[int, int]) -> int:
    """A number that looks at a new value as this one looks at the old."""
    view = groups.view(number)
    if view.base not in new:
        return number
    if number == view.base:
        return new[number]
    spec = groups.flow.specs[number]
    seen = groups.flow.new(spec)
    groups.views[seen] = replace(view, base=new[view.base])
    return seen
