"""Classifiers with scikit-learn's face beside scikit-learn's own, on the full Fashion-MNIST, float32, two threads."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
from turns import Worker, turn

from chainrule import data

TURNS = 6
"""Turns of each worker; the first, in which kernels are compiled, is told apart."""
EPOCHS = "epochs=5 lr=1e-3"
"""Of both networks: scikit-learn's own rate, with Adam; 200 is its own batch, too."""


def estimators(*names: str) -> list[dict[str, Any]]:
    """Seconds to fit 60,000 pictures of Fashion-MNIST, and the share of 10,000 test pictures called right."""
    return [row for name in names or CONTESTS for row in contest(name)]


def contest(name: str) -> list[dict[str, Any]]:
    """Ours and theirs in turns; `times` is how many times as long as the first row each takes."""
    workers = [Worker(script, name, words) for script, words in CONTESTS[name]]
    for _ in range(TURNS):
        turn(workers, 2)
    for worker in workers:
        worker.end()
    ours = statistics.median(workers[0].seconds[2::2])
    return [row(words, worker, ours) for (_, words), worker in zip(CONTESTS[name], workers, strict=True)]


def row(words: str, worker: Worker, ours: float) -> dict[str, Any]:
    """A worker fits and is scored by turns."""
    median = statistics.median(worker.seconds[2::2])
    return {
        "": worker.facts["who"],
        "settings": words,
        "seconds": round(median, 2),
        "times": round(median / ours, 2),
        "the first": round(worker.seconds[0], 2),
        "test accuracy %": round(100 * worker.losses[1], 2),
    }


OURS, THEIRS = "estimators_chainrule.py", "estimators_sklearn.py"
CONTESTS = {
    f"network-{batch}": [
        (OURS, f"{EPOCHS} batch={batch}"),
        (THEIRS, f"{EPOCHS} batch={batch}"),
        (THEIRS, f"{EPOCHS} batch={batch} scaled"),
    ]
    for batch in (200, 64, 32)
} | {
    "svm": [
        (OURS, "epochs=2"),
        (OURS, "epochs=5"),
        (THEIRS, "epochs=5"),
        (THEIRS, "epochs=2 alpha=1e-4 average scaled"),
        (THEIRS, "epochs=5 alpha=1e-4 average scaled"),
        (THEIRS, "epochs=10 alpha=1e-5 average scaled"),
    ],
}
"""Who takes part with which settings; pixels are from 0 to 1, or, scaled, each of mean 0 and deviation 1."""


def settings(words: str) -> dict[str, Any]:
    """The settings as numbers and flags.

    >>> settings("epochs=5 scaled")
    {'epochs': 5.0, 'scaled': True}
    """
    pairs = (word.partition("=") for word in words.split())
    return {name: float(value) if value else True for name, _, value in pairs}


def read(scaled: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """X, y of the training and of the test pictures, as rows (N, 784) float32."""
    train, test = data.load("fashion-mnist")
    first, second = (part.images.reshape(-1, 784).astype("float32") / 255 for part in (train, test))
    if scaled:
        mean, std = first.mean(axis=0), first.std(axis=0)
        first, second = (first - mean) / std, (second - mean) / std
    return first, train.labels, second, test.labels
