"""The order of the groups, and where results go: outputs, state that changes in place, the guard before it."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..errors import CompileError
from ..graph import Program, Value
from .chains import chain_up
from .flow import Op, flow_of, returned_numbers
from .fuse import copy, enter_aside, fuse
from .groups import LOOP, SINGLE, Group, Groups, aligned, ones
from .homes import settle
from .layout import in_order
from .recompute import masks_again, recompute
from .remake import remake
from .single import single_tasks
from .sums import regroup
from .tasks import Task
from .tiles import FilterGradient, TilesGradient
from .update import update_in_products

GUARD = 0
"""The status byte that says whether something guarded is not finite."""
LARGE = 1 << 23
"""Bytes of a result from which on it goes past the caches: it would push out what is read sooner, and memory need not
be read before it is written.
"""
GUARDING = (FilterGradient, TilesGradient)
"""Gates with kernels of their own that see for themselves whether what they make is finite."""


@dataclass
class Arrangement:
    """Groups in their order.

    order:    the groups, as they run;  commit: how many of them run before state may change
    outputs:  values whose memory is handed out, by the program's number
    targets:  values whose memory is that of a cell
    guarded:  values that have to be finite before anything is committed
    single:   the tasks of groups with kernels of their own; None where NumPy runs
    """

    program: Program
    groups: Groups
    order: list[int] = field(default_factory=list)
    commit: int = 0
    outputs: dict[int, int] = field(default_factory=dict)
    targets: dict[int, Value] = field(default_factory=dict)
    guarded: set[int] = field(default_factory=set)
    single: dict[int, list[Task] | None] = field(default_factory=dict)

    def places(self, numbers: Iterable[int]) -> frozenset[int]:
        """The values that groups make in whose memory some values are."""
        groups = self.groups
        bases = {base for n in numbers for base in (groups.view(n).base, groups.memory(n))}
        return frozenset(b for b in bases if b in groups.maker)


def arrange(program: Program, *, keep_gradients: bool = False) -> Arrangement:
    """Everything about a plan but its memory.

    What is made twice rather than kept: large values that the way back reads (`remake`, before there are groups), cheap
    ones that loops read (`recompute`), masks (`masks_again`, once homes are known), gradients (`update_in_products`).
    """
    gradients = [n for _, n in program.gradients if n is not None]
    returned = returned_numbers(program.output) + (gradients if keep_gradients else [])
    flow = flow_of(program, [*returned, *(n for _, n in program.updates)])
    in_order(flow)
    remake(flow, [*returned, *(n for _, n in program.updates)])
    regroup(flow, [*returned, *gradients, *(n for _, n in program.updates)])
    groups = fuse(flow)
    made = Arrangement(program, groups)
    guard(made, [*gradients, *(n for n in returned if program.specs[n].shape == ())])
    for n in returned:
        hand_out(made, n)
    for cell, n in program.updates:
        commit(made, cell, n)
    fixed = {*made.outputs.values(), *made.targets}
    recompute(groups, fixed | made.guarded)
    put_aside(made)
    settle(groups, fixed)
    masks_again(groups, fixed | made.guarded)
    groups.past = read_by_nobody(made)
    for number, group in enumerate(groups.groups):
        if group.kind == SINGLE:
            guarded = not made.guarded.isdisjoint(group.ops[0].outputs)
            made.single[number] = single_tasks(groups, group.ops[0], GUARD if guarded else status_of(number))
    spare_plain(made)
    update_in_products(groups, set(made.targets), fixed, made.guarded)
    chain_up(groups, set(made.targets))
    sort(made)
    return made


def read_by_nobody(made: Arrangement) -> set[int]:
    """The large values that are handed out, and that no group reads but the one that makes them."""
    specs, reading, maker = made.groups.flow.specs, made.groups.reading, made.groups.maker
    handed = (n for n in made.outputs.values() if n not in made.targets)
    alone = {n for n in handed if reading.get(n, set()) <= {maker.get(n)}}
    return {n for n in alone if specs[n].size * specs[n].dtype.itemsize >= LARGE}


def put_aside(made: Arrangement) -> None:
    """Groups for those who want to see what is not made any more; they read state before it changes."""
    groups = made.groups
    first = len(groups.groups)
    enter_aside(groups)
    for cell in made.targets.values():
        for reader in (k for k in readers(made, cell) if k >= first):
            for writer in (groups.maker[value] for value, known in made.targets.items() if known is cell):
                groups.order(writer, reader)


def status_of(group: int) -> int:
    """The status byte of a group's own check, behind the guard's."""
    return group + 1


def guard(made: Arrangement, numbers: Iterable[int]) -> None:
    """The loss and the gradients of a step that changes state have to be finite."""
    groups = made.groups
    if not made.program.updates:
        return
    for n in numbers:
        real = groups.flow.real(n)
        if groups.flow.specs[real].floating:
            base = groups.view(real).base
            group = groups.groups[groups.maker[base]] if base in groups.maker else None
            if group is not None and group.kind == SINGLE and not isinstance(group.ops[0].gate, GUARDING):
                base = copy(groups, real, group.ops[0], alone=True)
            if group is not None:
                made.guarded.add(base)


def hand_out(made: Arrangement, n: int) -> None:
    """The memory that a returned value is in: its own if it has some, else a copy's."""
    groups = made.groups
    if n in made.outputs:
        return
    real = groups.flow.real(n)
    view = groups.view(real)
    whole = view.whole and view.offset == 0 and view.size == groups.flow.specs[view.base].size
    if view.base in groups.maker and whole:
        made.outputs[n] = view.base
        return
    made.outputs[n] = copy(groups, real, nowhere(real), alone=True)


