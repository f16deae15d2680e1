"""Loops that go over the same rows become one kernel, which does all of them for a few rows before it goes on: the
passes of a normalization or of a softmax find in the nearest cache what the pass before has read and made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import replace

from ..graph import Reduction
from .flow import Op
from .fuse import join
from .groups import LOOP, Group, Groups, ones, size
from .views import View, reshaped

LEAST_ROWS, LEAST_WIDTH = 16, 32
"""Rows that share out the work, and numbers of a row, from which on a chain pays."""
MOST_STAGES = 8
"""Loops of a chain, so that its kernel stays small."""


class Rows:
    """The space of a loop seen as rows: how many, and how many numbers each has.

    across:  whether its reductions add up all rows, not each in itself
    """

    def __init__(self, group: Group, many: int) -> None:
        self.group, self.many = group, many
        self.width = size(group.space) // many
        self.across = group.axes is not None and 0 in group.axes

    @property
    def shape(self) -> tuple[int, int]:
        return self.many, self.width

    def totals(self) -> set[int]:
        """What it makes of all rows: not there before the chain has ended."""
        reductions = (op for op in self.group.ops if isinstance(op.gate, Reduction) and self.across)
        return {n for op in reductions for n in op.outputs}


def rows_of(group: Group, many: int) -> Rows | None:
    """A loop over so many rows; None if it is not one."""
    space = group.space
    heads = [math.prod(space[:axis]) for axis in range(len(space) + 1)]
    if 0 in space or many not in heads:
        return None
    first = heads.index(many)
    rows, inside = (long(space, some) for some in (range(first), range(first, len(space))))
    along = None if group.axes is None else long(space, group.axes)
    if 0 in (group.axes or ()):
        return Rows(group, many) if along == rows and inside else None
    return Rows(group, many) if along in (None, inside) else None


def long(space: tuple[int, ...], axes: range | tuple[int, ...]) -> tuple[int, ...]:
    """Those of some axes that have more than one place."""
    return tuple(axis for axis in axes if space[axis] != 1)


def many_rows(group: Group) -> int | None:
    """How many rows a loop adds up, each in itself; None if it is not such a loop, or a chain would not pay."""
    axes, space = group.axes, group.space
    if axes is None or 0 in axes or axes != tuple(range(len(space) - len(axes), len(space))) or 0 in space:
        return None
    many = size(space[: len(space) - len(axes)])
    return many if many >= LEAST_ROWS and size(space) // many >= LEAST_WIDTH else None


def rows_of_chain(group: Group) -> list[Rows]:
    """The loops of a chain, as rows."""
    many = next(m for stage in group.stages if (m := many_rows(stage)) is not None)
    return [Rows(stage, many) for stage in group.stages]


def stages_of(group: Group) -> list[Group]:
    """The loops that a group is made of."""
    return group.stages or [group]


# --- which loops ------------------------------------------------------------------------------------------


def chain_up(groups: Groups, targets: Set[int]) -> None:
    """Join loops that read each other's rows, then those that add up all rows of what a chain reads anyway.

    targets: values that are state, which is written behind the guard
    """
    late = groups.behind({groups.maker[n] for n in targets})
    loops = [n for n, g in enumerate(groups.groups) if g.kind == LOOP and g.ops and not g.aside]
    for number in sorted(loops, key=lambda n: groups.depends[n].bit_count()):
        makers = {m for op in groups.groups[number].ops for m in groups.makers(op)}
        for before in sorted(makers, reverse=True):
            if (before in late) == (number in late) and linked(groups, before, number, targets):
                link(groups, before, number)
                break
    for number in loops:
        for chain in beside(groups, number):
            apart = (chain in late) != (number in late) or groups.waits(chain, number)
            if not apart and linked(groups, chain, number, targets):
                link(groups, chain, number)
                break


def beside(groups: Groups, number: int) -> list[int]:
    """The chains that read what a loop adds up."""
    group = groups.groups[number]
    if not group.ops or group.stages or 0 not in (group.axes or ()):
        return []
    bases = {view.base for view in read(groups, group) if view.size == size(group.space)}
    readers = {k for base in bases for k in groups.reading.get(base, ())}
    return sorted(k for k in readers if groups.groups[k].stages)


def linked(groups: Groups, before: int, number: int, targets: Set[int]) -> bool:
    """Whether a loop can be done behind another one, or a chain, a few rows at a time."""
    first, then = groups.groups[before], groups.groups[number]
    stages = [*stages_of(first), *stages_of(then)]
    many = next((m for group in stages if (m := many_rows(group)) is not None), None)
    if many is None or before == number or first.kind != LOOP or first.aside or len(stages) > MOST_STAGES:
        return False
    if not first.ops or any(stateful(groups, op, targets) for group in stages for op in group.ops):
        return False
    seen = [rows_of(group, many) for group in stages]
    known = [rows for rows in seen if rows is not None]
    if not known or len(known) < len(stages) or not all(fits(groups, rows) for rows in known):
        return False
    behind = len(stages_of(first))
    if not all(reads_rows(groups, known[:place], known[place]) for place in range(behind, len(known))):
        return False
    return not any(groups.waits(other, before) for other in ones(groups.depends[number]) if other != before)


def stateful(groups: Groups, op: Op, targets: Set[int]) -> bool:
    """Whether an op belongs to the update of the state."""
    return groups.flow.updates(op) or not targets.isdisjoint(op.outputs)


def fits(groups: Groups, rows: Rows) -> bool:
    """Whether a loop can run over rows: what it reads and makes goes on along them, and not in steps."""
    made, space = set(rows.group.makes()), rows.group.space
    for view in read(groups, rows.group):
        if view.base not in made:
            strides = reshaped(space, view.stretched(space), rows.shape)
            if strides is None or (rows.width > 1 and strides[1] not in (0, 1)):
                return False
    homes = [home_of(groups, n, rows) for n in made - rows.totals()]
    return all(home is not None and home[2] in (0, 1) for home in homes)


def read(groups: Groups, group: Group) -> Iterator[View]:
    """What a loop reads, where it lies."""
    return (groups.place(groups.view(n)) for op in group.ops for n in op.inputs)


def home_of(groups: Groups, number: int, rows: Rows) -> tuple[int, int, int] | None:
    """Where a value of a loop over rows lies: its offset, and strides from row to row and along one."""
    home, one = groups.home(number), groups.flow.specs[number].size == rows.many
    strides = reshaped(home.shape, home.strides, (rows.many, 1) if one else rows.shape)
    return None if strides is None else (home.offset, strides[0], 0 if one else strides[1])


def reads_rows(groups: Groups, before: list[Rows], then: Rows) -> bool:
    """Whether a loop reads of what those before it make no other row than its own."""
    made = {groups.home(n).base: (n, rows) for rows in before for n in rows.group.makes()}
    space = then.group.space
    for view in read(groups, then.group):
        if view.base in made:
            number, rows = made[view.base]
            home = None if number in rows.totals() else home_of(groups, number, rows)
            strides = reshaped(space, view.stretched(space), then.shape)
            if home is None or strides is None or (view.offset, strides[0]) != home[:2]:
                return False
            if home[2] if then.width == 1 else strides[1] != home[2]:
                return False
    return True


def link(groups: Groups, before: int, number: int) -> None:
    """Make one group of two."""
    first, then = groups.groups[before], groups.groups[number]
    stages = [replace(stage, ops=[*stage.ops]) for stage in (*stages_of(first), *stages_of(then))]
    join(groups, before, number)
    first.stages, then.stages = stages, []
    first.space, first.axes = max((stage.space for stage in stages), key=size), None
