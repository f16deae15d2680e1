"""The networks without convolution that frameworks are compared on: their sizes, batches, and steps in a turn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Network(NamedTuple):
    """sizes: of linear layers, or (features, hidden, classes) of an LSTM over 28 rows;  steps: in one turn"""

    title: str
    sizes: tuple[int, ...]
    batch: int
    steps: int
    lstm: bool = False


NETWORKS = {
    "mlp": Network("MLP 784-100-10, batch 64", (784, 100, 10), 64, 200),
    "deep": Network("MLP 784-512-512-10, batch 128", (784, 512, 512, 10), 128, 30),
    "wide": Network("MLP 784-512-512-10, batch 512", (784, 512, 512, 10), 512, 10),
    "lstm": Network("LSTM of 128 units over 28 steps, batch 64", (28, 128, 10), 64, 15, lstm=True),
}
RATE, MOMENTUM = 0.01, 0.9


def batches(network: Network) -> list[tuple[np.ndarray, np.ndarray]]:
    """Five noisy batches, each class around a mean picture 1×28×28 of its own."""
    rng = np.random.default_rng(0)
    means = rng.normal(size=(10, 1, 28, 28))
    labels = rng.integers(0, 10, (5, network.batch))
    noise = rng.normal(size=(5, network.batch, 1, 28, 28))
    return [((0.3 * means[y] + more).astype("f4"), y) for y, more in zip(labels, noise, strict=True)]
