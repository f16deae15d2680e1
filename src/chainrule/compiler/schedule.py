"""What a plan runs, in order: tasks of kernels, gates for NumPy, and looks at status bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .arrange import GUARD, Arrangement, is_plain, status_of
from .chain_tasks import chain_tasks
from .convolutions import convolution_tasks
from .doubt import in_doubt, is_only_guarded
from .flow import Op
from .groups import LOOP, PRODUCT, Group, Groups
from .products import Packs, product_tasks
from .sums import PRODUCTS
from .tasks import Task, Wanted, loop_tasks
from .turning import turned_copy


@dataclass
class Python:
    """A gate that NumPy runs between two native segments."""

    op: Op


@dataclass(frozen=True)
class Check:
    """The walk ends here if this status byte is set."""

    status: int


Step = Task | Python | Check


@dataclass
class Schedule:
    """The steps of a plan with their groups; the first `ahead` of them run only when somebody changed the state
    that they read.
    """

    steps: list[tuple[Step, int]]
    ahead: int

    def kept(self) -> set[int]:
        """The values that stay from step to step."""
        return {n for step, _ in self.steps[: self.ahead] if isinstance(step, Task) for n in step.writes}


def schedule(made: Arrangement, extra: frozenset[int]) -> Schedule:
    """The steps of an arrangement that keeps `extra` values beside what it needs itself."""
    needed = awake(made, extra)
    wanted = Wanted(frozenset(stored(made, needed) | extra), frozenset(made.guarded))
    steps = list(in_order(made, wanted, needed))
    ahead = [step for step in steps if lasts(made, step[0])]
    return Schedule([*ahead, *(step for step in steps if not lasts(made, step[0]))], len(ahead))


def awake(made: Arrangement, extra: frozenset[int]) -> set[int]:
    """The groups that run: of those that stand aside the ones that make a value of `extra`, and what they read."""
    groups, wanted, running = made.groups, set(extra), set[int]()
    for number in reversed(made.order):
        group = groups.groups[number]
        if not group.aside or not wanted.isdisjoint(group.makes()):
            running.add(number)
        if group.aside and number in running:
            wanted |= {groups.view(n).base for op in group.ops for n in op.inputs}
    return running


def stored(made: Arrangement, running: set[int]) -> set[int]:
    """What other groups read, what is returned, what is committed."""
    groups = made.groups
    read = set()
    for number in running:
        for op in groups.groups[number].ops:
            bases = (groups.view(n).base for n in op.inputs)
            read |= {b for b in bases if groups.maker.get(b) != number}
    return read | set(made.outputs.values()) | set(made.targets)


def lasts(made: Arrangement, step: Step) -> bool:
    """Whether a task's result stays right from step to step: panels of state that this plan does not change."""
    if not isinstance(step, Task) or step.name != "pack" or step.reads[0] not in made.program.cells:
        return False
    cell = made.program.cells[step.reads[0]]
    return all(cell is not target for target in made.targets.values())


def in_order(made: Arrangement, wanted: Wanted, running: set[int]) -> Iterator[tuple[Step, int]]:
    """The steps of the groups that run, each with its group; the guard stands before whatever changes state."""
    packs = Packs(made.groups)
    for place, number in enumerate(made.order):
        if place == made.commit and made.guarded:
            yield Check(GUARD), -1
        if number not in running:
            continue
        group = made.groups.groups[number]
        if is_plain(made, number):
            yield Python(group.ops[0]), number
            continue
        for task in tasks_of(made, number, wanted, packs):
            yield task, number
            if task.guard is not None:
                yield Check(status_of(number)), number


def tasks_of(made: Arrangement, number: int, wanted: Wanted, packs: Packs) -> list[Task]:
    """The tasks of one group."""
    group: Group = made.groups.groups[number]
    if group.stages:
        return chain_tasks(made.groups, group, wanted)
    if group.kind == LOOP:
        return turned_copy(made.groups, group, wanted) or loop_tasks(made.groups, group, wanted)
    if group.kind == PRODUCT:
        lowering = product_tasks if isinstance(group.ops[0].gate, PRODUCTS) else convolution_tasks
        tasks = lowering(packs, group, wanted)
        return in_doubt(made.groups, group, tasks) if is_only_guarded(group, wanted) else tasks
    return made.single[number] or []


def touched(groups: Groups, step: Step) -> tuple[int, ...]:
    """The values whose memory a step reads or writes."""
    if isinstance(step, Task):
        return (*step.reads, *step.writes)
    if isinstance(step, Python):
        return (*(groups.view(n).base for n in step.op.inputs), *step.op.outputs)
    return ()
