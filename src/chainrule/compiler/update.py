"""Large gradients that nothing but an update reads are made twice, rather than written to memory and read again: early
for the guard alone, and once more where they are used up.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from ..graph import Elementwise
from ..ops.linear import Matmul
from .fuse import MOST_ARRAYS, MOST_OPS, fits
from .groups import LOOP, PRODUCT, Group, Groups, aligned, arrays
from .products import SHORT
from .recompute import inputs, instead

LARGE = 1 << 23
"""Bytes of a gradient from which on it would not stay in a cache."""


def update_in_products(groups: Groups, targets: Set[int], fixed: Set[int], guarded: Set[int]) -> None:
    """Let products run the loops that write state with their results.

    targets: values that are written over state;  fixed: values that are stored whoever reads them
    guarded: values that have to be finite before
    """
    for number, group in enumerate(groups.groups):
        if is_large(groups, group) and fixed.isdisjoint(group.makes()):
            reader = only_reader(groups, number)
            if reader is None or not can_follow(groups, number, reader):
                continue
            made = set(groups.groups[reader].makes())
            if made & targets and not made & guarded:
                follow(groups, number, reader)


def is_large(groups: Groups, group: Group) -> bool:
    """Whether a group makes a large matrix by short sums, of values that stay as they are until the end of the step."""
    if group.kind != PRODUCT or not group.ops or not isinstance(group.ops[0].gate, Matmul):
        return False
    specs, op, cells = groups.flow.specs, group.ops[0], groups.flow.program.cells
    made = specs[op.outputs[0]]
    large = len(made.shape) == 2 and made.size * made.dtype.itemsize >= LARGE
    short = specs[op.inputs[0]].shape[-1] <= SHORT
    return large and short and cells.keys().isdisjoint(arrays(groups, group))


def only_reader(groups: Groups, number: int) -> int | None:
    """The loop that alone reads what a group makes, element by element."""
    made = set(groups.groups[number].makes())
    readers = set[int]().union(*(groups.reading.get(value, ()) for value in made)) - {number}
    if len(readers) != 1:
        return None
    (reader,) = readers
    group = groups.groups[reader]
    if group.kind != LOOP or not all(isinstance(op.gate, Elementwise) for op in group.ops):
        return None
    read = (view for view in inputs(groups, reader) if view.base in made)
    return reader if all(aligned(groups, view, group.space) for view in read) else None


def can_follow(groups: Groups, number: int, reader: int) -> bool:
    """Whether the ops of a loop can follow a product."""
    first, then = groups.groups[number], groups.groups[reader]
    if len(first.ops) + len(then.ops) > MOST_OPS:
        return False
    if not groups.homes.keys().isdisjoint([*then.makes(), *arrays(groups, then)]):
        return False  # a product may not find its way there
    if len((arrays(groups, first) | arrays(groups, then)) - set(first.makes())) > MOST_ARRAYS:
        return False
    return all(fits(groups, first, op, then.space, None) for op in then.ops)


def follow(groups: Groups, number: int, reader: int) -> None:
    """Turn a loop into the product whose results it reads, with its own ops behind."""
    flow, first, then = groups.flow, groups.groups[number], groups.groups[reader]
    new = {value: flow.new(flow.specs[value]) for value in first.makes()}
    ops = [replace(op, outputs=tuple(new[n] for n in op.outputs)) for op in first.ops] + then.ops
    then.ops = [replace(op, inputs=tuple(instead(groups, n, new) for n in op.inputs)) for op in ops]
    then.kind, then.space = PRODUCT, first.space
    for old, value in new.items():
        groups.reading.get(old, set()).discard(reader)
        groups.maker[value] = reader
    for view in inputs(groups, reader):
        groups.reading.setdefault(view.base, set()).add(reader)
