"""Training on the terminal: one moving line on stderr, one lasting line for each epoch."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .events import EpochEnd, FitBegin, FitEnd, StepEnd
from .trainer import Trainer


class TerminalProgress:
    """Follow a trainer on a console.  Without a terminal nothing moves and nothing is printed."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("{task.fields[how]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self.seen = False
        self.loss, self.accuracy = 0.0, 0.0

    def follow(self, trainer: Trainer) -> None:
        """Listen to the trainer, if there is a terminal."""
        if self.console.is_terminal:
            trainer.on(FitBegin, self.begin)
            trainer.on(StepEnd, self.step)
            trainer.on(EpochEnd, self.epoch)
            trainer.on(FitEnd, lambda event: self.stop())

    def begin(self, event: FitBegin) -> None:
        self.steps, self.epochs = event.steps, event.epochs
        epoch = min(event.epochs, 1 + event.done // event.steps)
        fields: dict[str, Any] = {"epoch": epoch, "epochs": event.epochs, "how": ""}
        total = event.epochs * event.steps
        self.task = self.bar.add_task("train", total=total, completed=event.done, **fields)
        self.bar.start()

    def step(self, event: StepEnd) -> None:
        fresh, self.seen = not self.seen, True
        # a running mean, so that the numbers can be read while they change
        self.loss = event.loss if fresh else 0.95 * self.loss + 0.05 * event.loss
        self.accuracy = event.accuracy if fresh else 0.95 * self.accuracy + 0.05 * event.accuracy
        done = (event.epoch - 1) * self.steps + event.step
        how = f"loss {self.loss:.3f}  accuracy {self.accuracy:.1%}"
        self.bar.update(self.task, completed=done, epoch=event.epoch, how=how)

    def epoch(self, event: EpochEnd) -> None:
        text = (
            f"epoch {event.epoch:>2}/{self.epochs}   loss {event.loss:.3f}   accuracy {event.accuracy:6.1%}"
        )
        if event.validation_accuracy is not None:
            text += f"   validation {event.validation_loss:.3f}   {event.validation_accuracy:6.1%}"
        self.console.print(f"{text}   {event.seconds:.1f} s", highlight=False)

    def stop(self) -> None:
        """Take the moving line away."""
        self.bar.stop()
