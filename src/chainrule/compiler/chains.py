"""Loops that go over the same rows become one kernel, which does all of them for one row before it goes to the next:
the passes of a normalization or of a softmax find in the nearest cache what the pass before has read and made.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from dataclasses import replace

from ..graph import Spec
from ..kernels.chain import Chain
from ..kernels.chain import Stage as StageKernel
from ..kernels.loops import Loops
from .fuse import join
from .groups import LOOP, Group, Groups, ones, size
from .tasks import Address, Argument, Loop, Task, Wanted, share_out
from .views import Axis, View, reshaped

LEAST_ROWS, LEAST_WIDTH = 16, 32
"""Rows that share out the work, and numbers of a row, from which on a chain pays."""
NEAR, MOST_FEW = 1 << 16, 16
"""Bytes of all arrays that rows which are gone through at a time may have, and the most rows."""
MOST_STAGES = 8
"""Loops of a chain, so that its kernel stays small."""


class Rows:
    """The space of a loop seen as rows: how many, and how many numbers each has.

    reduced:  whether its reductions add up each row
    """

    def __init__(self, group: Group, many: int) -> None:
        self.group, self.many = group, many
        self.width = size(group.space) // many
        self.reduced = group.axes is not None

    @property
    def shape(self) -> tuple[int, int]:
        return self.many, self.width


def rows_of(group: Group, many: int) -> Rows | None:
    """A loop over so many rows; None if it is not one."""
    if 0 in group.space or size(group.space) % many:
        return None
    heads = (math.prod(group.space[:axis]) for axis in range(len(group.space) + 1))
    axis = next((axis for axis, head in enumerate(heads) if head == many), None)
    if axis is None:
        return None
    inside = tuple(a for a in range(axis, len(group.space)) if group.space[a] != 1)
    along = tuple(a for a in group.axes or () if group.space[a] != 1)
    if group.axes is not None and along != inside:
        return None
    return Rows(group, many)


def many_rows(group: Group) -> int | None:
    """How many rows a loop adds up, each in itself; None if it is not such a loop."""
    axes = group.axes
    if axes is None or axes != tuple(range(len(group.space) - len(axes), len(group.space))):
        return None
    many = size(group.space[: len(group.space) - len(axes)])
    long = size(group.space) // many >= LEAST_WIDTH if many else False
    return many if many >= LEAST_ROWS and long else None


def chain_up(groups: Groups, targets: Set[int]) -> None:
    """Join loops that read each other's rows; targets: values that are state, which is written behind the guard."""
    loops = [n for n, g in enumerate(groups.groups) if g.kind == LOOP and g.ops and not g.aside]
    for number in sorted(loops, key=lambda n: groups.depends[n].bit_count()):
        for before in sorted(
            {m for op in groups.groups[number].ops for m in groups.makers(op)}, reverse=True
        ):
            if groups.groups[before].ops and linked(groups, before, number, targets):
                link(groups, before, number)
                break


def linked(groups: Groups, before: int, number: int, targets: Set[int]) -> bool:
    """Whether a loop can be done behind another one row by row."""
    first, then = groups.groups[before], groups.groups[number]
    if before == number or first.kind != LOOP or first.aside or len(stages_of(first)) >= MOST_STAGES:
        return False
    if any(groups.flow.updates(op) or not targets.isdisjoint(op.outputs) for op in (*first.ops, *then.ops)):
        return False
    if any(groups.waits(other, before) for other in ones(groups.depends[number]) if other != before):
        return False
    many = next((m for g in (*stages_of(first), then) if (m := many_rows(g)) is not None), None)
    if many is None:
        return False
    seen = [rows_of(group, many) for group in (*stages_of(first), then)]
    if any(rows is None for rows in seen):
        return False
    known = [rows for rows in seen if rows is not None]
    return all(fits(groups, rows) for rows in known) and reads_rows(groups, known[:-1], known[-1])


def stages_of(group: Group) -> list[Group]:
    """The loops that a group is made of."""
    return group.stages or [group]


def fits(groups: Groups, rows: Rows) -> bool:
    """Whether a loop can run over rows: what it reads and makes goes on along them, and not in steps."""
    made, space = set(rows.group.makes()), rows.group.space
    for view in read(groups, rows.group):
        if view.base not in made:
            strides = reshaped(space, view.stretched(space), rows.shape)
            if strides is None or (rows.width > 1 and strides[1] not in (0, 1)):
                return False
    return all((home := home_of(groups, n, rows)) is not None and home[2] in (0, 1) for n in made)


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
    made = {n: rows for rows in before for n in rows.group.makes()}
    bases = {groups.home(n).base: n for n in made}
    for view in read(groups, then.group):
        if view.base in bases:
            number = bases[view.base]
            home = home_of(groups, number, made[number])
            strides = reshaped(then.group.space, view.stretched(then.group.space), then.shape)
            if home is None or strides is None or (view.offset, strides[0]) != home[:2]:
                return False
            if strides[1] != home[2] and then.width > 1:
                return False
            if then.width == 1 and home[2]:
                return False
    return True


