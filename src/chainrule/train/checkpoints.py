"""The checkpoints of a training in a folder: saved while it goes on, the last few and the best kept."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import SettingError, StateError, UsageError
from ..files import told
from ..finite import all_finite
from .checkpoint import Best, Checkpoint, checkpoints_in, goodness, last_whole, name_of, place_of
from .events import EpochEnd, FitStop, StepEnd
from .position import Position
from .trainer import Trainer


class Checkpoints:
    """A folder in which a training can be picked up again, with the same bits as if it had never stopped.

    keep:  so many of the last checkpoints stay, and the best: that of the epoch with the highest accuracy of the
    validation, without one the lowest loss
    seconds:  a checkpoint so often, 0 for every step, inf for none, beside those at the end of every epoch
    also:  other things with state_dict() and load_state_dict(), by name: {"average": optim.AveragedWeights(...)}
    note:  called at each save for a table, fit for JSON, that is written beside: `Checkpoint.noted`
    way:  how the user says where, for errors
    Raises SettingError for settings that cannot be.

    The same script starts a training and goes on with it:

    >>> import tempfile
    >>> import numpy as np
    >>> from chainrule import nn, optim
    >>> from chainrule.random import Generator
    >>> def training():
    ...     model = nn.Linear(2, 2, rng=Generator(0))
    ...     return Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.5))
    >>> batches = [(np.eye(2, dtype="float32"), np.array([0, 1]))] * 20
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for epochs in (1, 2):
    ...         trainer, checkpoints = training(), Checkpoints(folder)
    ...         start = checkpoints.restore(trainer)
    ...         checkpoints.follow(trainer)
    ...         history = trainer.fit(batches, epochs=epochs, start=start)
    ...         print(start, "then epochs", [ended.epoch for ended in history])
    None then epochs [1]
    Position(after epoch 1) then epochs [2]
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        keep: int = 3,
        seconds: float = 60.0,
        also: Mapping[str, Any] | None = None,
        note: Callable[[], dict[str, Any]] = dict,
        way: str = "a path",
    ) -> None:
        if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
            raise SettingError("Checkpoints", f"keep = {keep!r}", "a whole number ≥ 1", "keep=3")
        if not isinstance(seconds, int | float) or not seconds >= 0:
            raise SettingError("Checkpoints", f"seconds = {seconds!r}", "a number ≥ 0", "seconds=60")
        self.folder, self.keep, self.seconds = Path(folder), keep, seconds
        self.also, self.note, self.way = dict(also or {}), note, way
        self.best: Best | None = None
        self.trainer: Trainer | None = None
        self._saved: Position | None = None
        self._clock = time.monotonic()

    def follow(self, trainer: Trainer) -> None:
        """Save while this trainer goes on: after every epoch, every so many seconds, and when it is stopped."""
        self.trainer, self._clock = trainer, time.monotonic()
        trainer.on(StepEnd, lambda event: self._stepped())
        trainer.on(EpochEnd, lambda event: self._ended(event, trainer.position))
        trainer.on(FitStop, lambda event: self._stopped(trainer.position))

    def restore(self, trainer: Trainer) -> Position | None:
        """Put the last whole checkpoint into a trainer; return its place, for `fit(start=...)`, None if there is none.

        A damaged file behind it is told of by a RuntimeWarning.  Raises FileError if no file can be read, StateError if
        the trainer is another one than was saved.
        """
        found, damaged = last_whole(self.folder)
        for error in damaged:
            warnings.warn(f"{error}", RuntimeWarning, stacklevel=2)
        if found is None:
            return None
        self.put(found, trainer)
        return found.position

    def put(self, found: Checkpoint, trainer: Trainer) -> None:
        """Put a checkpoint into a trainer.

        Raises StateError if it is of another one.
        """
        if set(found.also) != set(self.also):
            came, expected = f"also {sorted(found.also)}", f"also {sorted(self.also)}"
            hint = "Checkpoints(also=...) with the names that were saved"
            raise StateError("Checkpoints", came, expected, hint)
        trainer.load_state_dict(found.state)
        trainer.training_state().load_seeds(found.seeds)
        for name, thing in self.also.items():
            thing.load_state_dict(found.also[name])
        self.best = found.best

    def save(self) -> Path | None:
        """Save where the trainer stands, and take away what need not be kept; None where a parameter is not finite.

        Raises UsageError outside of a training, ResourceError for a full disk, FileError for a folder that cannot be
        written.
        """
        trainer = self.trainer
        if trainer is None or trainer.batches is None:
            came, hint = "save() before a training", "follow(trainer), and then trainer.fit(...)"
            raise UsageError("Checkpoints", came, "a trainer in fit()", hint)
        if not all(all_finite(parameter.numpy()) for parameter in trainer.optimizer.parameters()):
            return None  # the next step is going to say so; nobody can go on from here
        with told(self.folder, self.way):
            self.folder.mkdir(parents=True, exist_ok=True)
        state, place = trainer.training_state(), trainer.position
        place.know(trainer.batches)
        made = Checkpoint(
            state.arrays(),
            state.seeds(),
            place.copy(),
            self.best,
            {name: thing.state_dict() for name, thing in self.also.items()},
            self.note(),
        )
        path = made.write(self.folder, self.way)
        self._saved, self._clock = made.position, time.monotonic()
        self._clear(path.name)
        return path

    def _stepped(self) -> None:
        """Save where it is time to."""
        if self.seconds == 0 or time.monotonic() - self._clock >= self.seconds:
            self.save()

    def _ended(self, event: EpochEnd, next_place: Position) -> None:
        """Save at the end of an epoch; it may be the best."""
        value, by = goodness(event)
        if math.isfinite(value) and (self.best is None or self.best.by != by or value > self.best.value):
            self.best = Best(name_of(next_place), value, by)
        self.save()

    def _stopped(self, place: Position) -> None:
        """Save where the training stops, unless that was just done."""
        if self._saved is None or (place.epoch, place.step) != (self._saved.epoch, self._saved.step):
            self.save()

    def _clear(self, newest: str) -> None:
        """Take away older ones that need not stay, later ones (a damaged file that was passed over), and what a killed
        save has left.
        """
        here = place_of(newest) or (0, 0)
        before = [path for path in checkpoints_in(self.folder) if (place_of(path.name) or here) <= here]
        stay = {path.name for path in before[-self.keep :]} | {self.best.name if self.best else ""}
        for path in self.folder.iterdir():
            half = path.name.startswith(".") and path.name.endswith(".part") and place_of(path.name[1:-5])
            if half or (place_of(path.name) and path.name not in stay):
                with suppress(OSError):  # it can be taken away the next time
                    path.unlink()
