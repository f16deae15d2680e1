"""Estimators for tests of what stands around estimators, one that answers at once; workers of a cluster import them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from chainrule.errors import DivergedError
from chainrule.estimators import Classifier, SoftmaxClassifier


class Blurred(Classifier):
    """The class with the nearest mean, after noise of the size |log10(rate)| from its random state.

    Above the rate `limit` its training diverges; each fit takes `seconds`, and leaves a file in the folder `seen`.
    """

    def __init__(self, rate=1.0, *, power=2, limit=10.0, seconds=0.0, seen="", random_state=0):
        self.rate, self.power, self.limit, self.seconds = rate, power, limit, seconds
        self.seen, self.random_state = seen, random_state

    def _learn(self, X, numbers):
        note(self)
        time.sleep(self.seconds)
        if self.rate > self.limit:
            raise DivergedError("fit", f"a loss of inf at rate {self.rate}", "finite numbers", "a lower rate")
        flat = X.reshape(len(X), -1).astype("float64")
        means = np.stack([flat[numbers == k].mean(axis=0) for k in range(len(self.classes_))])
        noise = np.random.default_rng(self.random_state).normal(size=means.shape)
        self.means_ = means + abs(np.log10(self.rate)) * noise

    def _called(self, X):
        apart = X.reshape(len(X), 1, -1) - self.means_
        return (np.abs(apart) ** self.power).sum(axis=2).argmin(axis=1)


class Noted(SoftmaxClassifier):
    """A real one; each fit leaves a file in the folder `seen`."""

    def __init__(self, *, seen="", lr=1.0, l2=1e-4, epochs=20, random_state=None):
        super().__init__(lr=lr, l2=l2, epochs=epochs, random_state=random_state)
        self.seen = seen

    def _learn(self, X, numbers):
        note(self)
        super()._learn(X, numbers)


def note(estimator):
    """Leave a file with the seed, the process and the time."""
    if estimator.seen:
        (Path(estimator.seen) / f"{estimator.random_state}-{os.getpid()}-{time.monotonic_ns()}").touch()


def blobs(count=60, classes=3, size=2.0):
    """(N, 4) points around a corner for each class, and their classes."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % classes
    return (size * np.eye(4)[y] + rng.normal(size=(count, 4))).astype("float32"), y
