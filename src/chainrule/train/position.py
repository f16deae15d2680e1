"""Where a training stands between two steps: all that the loop itself has to remember."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from ..errors import DataError
from ..random import Generator
from .events import StepEnd
from .fingerprint import fingerprint
from .metrics import Mean
from .sources import BatchSource


@dataclass
class Position:
    """A place in a training: so many batches of an epoch are learned.  `Trainer.fit(start=...)` goes on from it.

    epoch:  the one that goes on, from 1;  step: how many of its batches are learned
    lr, losses, accuracies, seconds:  of the epoch so far: the last rate, the means, the time
    number:  of the pass through the batches, as they count it themselves: it decides their order
    steps, rng, data:  of the batches, where they say so: their number, the state of their generator, the fingerprint of
    their pictures; what is None is not compared

    >>> Position(epoch=4, step=17)
    Position(after step 17 of epoch 4)
    """

    epoch: int = 1
    step: int = 0
    lr: float = float("nan")
    losses: Mean = field(default_factory=Mean)
    accuracies: Mean = field(default_factory=Mean)
    seconds: float = 0.0
    number: int = 0
    steps: int | None = None
    rng: dict[str, int] | None = None
    data: str | None = None

    def __repr__(self) -> str:
        return f"Position({self.told})"

    @property
    def told(self) -> str:
        """In words."""
        if self.step:
            return f"after step {self.step:,} of epoch {self.epoch}"
        return f"after epoch {self.epoch - 1}" if self.epoch > 1 else "before the first step"

    def add(self, done: StepEnd, count: int, seconds: float) -> None:
        """One more batch, of `count` pictures; the epoch has taken so long by now."""
        self.step, self.lr, self.seconds = done.step, done.lr, seconds
        self.losses.add(done.loss, count)
        self.accuracies.add(done.accuracy, count)

    def turn(self) -> None:
        """The epoch is over."""
        self.epoch, self.step, self.seconds, self.number = self.epoch + 1, 0, 0.0, self.number + 1
        self.losses, self.accuracies = Mean(), Mean()

    def copy(self) -> Position:
        """The same place, from which the training may go on alone."""
        return replace(self, losses=self.losses.copy(), accuracies=self.accuracies.copy())

    def know(self, batches: BatchSource) -> None:
        """Note what is to be known of the batches; the pictures are looked at once."""
        rng, dataset = getattr(batches, "rng", None), getattr(batches, "dataset", None)
        self.steps = len(batches)
        self.rng = rng.state() if isinstance(rng, Generator) else None
        if self.data is None and dataset is not None:
            self.data = fingerprint(dataset)

    def set(self, batches: BatchSource) -> None:
        """Bring batches to this place.

        Raises DataError if they are others than those the training began with.
        """
        here = Position()
        here.know(batches)
        if None not in (self.data, here.data) and self.data != here.data:
            came = f"pictures with the fingerprint {str(here.data)[:12]}…"
            expected = f"those that it began with, {str(self.data)[:12]}…"
            raise DataError("Trainer.fit: start", came, expected, "the same data set, split by the same seed")
        if self.steps is not None and self.steps != here.steps:
            came, expected = f"{here.steps} batches in an epoch", f"{self.steps}, as it began"
            raise DataError("Trainer.fit: start", came, expected, "the same data set and batch_size")
        source: Any = batches
        if self.rng is not None and here.rng is not None:
            source.rng = Generator.from_state(self.rng)
        if counts(batches):
            source.epoch, source.begin = self.number, self.step

    def left(self, batches: BatchSource) -> Iterator[Any]:
        """The batches of the epoch that are not learned yet."""
        if counts(batches):
            source: Any = batches
            self.number = source.epoch
            return iter(batches)
        return islice(iter(batches), self.step, None)


def counts(batches: Any) -> bool:
    """Whether batches count their epochs and can begin inside one, as data.Batches."""
    return hasattr(batches, "epoch") and hasattr(batches, "begin")
