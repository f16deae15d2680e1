"""Accuracy against seconds on the full Fashion-MNIST: the small ConvNet, four epochs, in both frameworks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from turns import Worker, serve

from chainrule import data

BATCH, EPOCHS, PEAK_RATE, MOMENTUM, DECAY = 128, 4, 0.05, 0.9, 5e-4
LOOK = 500
"""Pictures at once in evaluation."""


class Pictures(NamedTuple):
    """images: (N, 1, 28, 28) float32, normalized by the training pictures;  labels: (N,) int64"""

    images: np.ndarray
    labels: np.ndarray

    def batches(self, epoch: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All pictures in an order that follows from the number of the epoch; the last batch is shorter."""
        order = np.random.default_rng(epoch).permutation(len(self.images))
        for begin in range(0, len(order), BATCH):
            chosen = order[begin : begin + BATCH]
            yield self.images[chosen], self.labels[chosen]

    def accuracy(self, scores: Callable[[np.ndarray], np.ndarray]) -> float:
        """The share of pictures whose highest score is that of their class."""
        parts = range(0, len(self.images), LOOK)
        called = [scores(self.images[begin : begin + LOOK]).argmax(1) for begin in parts]
        return float(np.mean(np.concatenate(called) == self.labels))


def read() -> tuple[Pictures, Pictures]:
    """The training and the test pictures."""
    train, test = data.load("fashion-mnist")
    prepare = data.Normalize.fit(train)
    first, second = (Pictures(prepare(part.images), part.labels) for part in (train, test))
    return first, second


def total_steps(train: Pictures) -> int:
    """Steps of the whole run."""
    return EPOCHS * -(-len(train.images) // BATCH)


def fashion() -> list[dict[str, Any]]:
    """Fashion-MNIST, 60,000 pictures: SGD 0.05 one-cycle, momentum, weight decay, batch 128; epochs in turns."""
    with tempfile.TemporaryDirectory() as folder:
        weights = str(Path(folder) / "weights.npz")
        workers = {
            "chainrule": Worker("fashion_chainrule.py", weights),
            "PyTorch, channels-last": Worker("fashion_torch.py", weights, "channels-last"),
        }
        for _ in range(EPOCHS):
            for worker in workers.values():
                worker.run(2)
    for worker in workers.values():
        worker.end()
    return [row for who, worker in workers.items() for row in epochs(who, worker)]


def epochs(who: str, worker: Worker) -> list[dict[str, Any]]:
    """What each epoch took and came to; a worker learns and looks by turns."""
    learned = np.cumsum(worker.seconds[::2])
    return [
        {
            "": who,
            "epoch": epoch + 1,
            "seconds": round(worker.seconds[2 * epoch], 1),
            "in all": round(float(learned[epoch]), 1),
            "loss": round(worker.losses[2 * epoch], 4),
            "test accuracy %": round(100 * worker.losses[2 * epoch + 1], 2),
            "seconds of the test": round(worker.seconds[2 * epoch + 1], 2),
        }
        for epoch in range(EPOCHS)
    ]


def serve_epochs(learn: Callable[[int], float], look: Callable[[], float], **facts: Any) -> None:
    """The worker's side: learn(epoch) -> mean loss, and look() -> test accuracy, by turns."""
    calls = (call for epoch in range(EPOCHS) for call in (partial(learn, epoch), look))
    serve(lambda: next(calls)(), **facts)
