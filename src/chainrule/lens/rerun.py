"""A recorded run, and the same training once more."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ..errors import DivergedError
from ..train import Config, Job, RunFolder, Start, StepEnd
from .walk import End


@dataclass(frozen=True)
class Stray:
    """The first step at which a run is not here what it recorded.

    what:  "loss", "accuracy" or "lr";  recorded, replayed: its numbers, None where the loss ran away
    """

    epoch: int
    step: int
    what: str
    recorded: float
    replayed: float | None


@dataclass
class Rerun:
    """A run folder with what was asked and recorded, and the job that does it again.

    job:  None where only the records are looked at;  doubt: why it may not become the same, "" for no reason
    """

    run: RunFolder
    config: Config
    start: Start | None
    rows: list[StepEnd]
    job: Job | None = None
    doubt: str = ""
    stray: Stray | None = field(default=None, init=False)

    @classmethod
    def of(cls, run: RunFolder, job: Job | None = None, doubt: str = "") -> Rerun:
        """Read the folder.  Raises FileError if it is damaged."""
        return cls(run, run.config(), run.start(), run.steps(), job, doubt)

    def facts(self) -> dict[str, Any]:
        """What its bits depend on beside the code: settings and how it began, by name."""
        told: dict[str, Any] = asdict(self.config)
        if self.start is not None:
            how = {"steps run": "gate by gate" if self.start.plain else "compiled"}
            told |= {"started from": self.start.run or "the seed", **how, **self.start.versions}
        return told

    def hold(self, number: int, end: End) -> None:
        """Compare a step that was taken again with its record; the first that differs is remembered."""
        if self.stray is not None or number >= len(self.rows):
            return
        row = self.rows[number]
        if isinstance(end, DivergedError):
            self.stray = Stray(row.epoch, row.step, "loss", row.loss, None)
        elif what := unlike(row, end):
            self.stray = Stray(row.epoch, row.step, what, getattr(row, what), getattr(end, what))


def unlike(one: StepEnd, other: StepEnd) -> str:
    """The first of loss, accuracy, lr and the step's place in which two steps differ; "" for none.

    >>> unlike(StepEnd(1, 1, 0.5, 0.75, 0.1), StepEnd(1, 1, 0.5, 0.5, 0.1))
    'accuracy'
    """
    names = ("loss", "accuracy", "lr", "epoch", "step")
    return next((name for name in names if getattr(one, name) != getattr(other, name)), "")
