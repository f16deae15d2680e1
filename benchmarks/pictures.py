"""The ConvNets that frameworks are compared on: their pictures, batches, and how long each is measured."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from networks import RATE


class ConvNet(NamedTuple):
    """shape: of a picture, (C, H, W);  steps: in one turn of training;  rounds: turns

    look: steps in one turn of inference;  rate: of SGD, small where 0.01 diverges
    """

    title: str
    shape: tuple[int, int, int]
    classes: int
    batch: int
    rounds: int
    steps: int
    look: int
    rate: float = RATE


CONVNETS = {
    "lenet5": ConvNet("LeNet-5, batch 64", (1, 28, 28), 10, 64, rounds=10, steps=20, look=40),
    "convnet": ConvNet("small ConvNet 3×32×32, batch 128", (3, 32, 32), 10, 128, rounds=6, steps=3, look=6),
    "resnet20": ConvNet("ResNet-20, batch 128", (3, 32, 32), 10, 128, rounds=6, steps=3, look=6),
    "alexnet": ConvNet("AlexNet without LRN, batch 16", (3, 227, 227), 1000, 16, 8, 2, 3, 1e-5),
    "vgg16": ConvNet("VGG-16, batch 4", (3, 224, 224), 1000, 4, 3, 1, 1, 2e-6),
}
DRAWN = 10
"""Classes that the batches are drawn from, whatever the network could tell apart."""


def batches(network: ConvNet, verb: str = "train") -> list[tuple[np.ndarray, np.ndarray]]:
    """Five noisy batches of float32, each class around a mean picture of its own; one where memory is measured."""
    rng = np.random.default_rng(0)
    means = rng.standard_normal((DRAWN, *network.shape), "f4")
    labels = rng.integers(0, DRAWN, (5, network.batch))[: 1 if verb == "hold" else None]
    noise = (rng.standard_normal((network.batch, *network.shape), "f4") for _ in labels)
    return [(np.float32(0.5) * means[y] + more, y) for y, more in zip(labels, noise, strict=True)]
