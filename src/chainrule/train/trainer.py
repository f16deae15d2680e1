"""The loop around a step: batches, epochs, events, metrics."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

import numpy as np

from ..data import Dataset
from ..errors import DataError, DivergedError, NonFiniteError, SettingError, UsageError
from ..graph import no_grad
from ..nn import Module, evaluating
from ..optim import Optimizer, clip_grad_norm
from ..tensor import Tensor
from .events import EpochEnd, Events, FitBegin, FitEnd, StepEnd
from .metrics import Evaluation, Mean, accuracy
from .steps import Runner

E = TypeVar("E")


class Schedule(Protocol):
    """What moves the rate: one call after each batch."""

    def step(self) -> Any: ...


class BatchSource(Protocol):
    """Batches that can be gone through again and again: `data.Batches`, or a list of pairs of arrays."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...


class Trainer:
    """Teach a model with a loss and an optimizer, and tell those who listen how it goes.

    loss:  called with (scores, labels), gives one number
    schedule:  its step() is called after each batch
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
        schedule: Schedule | None = None,
        penalty: Callable[[Iterable[Any]], Any] | None = None,
        max_norm: float | None = None,
        plain: bool = False,
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.schedule, self.penalty, self.max_norm = schedule, penalty, max_norm
        self.plain = plain
        self.events = Events()
        self.run_step = Runner(self.learn, plain=plain)

    def on(self, event: type[E], listener: Callable[[E], None]) -> None:
        """Call the listener at each event of this class: StepEnd, EpochEnd, …"""
        if not isinstance(event, type):
            raise UsageError("Trainer.on", f"{event!r}", "a class of events", "chainrule.train.EpochEnd")
        self.events.on(event, listener)

    def step(self, images: Any, labels: Any) -> tuple[Tensor, Tensor]:
        """Learn from one batch; return the loss (with the penalty) and the scores, from before the update.

        Raises NonFiniteError, before anything is changed, for a compiled step whose loss or gradients are not
        finite.
        """
        loss, scores = self.run_step(images, labels)
        return loss, scores

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

    def fit(
        self, train: BatchSource, validation: BatchSource | None = None, *, epochs: int
    ) -> list[EpochEnd]:
        """Go through the training batches `epochs` times; return what each epoch came to.

        Raises DataError for no batches, DivergedError when the loss is not finite, NonFiniteError when the
        pictures are not.
        """
        require_batches("train", train)
        if validation is not None:
            require_batches("validation", validation)
        if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
            raise SettingError("Trainer.fit", f"epochs {epochs!r}", "a whole number ≥ 1", "epochs=8")
        if len(train) == 0:
            raise DataError("Trainer.fit", "no training batches", "at least one", "a data set with pictures")
        began = time.perf_counter()
        history = []
        self.events.tell(FitBegin(epochs, len(train)))
        for epoch in range(1, epochs + 1):
            history.append(self._epoch(epoch, train, validation))
            self.events.tell(history[-1])
        self.events.tell(FitEnd(epochs, time.perf_counter() - began))
        return history

    def _epoch(self, epoch: int, train: BatchSource, validation: BatchSource | None) -> EpochEnd:
        began = time.perf_counter()
        self.model.train()
        self.run_step.begin_epoch()
        losses, accuracies = Mean(), Mean()
        for number, (images, labels) in enumerate(train, 1):
            lr = self.optimizer.lr
            require_finite(images, epoch, number)
            try:
                loss, scores = self.step(images, labels)
            except NonFiniteError as error:
                raise diverged(epoch, number, lr, f"{error.came}") from None
            done = StepEnd(epoch, number, loss.item(), accuracy(scores.numpy(), np.asarray(labels)), lr)
            if not math.isfinite(done.loss):
                raise diverged(epoch, number, lr, f"a loss of {done.loss}")
            if self.schedule is not None:
                self.schedule.step()
            losses.add(done.loss, len(labels))
            accuracies.add(done.accuracy, len(labels))
            self.events.tell(done)
        checked = None if validation is None else self.evaluate(validation)
        return EpochEnd(
            epoch,
            losses.value,
            accuracies.value,
            None if checked is None else checked.loss,
            None if checked is None else checked.accuracy,
            lr,
            time.perf_counter() - began,
        )

    def evaluate(self, batches: BatchSource) -> Evaluation:
        """The model on these batches, in evaluation and without gradients."""
        return evaluate(self.model, self.loss, batches, plain=self.plain)


def evaluate(
    model: Module, loss: Callable[[Any, Any], Any], batches: BatchSource, *, plain: bool = False
) -> Evaluation:
    """The model on these batches, in evaluation and without gradients; the model comes back as it was.

    plain:  run gate by gate; else compiled where every gate has a kernel
    """

    def look(images: Any, labels: Any) -> tuple[Any, Any]:
        found = model(images)
        return found, loss(found, labels)

    total, scores, seen = Mean(), [], []
    step = Runner(look, plain=plain)
    with evaluating(model), no_grad():
        for images, labels in batches:
            found, wrong = step(images, labels)
            total.add(float(wrong), len(labels))
            scores.append(np.asarray(found))
            seen.append(np.asarray(labels))
    if not scores:
        raise DataError("evaluate", "no batches", "at least one", "a data set with pictures")
    return Evaluation(np.concatenate(scores), np.concatenate(seen), total.value)


def require_batches(name: str, batches: Any) -> None:
    """Batches have a number and can be gone through again, each a pair of arrays."""
    if isinstance(batches, Dataset):
        hint = "data.Batches(dataset, 64, shuffle=True, transform=data.Normalize.fit(dataset))"
        raise DataError("Trainer.fit", f"{name} is a data set", "batches of it", hint)
    pairs = isinstance(batches, tuple) and any(isinstance(part, np.ndarray) for part in batches)
    if pairs or not (hasattr(batches, "__len__") and hasattr(batches, "__iter__")):
        came = f"{name} is a {type(batches).__name__}{' of arrays' if pairs else ''}"
        raise DataError(
            "Trainer.fit", came, "batches with a length, each (images, labels)", "[(images, labels)]"
        )


def require_finite(images: Any, epoch: int, step: int) -> None:
    """The pictures are numbers: NaN would be in all weights after one step."""
    wrong = int((~np.isfinite(np.asarray(images))).sum())
    if wrong:
        came = f"{wrong} NaN or infinite pixels in batch {step} of epoch {epoch}"
        raise NonFiniteError(
            "Trainer.fit", came, "finite pictures", "np.nan_to_num(images), or leave them out"
        )


def diverged(epoch: int, step: int, lr: float, came: str) -> DivergedError:
    """The error of a step that ran away, with the rate that let it."""
    hint = f"a learning rate of {lr / 10:.2g} instead of {lr:.2g}, or clipped gradients"
    return DivergedError("Trainer.fit", f"{came} in step {step} of epoch {epoch}", "finite numbers", hint)
