"""What a trainer tells those who listen: small records, one class for each moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

E = TypeVar("E")


@dataclass(frozen=True)
class FitBegin:
    """Training begins, or goes on.  steps: batches in an epoch;  done: those learned before, through all epochs."""

    epochs: int
    steps: int
    done: int = 0


@dataclass(frozen=True)
class StepEnd:
    """One batch was learned.  loss, accuracy: the batch's, before the update; epoch and step count from 1."""

    epoch: int
    step: int
    loss: float
    accuracy: float
    lr: float


@dataclass(frozen=True)
class EpochEnd:
    """One pass over the training pictures is over.

    loss, accuracy:  means over the epoch, while learning
    validation_loss, validation_accuracy:  on pictures not learned from; None without them
    seconds:  of the epoch, validation included
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    lr: float
    seconds: float


@dataclass(frozen=True)
class FitStop:
    """Training is broken off by `Trainer.stop`, behind this step of this epoch; step 0: before its first one."""

    epoch: int
    step: int


@dataclass(frozen=True)
class FitEnd:
    """Training is over, after so many seconds."""

    epochs: int
    seconds: float


class Events:
    """Who listens to what.

    >>> events = Events()
    >>> events.on(FitEnd, lambda event: print(event.epochs, "epochs"))
    >>> events.tell(FitEnd(8, 60.0))
    8 epochs
    """

    def __init__(self) -> None:
        self.listeners: dict[type, list[Callable[[Any], None]]] = {}

    def on(self, event: type[E], listener: Callable[[E], None]) -> None:
        """Call the listener with each event of this class, in the order of subscription."""
        self.listeners.setdefault(event, []).append(listener)

    def tell(self, event: object) -> None:
        """Hand an event to its listeners."""
        for listener in self.listeners.get(type(event), []):
            listener(event)