def nowhere(number: int) -> Op:
    """An op to name as the reason of a copy at the end."""
    return Op(None, (number,), (), -1, 1 << 60)


def commit(made: Arrangement, cell: Value, n: int) -> None:
    """Let a value's memory be the cell's, or copy it there at the end."""
    groups = made.groups
    real = groups.flow.real(n)
    base = groups.view(real).base
    if base in numbers_of(made, cell) and base == real:
        return  # assigned to itself
    if not in_place(made, cell, real):
        if base not in groups.maker:  # another cell, or an input: its numbers of now
            real = copy(groups, real, nowhere(real), alone=True)
        real = copy(groups, real, nowhere(real), alone=True)
    writer = groups.maker[groups.view(real).base]
    for reader in readers(made, cell):
        if reader != writer and not groups.waits(writer, reader):
            groups.order(writer, reader)
    made.targets[real] = cell


def numbers_of(made: Arrangement, cell: Value) -> set[int]:
    """The numbers under which the program reads a cell."""
    return {number for number, known in made.program.cells.items() if known is cell}


def readers(made: Arrangement, cell: Value) -> list[int]:
    """The groups that read a cell's memory."""
    reading = made.groups.reading
    return sorted({group for number in numbers_of(made, cell) for group in reading.get(number, ())})


def in_place(made: Arrangement, cell: Value, real: int) -> bool:
    """Whether a fused loop may write its value straight over the cell: the loop itself reads the cell only at
    the element that it writes, and every other reader can come before.
    """
    groups = made.groups
    if real in made.outputs.values() or real in made.targets or real not in groups.maker:
        return False
    writer = groups.maker[real]
    group = groups.groups[writer]
    if group.kind != LOOP or real not in group.elementwise() or groups.flow.specs[real].shape != cell.shape:
        return False
    numbers = numbers_of(made, cell)
    own = [groups.view(n) for op in group.ops for n in op.inputs]
    if any(view.base in numbers and not aligned(groups, view, group.space) for view in own):
        return False
    return not any(groups.waits(reader, writer) for reader in readers(made, cell) if reader != writer)


def spare_plain(made: Arrangement) -> None:
    """NumPy and kernels that check their input may fail, and the guard may hold the step back, so none of them
    comes after state has changed: what they wait for, and what guarded groups make, is committed by copies.
    """
    groups = made.groups
    early = {k for k in range(len(groups.groups)) if is_plain(made, k)}
    early |= {groups.maker[value] for value in made.guarded}
    early |= {k for k, tasks in made.single.items() if any(task.guard is not None for task in tasks or ())}
    for value, cell in list(made.targets.items()):
        writer = groups.maker[value]
        if writer in early or any(groups.waits(k, writer) for k in early):
            del made.targets[value]
            moved = copy(groups, value, nowhere(value), alone=True)
            for reader in readers(made, cell):
                if reader != groups.maker[moved]:
                    groups.order(groups.maker[moved], reader)
            made.targets[moved] = cell


def is_plain(made: Arrangement, number: int) -> bool:
    """Whether NumPy runs a group."""
    group = made.groups.groups[number]
    return group.kind == SINGLE and made.single.get(number) is None and bool(group.ops)


def sort(made: Arrangement) -> None:
    """All that can run before state changes, then the rest; otherwise as early as the program has it.

    Raises CompileError if groups wait for each other in a circle, which is a fault of the compiler.
    """
    groups = made.groups
    late = groups.behind({groups.maker[value] for value in made.targets})
    alive = [k for k, group in enumerate(groups.groups) if group.ops]
    there = sum(1 << k for k in alive)
    waiting = {k: set(ones(groups.depends[k] & there)) for k in alive}
    after: dict[int, list[int]] = {k: [] for k in alive}
    for k, earlier in waiting.items():
        for e in earlier:
            after[e].append(k)
    rank = {k: first_rank(groups.groups[k]) for k in alive}
    for k in (k for k in alive if groups.flow.is_again(groups.groups[k].ops[0].line)):
        # a second run that state waits for: what waits goes first, and not all of the second run with it
        rank[k] = min([rank[k], *(rank[later] for later in after[k])])
    ready = [(k in late, rank[k], k) for k in alive if not waiting[k]]
    heapq.heapify(ready)
    while ready:
        is_late, _, k = heapq.heappop(ready)
        made.order.append(k)
        made.commit += not is_late
        for later in after[k]:
            waiting[later].discard(k)
            if not waiting[later]:
                heapq.heappush(ready, (later in late, rank[later], later))
    if len(made.order) != len(alive):
        came = f"{len(alive) - len(made.order)} groups that wait for each other"
        raise CompileError(f"compile {made.program.name}", came, "an order", "report this program")


def first_rank(group: Group) -> int:
    """Where the first op of a group stands in the flow: of those that may run, what began first goes on, while what it
    reads is near.
    """
    return group.ops[0].rank
