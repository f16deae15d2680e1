"""What `chainrule search` says on the console while trials end, and how to go on when they are broken off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..data import Dataset
from ..errors import ChainruleError, ResourceError, UsageError
from ..estimators import Trial
from ..estimators.search import best_of
from ..estimators.search_report import LABELS, told, word
from ..estimators.trials import TRIALS
from .plan import KEPT, Plan, discard
from .runs import sizes


@dataclass
class Looking:
    """What is said on the console while trials end, and how to go on when they are broken off.

    fresh:  whether the search has just begun: a folder without a trial is taken away, where going on would not help
    """

    console: Console
    quiet: bool
    place: Path
    total: int
    fresh: bool = False
    done: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.progress = Progress(
            TextColumn("trial"),
            MofNCompleteColumn(),
            BarColumn(bar_width=28),
            TextColumn("{task.fields[best]}"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
        )

    @property
    def watched(self) -> bool:
        return self.console.is_terminal and not self.quiet

    def begin(self, plan: Plan, pictures: Dataset) -> None:
        """What is going to be done."""
        if self.watched:
            counts = f"{len(pictures):,} pictures of {sizes(pictures.shape)} in {plan.folds} folds"
            name, model = (pictures.name, "bold"), (plan.model, "bold")
            self.console.print(Text.assemble(model, f", {self.total} trials; ", name, f", {counts}"))
            self.task = self.progress.add_task("search", total=self.total, best="")
            self.progress.start()

    def add(self, trial: Trial) -> None:
        """One more trial has ended: a lasting line, and the moving one."""
        self.done.append(trial)
        if self.watched:
            best = best_of(self.done)
            params = "  ".join(
                f"{LABELS.get(name, name)} {told(value)}" for name, value in trial.params.items()
            )
            line = f"trial {trial.number + 1:>3}  round {trial.round}  {word(trial):>15}  {params}"
            self.console.print(Text(line, "bold" if trial is best and not trial.failed else ""))
            self.progress.update(self.task, completed=len(self.done), best=f"best {word(best)}")

    @contextmanager
    def following(self) -> Iterator[None]:
        """Inside, whatever breaks the search off says how many trials are finished and how to go on."""
        try:
            yield
        except BaseException as stop:
            kept = self.place / KEPT / TRIALS
            count = kept.read_bytes().count(b"\n") if kept.exists() else 0
            if self.fresh and count == 0 and isinstance(stop, ChainruleError):
                discard(self.place)
                stop.add_note(f"No trial was finished: {self.place} was taken away.")
                raise
            if not isinstance(stop, UsageError):
                stop.add_note(f"{count} of {self.total} trials are finished, in {self.place}")
            if not isinstance(stop, ChainruleError) or isinstance(stop, ResourceError):
                stop.add_note(f"chainrule search --resume {self.place}    goes on")
            raise
        finally:
            if self.watched:
                self.progress.stop()
