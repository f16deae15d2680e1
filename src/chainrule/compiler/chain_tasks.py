"""Chains of loops to tasks: where rows lie, which of them a few hold the place of all, what is fetched ahead."""

from __future__ import annotations

from ..graph import Spec
from ..kernels.chain import Chain
from ..kernels.chain import Stage as StageKernel
from ..kernels.loops import Loops
from .chains import Rows, read, rows_of_chain
from .groups import Group, Groups, size
from .tasks import Address, Argument, Loop, Task, Wanted, share_out, together
from .views import Axis, View, reshaped

NEAR, MOST_FEW = 1 << 15, 16
"""Bytes of what is read that rows which are gone through at a time may have, and the most rows."""


class Stage(Loop):
    """One loop of a chain.

    rows:    how it goes over the rows
    near:    for values of the chain that nobody else reads, what holds a few rows of each piece in their place
    pieces:  which have totals over rows of their own
    seen:    the arrays that loops before have gone through
    """

    def __init__(
        self, groups: Groups, rows: Rows, wanted: Wanted, near: dict[int, int], pieces: int, seen: set[int]
    ) -> None:
        self.rows, self.near, self.pieces, self.seen = rows, near, pieces, seen
        super().__init__(groups, rows.group, wanted)

    def _arrange(self, axes: tuple[int, ...]) -> None:
        """Rows outside, a row as the vector; rows of one number are the vector themselves."""
        rows, across, specs = self.rows, self.rows.across, self.specs
        written = [self.groups.home(n) for n in self.stored]
        arrays = [(view.base, *self.strides(self.space, own)) for view, own in self.reads]
        arrays += [(home.base, *self.strides(home.shape, home.strides)) for home in written]
        arrays += [(n, 0, 1) if across else (n, 1, 0) for n in self.results]
        self.held = tuple(k for k, (base, *_) in enumerate(arrays) if base in self.near)
        self.ahead = tuple(k for k, array in enumerate(arrays) if self.is_first(*array))
        down = tuple(specs[self.near[n]].shape[1] if n in self.near else step for n, step, _ in arrays)
        along = tuple(step for *_, step in arrays)
        self.loops = [Axis(rows.many, down, across)]
        if rows.width > 1:
            self.loops.append(Axis(rows.width, along, bool(self.reductions) and not across))
        self.kept = 0 if across else len(self.loops) - 1
        self.crossed, self.parts = False, self.pieces if across else 1
        self.sums = [self.sum_of(n) for n in self.results]
        if across:
            self.guard_totals = ()

    def strides(self, space: tuple[int, ...], own: tuple[int, ...]) -> tuple[int, int]:
        """Strides from row to row and along one; they exist, or the loop would be in no chain."""
        down, along = reshaped(space, own, self.rows.shape) or (0, 0)
        return down, along if self.rows.width > 1 else 0

    def is_first(self, base: int, down: int, along: int) -> bool:
        """Whether an array of long rows is gone through here before all other loops: its next rows are fetched here."""
        if base in self.near or base in self.seen or not (down and along == 1):
            return False
        self.seen.add(base)
        return True

    def sum_of(self, number: int) -> int:
        """Where a total goes: of a few rows, of all, or of those of each piece."""
        if not self.rows.across:
            return self.near.get(number, number)
        return self.groups.flow.new(Spec((self.pieces, self.rows.width), self.specs[number].dtype))

    def where(self, view: View) -> Address:
        held = self.near.get(view.base)
        return super().where(view) if held is None else Address(held)

    def goes_past(self, number: int) -> bool:
        """Rows of one number share cache lines, and so do pieces."""
        return self.rows.width > 1 and super().goes_past(number)

    def kernel(self) -> StageKernel:
        how = self.kept, int(self.rows.across), self.loops[-1].reduced, self.totals(), self.guard_totals
        return StageKernel(Loops(self.formula(), *how), self.held, self.ahead)

    def together(self) -> list[Task]:
        """What puts the totals of all pieces together."""
        if not self.rows.across:
            return []
        return [together(self.groups, self.space, self.reductions, self.sums, self.wanted.guarded)]


def chain_tasks(groups: Groups, group: Group, wanted: Wanted) -> list[Task]:
    """The task of a chain, and what puts totals over its rows together."""
    rows, inside = rows_of_chain(group), between(groups, group)
    many = rows[0].many
    pieces = min(share_out(sum(size(stage.space) * (len(stage.ops) + 1) for stage in group.stages)), many)
    few = few_of(groups, group, many)
    near = held(groups, rows, inside - wanted.stored, pieces * few)
    kept, seen = Wanted(wanted.stored | inside, wanted.guarded), set[int]()
    stages = [Stage(groups, loop, kept, near, pieces, seen) for loop in rows]
    arguments: list[Argument] = [pieces, many, few]
    arguments += [word for stage in stages for word in stage.arguments(pieces)]
    written = {groups.home(n).base for n in group.makes()} | {*near.values()}
    written |= {n for stage in stages for n in stage.sums}
    touched = dict.fromkeys(a.base for a in arguments if isinstance(a, Address) and a.base >= 0)
    reads, writes = (tuple(n for n in touched if (n in written) is made) for made in (False, True))
    flops = sum(size(stage.space) * len(stage.steps) for stage in stages)
    kernel = Chain(tuple(stage.kernel() for stage in stages))
    task = Task(kernel, arguments, pieces, reads, writes, "rows", flops=flops)
    return [task, *(end for stage in stages for end in stage.together())]


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


def few_of(groups: Groups, group: Group, many: int) -> int:
    """How many rows are gone through at a time: as many as a core's nearest cache holds."""
    specs, bases = groups.flow.specs, {view.base for view in read(groups, group)}
    row = sum(specs[n].size * specs[n].dtype.itemsize for n in bases) // many
    return max(1, min(MOST_FEW, NEAR // max(1, row)))


def held(groups: Groups, rows: list[Rows], values: set[int], lines: int) -> dict[int, int]:
    """For each of these values what holds a few rows of each piece."""
    found = dict[int, int]()
    for loop in rows:
        for n in loop.group.makes():
            if n in values and groups.home(n).base == n:
                spec = groups.flow.specs[n]
                found[n] = groups.flow.new(Spec((lines, max(1, spec.size // loop.many)), spec.dtype))
    return found
