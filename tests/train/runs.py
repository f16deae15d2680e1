"""What tests of training share: a slice of the embedded pictures, and small networks and batches."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from chainrule import data, nn, optim, zoo
from chainrule.data import Dataset
from chainrule.random import Generator
from chainrule.train import Config, Result, RunFolder, Trainer, train_run

AUGMENTED = Config(
    model="linear",
    epochs=1,
    lr=0.01,
    optimizer="sgd",
    loss="hinge",
    l2=1e-3,
    crop=2,
    flip=True,
    schedule="cosine",
)
MIXED = Config(model="lenet5", epochs=1, batch_size=32, crop=2, flip=True, rotate=10.0, erase=0.5, mixup=0.3)
"""Two settings in which much happens to the pictures: without and with cross-entropy."""


@cache
def small_data() -> tuple[Dataset, Dataset]:
    """300 training pictures and 100 test pictures of the embedded data."""
    train, test = data.load("fashion-6k")
    return train[:300], test[:100]


def coloured_data(classes: int = 3) -> tuple[Dataset, Dataset]:
    """Pictures of three channels, in which each class has a hue."""
    rng, names = Generator(0), tuple(f"class <{k}>" for k in range(classes))
    first, count = 15 * classes, 20 * classes
    labels = np.arange(count) % classes
    images = rng.integers(0, 120, (count, 3, 16, 16)).astype(np.uint8)
    for label in range(classes):
        images[labels == label, label % 3] += 100
    whole = Dataset(images, labels, names, "hues")
    return whole[:first], whole[first:]


def run_of(
    place: Path, config: Config, sets: tuple[Dataset, Dataset] | None = None
) -> tuple[RunFolder, Result]:
    """A whole run, as the command line makes it."""
    train, test = sets or small_data()
    model = zoo.build(config.model, train.shape, len(train.classes), Generator(config.seed).split("weights"))
    run = RunFolder.create(place)
    return run, train_run(model, config, train, test, run)


def toy(lr: float = 0.5, **settings) -> tuple[Trainer, list[tuple[np.ndarray, np.ndarray]]]:
    """A linear classifier of four points, and two batches of them."""
    model = nn.Linear(2, 2, rng=Generator(0))
    trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=lr), **settings)
    points = np.array([[1, 0], [0, 1], [2, 1], [1, 2]], np.float32)
    labels = np.array([0, 1, 0, 1])
    return trainer, [(points[:3], labels[:3]), (points[3:], labels[3:])]
