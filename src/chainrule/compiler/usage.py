"""The arena over a step: which value lies there from when to when, and how full it is."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from .plan import Plan
from .room import bytes_of
from .schedule import Python
from .table import paths
from .tasks import Task

ROWS, BAR, LARGEST = 24, 32, 8
"""Lines of the printed chart, columns of its bars, and values named where the arena is fullest."""


class Held(NamedTuple):
    """A value in the arena.

    path:  of the value of the program that lies there;  bytes: how many;  offset: where, in bytes
    first, last:  the numbers of the first and the last kernel that touch it
    """

    path: str
    bytes: int
    offset: int
    first: int
    last: int


class Usage(NamedTuple):
    """The memory of a plan; prints itself.

    arena:  bytes of what comes and goes;  kept: bytes of panels that stay from step to step
    kernels:  for each kernel the first value that it computes
    """

    name: str
    arena: int
    kept: int
    kernels: list[str]
    held: list[Held]

    def alive(self) -> list[int]:
        """The bytes of values that somebody still reads, at each kernel."""
        change = [0] * (len(self.kernels) + 1)
        for value in self.held:
            change[value.first] += value.bytes
            change[min(value.last + 1, len(self.kernels))] -= value.bytes
        return list(accumulate(change))[:-1]

    @property
    def fullest(self) -> int:
        """The kernel at which most bytes are alive."""
        alive = self.alive()
        return max(range(len(alive)), key=alive.__getitem__, default=0)

    def at(self, kernel: int) -> list[Held]:
        """What is alive at a kernel, the largest first."""
        there = [value for value in self.held if value.first <= kernel <= value.last]
        return sorted(there, key=lambda value: -value.bytes)

    def __str__(self) -> str:
        total = sum(value.bytes for value in self.held)
        kept = f"; panels that stay {megabytes(self.kept)}" if self.kept else ""
        head = f"{self.name}: {megabytes(total)} of values take turns in an arena of {megabytes(self.arena)}{kept}"
        return "\n".join([head, *self.chart(), *self.summit()])

    def chart(self) -> list[str]:
        """The bytes alive, a line for a stretch of kernels."""
        alive = self.alive()
        if not alive:
            return []
        each = -(-len(alive) // ROWS)
        rows = ["", f"{'kernels':<12}{'alive':>10}  {'':<{BAR}}  begins with"]
        for start in range(0, len(alive), each):
            most = max(alive[start : start + each])
            bar = "█" * round(BAR * most / max(self.arena, 1))
            stretch = f"{start}–{min(start + each, len(alive)) - 1}"
            rows.append(f"{stretch:<12}{megabytes(most):>10}  {bar:<{BAR}}  {self.kernels[start]}")
        return rows

    def summit(self) -> list[str]:
        """What lies there where the arena is fullest."""
        there = self.at(self.fullest)
        if not there:
            return []
        rows = [
            "",
            f"fullest at kernel {self.fullest} ({self.kernels[self.fullest]}): {len(there)} values, the largest",
        ]
        rows += [f"{megabytes(v.bytes):>12}  {v.path}, from {v.first} to {v.last}" for v in there[:LARGEST]]
        return rows


def megabytes(count: int) -> str:
    """
    >>> megabytes(8_388_608), megabytes(1_234)
    ('8.39 MB', '0.00 MB')
    """
    return f"{count / 1e6:,.2f} MB"


def usage(plan: Plan) -> Usage:
    """The memory of a plan."""
    names, kernels = tenants(plan), computed(plan)
    specs = plan.groups.flow.specs
    held = [
        Held(
            names.get(v.number, "a part of " + kernels[v.first]),
            v.bytes,
            plan.room.offsets[v.number],
            v.first,
            v.last,
        )
        for v in plan.room.lives
    ]
    kept = sum(bytes_of(specs[n]) for n in plan.room.kept)
    return Usage(plan.program.name, plan.peak - kept, kept, kernels, held)


def tenants(plan: Plan) -> dict[int, str]:
    """For memory the path of a value of the program that lies there: its own, else the first."""
    names, groups = plan.program.names(), plan.groups
    found = {n: path for n, path in names.items() if n not in plan.program.constants}
    for n, path in sorted(names.items()):
        memory = groups.memory(n)
        wider = groups.flow.specs[memory].size > plan.program.specs[n].size
        found.setdefault(memory, f"{path} with a border" if wider else path)
    for row in plan.rows:
        if row.task.name == "pack":
            source = found.get(row.task.reads[0], "a value")
            found.setdefault(row.task.writes[0], f"panels of {source}")
    return found


def computed(plan: Plan) -> list[str]:
    """For each step of the schedule the first value that it computes."""
    names, rows = plan.program.names(), iter(plan.rows)
    found = list[str]()
    for step, _ in plan.schedule.steps:
        if isinstance(step, Task):
            found.append(paths(plan, next(rows), names)[0])
        else:
            found.append(names.get(step.op.outputs[0], "numpy") if isinstance(step, Python) else "guard")
    return found
