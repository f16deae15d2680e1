"""How good a network is: loss, accuracy, confusion, and each picture's own probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


def accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    """The share of rows whose largest score is that of the label; NaN where there are no class labels.

    labels:  (N,) integers; or (N, C) shares of the classes, of which the largest counts

    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    if are_shares(labels) and labels.shape == scores.shape:
        labels = np.argmax(labels, axis=1)
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or labels.dtype.kind not in "iu":
        return float("nan")
    return float(np.mean(np.argmax(scores, axis=1) == labels))


def are_shares(labels: np.ndarray) -> bool:
    """Whether each row says how much of each class there is: no number below 0, and 1 in all.

    >>> are_shares(np.array([[0.7, 0.3], [0.0, 1.0]])), are_shares(np.array([[0.7, -0.3]]))
    (True, False)
    """
    if labels.ndim != 2 or labels.dtype.kind != "f":
        return False
    return bool(np.all(labels >= 0) and np.allclose(labels.sum(axis=1), 1, rtol=0, atol=1e-3))


def confusion(labels: np.ndarray, called: np.ndarray, classes: int) -> np.ndarray:
    """(classes, classes) counts: how many pictures of class i (row) were called j (column).

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2)
    array([[1, 0],
           [1, 1]])
    """
    return np.bincount(labels * classes + called, minlength=classes * classes).reshape(classes, classes)


class Mean:
    """A mean weighted by numbers of pictures, added up batch by batch."""

    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def add(self, value: float, count: int) -> None:
        self.total += value * count
        self.count += count

    @property
    def value(self) -> float:
        return self.total / self.count if self.count else float("nan")

    def state(self) -> np.ndarray:
        """(2,) float64: what `from_state` goes on with, to the bit."""
        return np.array([self.total, self.count], np.float64)

    @classmethod
    def from_state(cls, state: np.ndarray) -> Mean:
        """The mean whose `state()` this was."""
        made = cls()
        made.total, made.count = float(state[0]), int(state[1])
        return made

    def copy(self) -> Mean:
        """A mean that goes its own way from here."""
        return Mean.from_state(self.state())


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A network on a set of pictures.

    scores (N, classes), labels (N,): in the order of the set;  loss: the mean over the set
    """

    scores: np.ndarray
    labels: np.ndarray
    loss: float

    @property
    def accuracy(self) -> float:
        """The share of pictures called by their class, 0 to 1."""
        return accuracy(self.scores, self.labels)

    @property
    def called(self) -> np.ndarray:
        """(N,) the class with the largest score."""
        return np.argmax(self.scores, axis=1)

    @property
    def probabilities(self) -> np.ndarray:
        """(N, classes) the softmax of the scores."""
        weights = np.exp(self.scores - self.scores.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)

    @property
    def confusion(self) -> np.ndarray:
        """(classes, classes) counts, true class by row."""
        return confusion(self.labels, self.called, self.scores.shape[1])

    def worst(self, count: int) -> np.ndarray:
        """Indices of the pictures called wrong with the largest probability, worst first."""
        wrong = np.flatnonzero(self.called != self.labels)
        sure = self.probabilities[wrong, self.called[wrong]]
        return wrong[np.argsort(-sure, kind="stable")[:count]]
