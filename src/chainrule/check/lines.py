"""What checks say of one line of a program: its path, its gate, its place in the user's code, its kernel."""

from __future__ import annotations

import contextlib
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..compiler import Compiled, Plan, SavedStep
from ..errors import DifferenceError, UsageError
from ..graph import Line, Program

Step: TypeAlias = Compiled | SavedStep
"""What can be replayed: a compiled step with a batch, or a saved one, which has its own."""


class Place(NamedTuple):
    """One line, for people."""

    path: str
    gate: str
    layer: str
    line: str
    phase: str
    kernel: str

    def __str__(self) -> str:
        where = f" at {self.line}" if self.line else ""
        return f"{self.path} ({self.gate}, {self.phase}, kernel {self.kernel}){where}"


def replayed(step: Step, *batch: Any) -> tuple[Plan, dict[int, np.ndarray]]:
    """The plan of a step and every value of one run, by number; no state is changed.

    Raises what the step raises for wrong input, and DifferenceError if its kernel refuses what the gate takes.
    """
    if not hasattr(step, "replay"):
        came = f"{getattr(step, '__name__', type(step).__name__)}, which is not compiled"
        raise UsageError("check", came, "a compiled step, or a saved one", "chainrule.compile(step)")
    if batch and isinstance(step, SavedStep):
        came, hint = f"a batch of {len(batch)} beside a saved step", "the saved step alone"
        raise UsageError("check", came, "a saved step, which has its batch", hint)
    plan, replay = step.replay(*batch)
    # a check of the input ended the walk in its middle; status 0 is the guard's, behind all gradients
    if replay.stopped:
        with contextlib.suppress(DifferenceError):
            step(*batch)
        raise refused(plan, replay.stopped)
    return plan, replay.values


def refused(plan: Plan, status: int) -> DifferenceError:
    """The error of a kernel that refuses what its gate takes."""
    line = plan.groups.groups[status - 1].ops[0].line
    place = place_of(plan, line, plan.program.names())
    came, hint = f"input refused by {place}", "take the decorator away, and report this line"
    error = DifferenceError("check.compiled", came, "what the gate takes, as the gate computes", hint)
    error.at(place.layer, place.line)
    return error


def place_of(plan: Plan, number: int, names: dict[int, str]) -> Place:
    """The place of line `number` of the plan's program."""
    return placed(plan.program, number, names, kernel_of(plan, number))


def placed(program: Program, number: int, names: dict[int, str], kernel: str) -> Place:
    """The place of a line that a kernel computes."""
    line: Line = program.lines[number]
    origin = line.place
    return Place(names[line.outputs[0]], line.gate.label, origin.layer, str(origin), line.phase, kernel)


def kernel_of(plan: Plan, number: int) -> str:
    """The kernels that compute a line: "view" where nothing is moved, "numpy" where none is there."""
    mine = plan.makers[number]
    names = [row.task.name for row in plan.rows if row.group in mine]
    if not mine:
        return "view"
    return " + ".join(dict.fromkeys(names)) or "numpy"
