"""One training, step by step: its program, its state by path, and every value of a step that is only looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..check.lines import kernel_of
from ..compiler import Plan
from ..errors import DivergedError
from ..graph import Program, Value, evaluate
from ..train import Job, StepEnd

End = StepEnd | DivergedError
"""How a step ended."""


class Moment(NamedTuple):
    """A step that is about to be taken.  epoch, step: count from 1"""

    epoch: int
    step: int
    images: np.ndarray
    labels: np.ndarray

    @property
    def batch(self) -> tuple[np.ndarray, np.ndarray]:
        return self.images, self.labels


class Values(NamedTuple):
    """Every value of one step, by number, and the plan that made them; None where no plan did."""

    arrays: Mapping[int, np.ndarray]
    plan: Plan | None

    def kernel(self, line: int) -> str:
        """What computed a line."""
        return "numpy" if self.plan is None else kernel_of(self.plan, line)


class Walk:
    """A training that is taken step by step."""

    def __init__(self, job: Job) -> None:
        self.job, self.trainer = job, job.trainer
        self._program: Program | None = None
        self.names: dict[int, str] = {}

    def moments(self) -> Iterator[Moment]:
        """Every step with its batch, before it is taken."""
        for epoch in range(1, self.job.config.epochs + 1):
            self.trainer.begin_epoch()
            for step, (images, labels) in enumerate(self.job.batches, 1):
                yield Moment(epoch, step, images, labels)

    def program(self, moment: Moment) -> Program:
        """The step as a list of lines; its names are remembered."""
        program = self.trainer.run_step.compiled.program(*moment.batch)
        if program is not self._program:
            self._program, self.names = program, program.names()
        return program

    def written(self, program: Program, line: int) -> str:
        """A line as the printed program has it; "none" behind the last."""
        return (
            "  ".join(program.row(program.lines[line], self.names)) if line < len(program.lines) else "none"
        )

    def cells(self, moment: Moment) -> dict[str, Value]:
        """The living state that the step reads or changes, by path, in the order of the program."""
        program = self.program(moment)
        return {self.names[number]: cell for number, cell in program.cells.items()}

    def take(self, moment: Moment) -> End:
        """Learn from the batch; a loss that ran away is an answer too."""
        try:
            return self.trainer.take(*moment)
        except DivergedError as error:
            return error

    def values(self, moment: Moment) -> Values:
        """The step looked at, without a change of state."""
        program = self.program(moment)
        if self.trainer.run_step.plain:
            return Values(evaluate(program, *moment.batch), None)
        plan, replay = self.trainer.run_step.compiled.replay(*moment.batch)
        return Values(replay.values, plan)


def copied(cells: Mapping[str, Value]) -> dict[str, np.ndarray]:
    """The numbers of state as they are now."""
    return {path: np.array(cell.data) for path, cell in cells.items()}


def put_back(cells: Mapping[str, Value], saved: Mapping[str, Any]) -> None:
    """State as it was."""
    for path, cell in cells.items():
        cell.data = saved[path]
