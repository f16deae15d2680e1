"""Labels of a classification loss: whether they go with the scores, and which column they name."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError, LabelError, ShapeError
from ..graph import Spec, require_kind
from .arguments import shape_of
from .selection import equal
from .shape import astype, reshape


def check_scores(who: str, scores: Spec, labels: Spec, name: str = "scores") -> None:
    """scores (N, C, …) and labels (N, …) go together; name: of the scores."""
    if scores.dtype.kind in "iu" and labels.dtype.kind == "f":
        came, expected = f"{name} {scores} and labels {labels}", f"{name} of floats, labels of integers"
        raise DTypeError(who, came, expected, f"the {name} first, then the labels")
    if labels.dtype.kind == "f" and labels.shape == scores.shape:
        hint = "labels.argmax(axis=1) of one-hot rows"
        raise DTypeError(who, f"labels {labels}", "one integer for each row of scores", hint)
    require_kind(who, name, scores, "float")
    require_kind(who, "labels", labels, "integer")
    if scores.ndim < 2 or scores.shape[1] < 1 or labels.shape != (scores.shape[0], *scores.shape[2:]):
        wanted = (scores.shape[0], *scores.shape[2:]) if scores.ndim > 1 else "(N,)"
        came = f"{name} {scores} and labels {labels}"
        raise ShapeError(
            who, came, f"{name} (N, C, …) and labels {wanted}", f"one label for each row of {name}"
        )


def check_labels(who: str, labels: np.ndarray, classes: int) -> None:
    """Every label is one of 0 … classes - 1."""
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        worst = labels.max() if labels.max() >= classes else labels.min()
        place = tuple(int(i) for i in np.argwhere(labels == worst)[0])
        came = f"label {worst} at {place if len(place) > 1 else place[0]}"
        from_one = labels.max() == classes and labels.min() >= 1
        hint = "other labels, or a network of more outputs"
        if from_one:
            hint = "labels - 1, as they count from 1"
        elif worst < 0:
            hint = f"ignore_index={worst} of cross-entropy and nll, if it stands for none"
        raise LabelError(who, came, f"labels from 0 to {classes - 1}", hint)


def of_class(labels: Any, classes: int, ndim: int) -> Any:
    """A mask (N, C, …): is this the column of the label?"""
    shape = shape_of(labels)
    columns = np.arange(classes).reshape((1, classes) + (1,) * (ndim - 2))
    # in int64, since bytes could not count to 300 classes
    return equal(reshape(astype(labels, columns.dtype), (shape[0], 1, *shape[1:])), columns)