def link(groups: Groups, before: int, number: int) -> None:
    """Make one group of two."""
    first, then = groups.groups[before], groups.groups[number]
    stages = [
        *(replace(g, ops=[*g.ops]) for g in stages_of(first)),
        *(replace(g, ops=[*g.ops]) for g in stages_of(then)),
    ]
    join(groups, before, number)
    first.stages, then.stages = stages, []
    largest = max(stages, key=lambda stage: size(stage.space))
    first.space, first.axes = largest.space, None


class Stage(Loop):
    """One loop of a chain.

    rows:  how it goes over the rows
    near:  for values of the chain that nobody else reads, what holds a row of each piece in their place
    """

    def __init__(self, groups: Groups, rows: Rows, wanted: Wanted, near: dict[int, int]) -> None:
        self.rows, self.near = rows, near
        super().__init__(groups, rows.group, wanted)

    def _arrange(self, axes: tuple[int, ...]) -> None:
        """Rows outside, a row as the vector; rows of one number are the vector themselves."""
        written = [self.groups.home(n) for n in self.stored]
        arrays = [(view.base, *self.strides(self.space, own)) for view, own in self.reads]
        arrays += [(home.base, *self.strides(home.shape, home.strides)) for home in written]
        arrays += [(n, 1, 0) for n in self.results]
        self.held = tuple(k for k, (base, *_) in enumerate(arrays) if base in self.near)
        down = tuple(self.specs[self.near[n]].shape[1] if n in self.near else step for n, step, _ in arrays)
        along = tuple(step for *_, step in arrays)
        self.loops = [Axis(self.rows.many, down, False)]
        if self.rows.width > 1:
            self.loops.append(Axis(self.rows.width, along, bool(self.reductions)))
        self.sums = [self.near.get(n, n) for n in self.results]
        self.crossed, self.parts, self.kept = False, 1, len(self.loops) - 1
        self.work = size(self.space) * (len(self.steps) + len(arrays))

    def strides(self, space: tuple[int, ...], own: tuple[int, ...]) -> tuple[int, int]:
        """Strides from row to row and along one; they exist, or the loop would be in no chain."""
        down, along = reshaped(space, own, self.rows.shape) or (0, 0)
        return down, along if self.rows.width > 1 else 0

    def where(self, view: View) -> Address:
        held = self.near.get(view.base)
        return super().where(view) if held is None else Address(held)

    def kernel(self) -> StageKernel:
        how = self.kept, 0, self.loops[-1].reduced, self.totals(), self.guard_totals
        return StageKernel(Loops(self.formula(), *how), self.held)


def chain_tasks(groups: Groups, group: Group, wanted: Wanted) -> list[Task]:
    """The task of a chain."""
    many = many_of(group)
    rows = [Rows(stage, many) for stage in group.stages]
    work = sum(size(stage.space) * (len(stage.ops) + 1) for stage in group.stages)
    pieces = min(share_out(work), many)
    inside = between(groups, group)
    few = few_of(groups, group)
    near = held(groups, rows, inside - wanted.stored, pieces * few)
    kept = Wanted(wanted.stored | inside, wanted.guarded)
    stages = [Stage(groups, seen, kept, near) for seen in rows]
    arguments: list[Argument] = [pieces, many, few]
    arguments += [word for stage in stages for word in stage.arguments(pieces)]
    touched = dict.fromkeys(a.base for a in arguments if isinstance(a, Address) and a.base >= 0)
    written = {groups.home(n).base for n in group.makes()} | set(near.values())
    reads = tuple(n for n in touched if n not in written)
    writes = tuple(n for n in touched if n in written)
    flops = sum(size(stage.space) * len(stage.steps) for stage in stages)
    kernel = Chain(tuple(stage.kernel() for stage in stages))
    return [Task(kernel, arguments, pieces, reads, writes, "rows", flops=flops)]


def between(groups: Groups, group: Group) -> set[int]:
    """The values that one loop of a chain makes and another reads."""
    makers = {n: k for k, stage in enumerate(group.stages) for n in stage.makes()}
    reads = (
        (k, groups.view(n).base)
        for k, stage in enumerate(group.stages)
        for op in stage.ops
        for n in op.inputs
    )
    return {base for k, base in reads if makers.get(base, k) != k}


def few_of(groups: Groups, group: Group) -> int:
    """How many rows are gone through at a time: as many as a core's nearest cache holds of all arrays."""
    specs, bases = groups.flow.specs, {view.base for view in read(groups, group)}
    row = sum(specs[n].size * specs[n].dtype.itemsize for n in bases) // many_of(group)
    return max(1, min(MOST_FEW, NEAR // max(1, row)))


def many_of(group: Group) -> int:
    """The rows of a chain."""
    return next(m for g in group.stages if (m := many_rows(g)) is not None)


def held(groups: Groups, rows: list[Rows], values: set[int], lines: int) -> dict[int, int]:
    """For each of these values what holds a few rows of each piece."""
    found = dict[int, int]()
    for seen in rows:
        for n in seen.group.makes():
            if n in values and groups.home(n).base == n:
                spec = groups.flow.specs[n]
                found[n] = groups.flow.new(Spec((lines, max(1, spec.size // seen.many)), spec.dtype))
    return found
