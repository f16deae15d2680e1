"""A model looked at: its scores and its loss on batches, in evaluation and without gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import DataError
from ..graph import no_grad
from ..nn import Module, evaluating
from .metrics import Evaluation, Mean
from .sources import BatchSource
from .steps import Runner


def evaluate(
    model: Module, loss: Callable[[Any, Any], Any], batches: BatchSource, *, plain: bool = False
) -> Evaluation:
    """The model on these batches, in evaluation and without gradients; the model comes back as it was.

    plain:  run gate by gate; else compiled where every gate has a kernel
    Raises DataError for no batches.
    """
    total, scores, truth = Mean(), [], []
    look = looker(model, loss, plain=plain)
    with looking(model):
        for images, labels in batches:
            wrong, found = look(images, labels)
            total.add(float(wrong), len(labels))
            scores.append(np.asarray(found))
            truth.append(np.asarray(labels))
    if not scores:
        raise DataError("evaluate", "no batches", "at least one", "a data set with pictures")
    return Evaluation(np.concatenate(scores), np.concatenate(truth), total.value)


def looker(model: Module, loss: Callable[[Any, Any], Any], *, plain: bool = False) -> Runner:
    """The step that gives the loss and the scores of a batch."""

    def look(images: Any, labels: Any) -> tuple[Any, Any]:
        scores = model(images)
        return loss(scores, labels), scores

    return Runner(look, plain=plain)


@contextmanager
def looking(model: Module) -> Iterator[None]:
    """Inside, the model is in evaluation, and nothing is kept for gradients."""
    with evaluating(model), no_grad():
        yield
