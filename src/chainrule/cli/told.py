"""What `chainrule train` says on the console while it trains, and what is left when it is broken off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.status import Status
from rich.text import Text

from .. import nn
from ..data import Dataset
from ..errors import DivergedError
from ..train import Config, FitBegin, FitEnd, RunFolder, Trainer
from ..train.checkpoint import checkpoints_in, place_of
from ..train.position import Position
from ..train.progress import TerminalProgress
from .runs import discard, sizes
from .signals import Patience


@dataclass
class Told:
    """The lines of a run, from its beginning to its end."""

    console: Console
    quiet: bool
    config: Config
    begun: bool = False

    def __post_init__(self) -> None:
        self.progress = TerminalProgress(self.console)
        self.testing = Status("testing, and drawing the report", console=self.console)
        self.patience = Patience(self.waiting)

    @property
    def watched(self) -> bool:
        return self.console.is_terminal and not self.quiet

    def begin(self, network: nn.Module, pictures: Dataset, test: Dataset, place: str = "") -> None:
        """What is going to be done.  place: where it goes on, in words"""
        if self.watched:
            parameters = sum(p.size for p in network.parameters())
            counts = f"{len(pictures):,} + {len(test):,} pictures of {sizes(pictures.shape)}"
            model, name = (self.config.model, "bold"), (pictures.name, "bold")
            self.console.print(Text.assemble(model, f", {parameters:,} parameters; ", name, f", {counts}"))
            if place:
                self.console.print(Text(f"going on {place} of {self.config.epochs}"))

    def waiting(self) -> None:
        """A signal came: the step is finished first."""
        if self.watched:
            self.console.print("finishing the step, and saving; once more stops at once", style="yellow")

    def listen(self, trainer: Trainer) -> None:
        """Follow the trainer; while it trains, a signal waits for the step to end."""
        trainer.on(FitBegin, lambda event: self.starts(trainer))
        trainer.on(FitEnd, lambda event: self.patience.end())
        if self.watched:
            self.progress.follow(trainer)
            trainer.on(FitEnd, lambda event: self.testing.start())

    def starts(self, trainer: Trainer) -> None:
        """The training begins: from here on a signal has something to wait for."""
        self.begun = True
        self.patience.begin(trainer.stop)

    @contextmanager
    def following(self, run: RunFolder) -> Iterator[None]:
        """Inside, whatever breaks the run off says what is left of it; a run without weights is taken away."""
        try:
            yield
        except BaseException as stop:
            for note in self.left(run, isinstance(stop, DivergedError)):
                stop.add_note(note)
            raise
        finally:
            self.patience.restore()
            if self.watched:
                self.progress.stop()
                self.testing.stop()

    def left(self, run: RunFolder, diverged: bool = False) -> list[str]:
        """What the folder holds, and what can be done with it; asked of the disk, as a signal may come at any time."""
        weights = (run.path / "weights.safetensors").exists()
        saved = checkpoints_in(run.checkpoints)
        if not weights and not saved:
            discard(run)
            return [f"No checkpoint was saved: {run.path} was taken away."]
        if not self.begun:  # it is as it was before
            return []
        notes = []
        if saved:
            epochs, steps = place_of(saved[-1].name) or (0, 0)
            place = Position(epochs + 1, steps).told
            notes.append(f"The last checkpoint, {place} of {self.config.epochs}, is in {run.path}")
            if not diverged:
                notes.append(f"chainrule train --resume {run.path}    goes on from there")
        notes.append(f"chainrule evaluate {run.path}    tests {the_weights(run)}")
        if diverged:
            notes.append(f"chainrule train {run.path}    starts a new run from them")
        return notes


def the_weights(run: RunFolder) -> str:
    """Whose weights are tested, in words."""
    whole = (run.path / "weights.safetensors").exists()
    return "the weights of the last whole epoch" if whole else "its weights"
