"""One batch through model and loss, with every value and every gradient: what the findings are read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import Line, Value, given, no_grad
from ..tensor import Tensor
from .sketch import Sketch, sketched
from .wide import execute, plainly


@dataclass(frozen=True)
class Look:
    """What a batch makes of a trainer's model before the first step.

    values:  of the way forward, and the gradients, by number
    """

    trainer: Any
    images: Any
    labels: Any
    sketch: Sketch
    values: dict[int, np.ndarray]

    @property
    def names(self) -> dict[int, str]:
        return self.sketch.program.names()

    def returned(self, place: int) -> np.ndarray | None:
        """Total, loss, penalty or scores; None for what is none of the program's values."""
        found = self.sketch.program.output[place]
        return self.values[found.number] if hasattr(found, "number") else None

    @property
    def total(self) -> float:
        """The loss with the penalty."""
        return float(self.returned(0))  # type: ignore[arg-type]

    @property
    def loss(self) -> float:
        """The loss of the data alone."""
        return float(self.returned(1))  # type: ignore[arg-type]

    @property
    def penalty(self) -> float | None:
        """What the penalty adds; None without one."""
        if self.trainer.penalty is None:
            return None
        found = self.returned(2)
        return float(self.sketch.program.output[2] if found is None else found)

    @property
    def scores(self) -> np.ndarray | None:
        return self.returned(3)

    @property
    def classifies(self) -> bool:
        """Whether there is a score for each class, and a whole number for each example."""
        scores, labels = self.scores, np.asarray(self.labels)
        matrix = scores is not None and scores.ndim == 2 and scores.dtype.kind == "f"
        return matrix and labels.ndim == 1 and labels.dtype.kind in "iu"

    def lines(self) -> Iterator[Line]:
        """The way forward."""
        return (line for line in self.sketch.program.lines if line.phase == "forward")

    def gradients(self) -> Iterator[tuple[str, Value, np.ndarray | None]]:
        """Path, parameter and its gradient, of each parameter that was read."""
        for w in self.sketch.wanted:
            if w.cell is not None:
                yield w.path, w.cell, None if w.gradient is None else self.values[w.gradient]


def looked(trainer: Any, images: Any, labels: Any) -> Look:
    """Trace model, loss and penalty with their gradients, and run them gate by gate; no state changes.

    Raises what the model raises for the batch, and GradientError where a gradient cannot be.
    """

    def look(images: Any, labels: Any) -> Any:
        scores = trainer.model(images)
        loss = trainer.loss(scores, labels)
        penalty = None if trainer.penalty is None else trainer.penalty(trainer.model.parameters())
        return (loss if penalty is None else loss + penalty), loss, penalty, scores

    sketch = sketched(look, (images, labels), slopes=False, first=True)
    program = sketch.program
    values, keep = (
        given(program, images, labels),
        [ref.number for ref in program.output if hasattr(ref, "number")],
    )
    keep += [w.gradient for w in sketch.wanted if w.gradient is not None]
    keep += [n for line in program.lines if line.phase == "forward" for n in line.outputs]
    return Look(trainer, images, labels, sketch, values | execute(program.lines, values, keep, plainly))


def ignorant_loss(look: Look) -> float | None:
    """The loss of scores that are all alike: ln C of a cross-entropy; None where there are no classes."""
    if not look.classifies or look.scores is None:
        return None
    with no_grad():
        return float(look.trainer.loss(Tensor(np.zeros_like(look.scores)), look.labels))
