"""The loop around a step: batches, epochs, events, metrics."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np

from .. import check
from ..errors import DataError, DivergedError, NonFiniteError, SettingError, UsageError
from ..graph import Value
from ..nn import Module
from ..optim import Optimizer, ReduceLROnPlateau, clip_grad_norm
from ..tensor import Tensor
from .evaluation import evaluate, looker, looking
from .events import EpochEnd, Events, FitBegin, FitEnd, FitStop, StepEnd
from .metrics import Evaluation, accuracy
from .position import Position
from .sources import BatchSource, blank, plain_labels, require_batches, require_finite, sizes_of
from .state import TrainingState
from .steps import Runner

E = TypeVar("E")


class Schedule(Protocol):
    """What moves the rate: one call after each batch."""

    def step(self) -> Any: ...


class Trainer:
    """Teach a model with a loss and an optimizer, and tell those who listen how it goes.

    loss:  called with (scores, labels), gives one number
    schedule:  its step() is called after each batch; that of optim.ReduceLROnPlateau after each epoch, with the loss,
    or for mode="max" the accuracy, of the validation, or of the training where there is none
    penalty:  called with the parameters, added to the loss: nn.L2(1e-4)
    max_norm:  clip the gradients to this norm before each update
    plain:  run gate by gate; else steps run compiled where every gate has a kernel

    >>> import numpy as np
    >>> from chainrule import nn, optim
    >>> from chainrule.random import Generator
    >>> model = nn.Linear(2, 2, rng=Generator(0))
    >>> trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.5))
    >>> pictures, labels = np.eye(2, dtype="float32"), np.array([0, 1])
    >>> history = trainer.fit([(pictures, labels)] * 20, epochs=2)
    >>> history[-1].accuracy, trainer.evaluate([(pictures, labels)]).accuracy
    (1.0, 1.0)
    """

    def __init__(
        self,
        model: Module,
        loss: Callable[[Any, Any], Any],
        optimizer: Optimizer,
        *,
        schedule: Schedule | ReduceLROnPlateau | None = None,
        penalty: Callable[[Iterable[Any]], Any] | None = None,
        max_norm: float | None = None,
        plain: bool = False,
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.schedule, self.penalty, self.max_norm = schedule, penalty, max_norm
        self.plain = plain
        self.events = Events()
        self.position = Position()
        self.batches: BatchSource | None = None
        self._stop: tuple[BaseException | None] | None = None
        self.run_step = Runner(self.learn, state=self.state, plain=plain)

    def on(self, event: type[E], listener: Callable[[E], None]) -> None:
        """Call the listener at each event of this class: StepEnd, EpochEnd, …"""
        if not isinstance(event, type):
            raise UsageError("Trainer.on", f"{event!r}", "a class of events", "chainrule.train.EpochEnd")
        self.events.on(event, listener)

    def step(self, images: Any, labels: Any) -> tuple[Tensor, Tensor]:
        """Learn from one batch; return the loss (with the penalty) and the scores, from before the update.

        Raises NonFiniteError, with all state as before, if the loss or a gradient is not finite; it names the line that
        made the first such number.
        """
        loss, scores = self.run_step(images, labels)
        return loss, scores

    def state(self) -> Iterator[Value]:
        """All that a step may change: parameters, buffers, and what the optimizer keeps."""
        for module in (self.model, self.loss):
            if isinstance(module, Module):
                yield from module.parameters()
                yield from (buffer for _, buffer in module.named_buffers())
        yield from self.optimizer.slots()

    def learn(self, images: Any, labels: Any) -> tuple[Tensor, Tensor]:
        """The step as it is written, gate by gate."""
        self.optimizer.zero_grad()
        scores = self.model(images)
        loss = self.loss(scores, labels)
        if self.penalty is not None:
            loss = loss + self.penalty(self.model.parameters())
        loss.backward()
        if self.max_norm is not None:
            clip_grad_norm(self.model.parameters(), self.max_norm)
        self.optimizer.step()
        return loss, scores

    def training_state(self) -> TrainingState:
        """All that steps change, by name.  Raises SettingError for a schedule that cannot be saved."""
        return TrainingState(self.model, self.loss, self.optimizer, self.schedule)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all that steps change: of model, loss, optimizer and schedule, buffers of every kind among it.

        With `position` it is where `fit(start=...)` goes on with the same bits; `train.Checkpoints` keeps both on disk.
        Raises SettingError for a schedule without a state_dict.
        """
        return {name: np.array(array, order="K") for name, array in self.training_state().arrays().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on exactly where state_dict() was called; on a mismatch StateError, and nothing changes."""
        self.training_state().load(state)

    def fit(
        self,
        train: BatchSource,
        validation: BatchSource | None = None,
        *,
        epochs: int,
        start: Position | None = None,
    ) -> list[EpochEnd]:
        """Go through the training batches `epochs` times; return what each epoch came to.

        start:  the place to go on from, once the state of that moment is loaded; None begins
        Meanwhile `position` says where it stands, and `stop` breaks it off.
        Raises DataError for no batches, and for others than a place belongs to, NonFiniteError when the pictures are
        not finite, DivergedError when the loss or a gradient is not: it names the line that made the first such number,
        and all state is that of before the step.
        What other sizes of batches and the validation need is compiled behind the first step.
        """
        require_batches("train", train)
        if validation is not None:
            require_batches("validation", validation)
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
            raise SettingError("Trainer.fit", f"epochs {epochs!r}", "a whole number ≥ 1", "epochs=8")
        if len(train) == 0:
            raise DataError("Trainer.fit", "no training batches", "at least one", "a data set with pictures")
        began = time.perf_counter()
        position = self.position = (start or Position()).copy()
        self.batches, self._stop = train, None
        if start is not None:
            position.set(train)
        history: list[EpochEnd] = []
        done = (position.epoch - 1) * len(train) + position.step
        self.events.tell(FitBegin(epochs, len(train), done))
        while position.epoch <= epochs:
            ended = self._epoch(position, train, validation, first=not history)
            if ended is None:
                return history
            history.append(ended)
            self.events.tell(ended)
            if self._stopped():
                return history
        self.events.tell(FitEnd(epochs, time.perf_counter() - began))
        return history

    def stop(self, reason: BaseException | None = None) -> None:
        """Break `fit` off behind the step that is running, or the validation, if it is that.

        reason:  raised then, once FitStop was told; without one, fit returns the epochs that it has finished
        """
        self._stop = (reason,)

    def _stopped(self) -> bool:
        """Whether somebody has asked to stop; a reason is raised."""
        if self._stop is None:
            return False
        (reason,), self._stop = self._stop, None
        self.events.tell(FitStop(self.position.epoch, self.position.step))
        if reason is not None:
            raise reason
        return True

    def begin_epoch(self) -> None:
        """The model learns from here on, and the step looks again at the Python numbers that it reads."""
        self.model.train()
        self.run_step.begin_epoch()

    def take(self, epoch: int, number: int, images: Any, labels: Any) -> StepEnd:
        """Learn from batch `number` of an epoch, and move the rate on.

        Raises NonFiniteError for pictures that are not finite, DivergedError for such a loss.
        """
        lr = self.optimizer.lr
        require_finite(images, epoch, number)
        try:
            loss, scores = self.step(images, labels)
        except NonFiniteError as error:
            other = "" if error.hint == check.USUAL else error.hint
            raise diverged(epoch, number, lr, error.came, other).at(error.layer, error.line) from None
        done = StepEnd(epoch, number, loss.item(), accuracy(scores.numpy(), np.asarray(labels)), lr)
        if not math.isfinite(done.loss):
            raise diverged(epoch, number, lr, f"a loss of {done.loss}")
        if self.schedule is not None and not isinstance(self.schedule, ReduceLROnPlateau):
            self.schedule.step()
        return done

    def _epoch(
        self, position: Position, train: BatchSource, validation: BatchSource | None, first: bool
    ) -> EpochEnd | None:
        """What is left of an epoch; None where it was broken off.  first: nothing is compiled yet"""
        began = time.perf_counter() - position.seconds
        self.begin_epoch()
        for number, (images, labels) in enumerate(position.left(train), position.step + 1):
            done = self.take(position.epoch, number, images, labels)
            if first and not self.plain:
                self._prepare(images, labels, train, validation)
            first = False
            position.add(done, len(labels), time.perf_counter() - began)
            self.events.tell(done)
            if self._stopped():
                return None
        checked = None if validation is None else self.evaluate(validation)
        ended = EpochEnd(
            position.epoch,
            position.losses.value,
            position.accuracies.value,
            None if checked is None else checked.loss,
            None if checked is None else checked.accuracy,
            position.lr,
            time.perf_counter() - began,
        )
        if isinstance(self.schedule, ReduceLROnPlateau):
            self.schedule.step(looked_at(ended, self.schedule.mode))
        position.turn()
        return ended

    def evaluate(self, batches: BatchSource) -> Evaluation:
        """The model on these batches, in evaluation and without gradients."""
        return evaluate(self.model, self.loss, batches, plain=self.plain)

    def _prepare(self, images: Any, labels: Any, train: BatchSource, validation: BatchSource | None) -> None:
        """Compile at once what the first epoch is going to need: batches of other sizes, and evaluation.

        What is wrong with them is told when they come.
        """
        with contextlib.suppress(Exception):  # whatever the model and the loss raise
            for size in sizes_of(train) - {len(labels)}:
                self.run_step.prepare(*blank(size, images, labels))
            if validation is not None:
                look = looker(self.model, self.loss)
                with looking(self.model):
                    for size in sizes_of(validation) or {len(labels)}:
                        look.prepare(*blank(size, images, plain_labels(validation, labels)))


def looked_at(ended: EpochEnd, mode: str) -> float:
    """The number of an epoch that tells whether it goes on getting better."""
    if mode == "min":
        return ended.loss if ended.validation_loss is None else ended.validation_loss
    return ended.accuracy if ended.validation_accuracy is None else ended.validation_accuracy


def diverged(epoch: int, step: int, lr: float, came: str, other: str = "") -> DivergedError:
    """The error of a step that ran away, with the rate that let it; other: what to try first."""
    rate = f"a learning rate of {lr / 10:.2g} instead of {lr:.2g}"
    hint = f"{other}; or {rate}" if other else f"{rate}, or clipped gradients"
    return DivergedError("Trainer.fit", f"in step {step} of epoch {epoch}, {came}", "finite numbers", hint)
