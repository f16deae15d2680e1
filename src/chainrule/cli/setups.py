"""A network about to learn from one batch: what is timed, checked and stepped through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from .. import data, zoo
from ..compiler import Compiled
from ..data import Batches, Normalize
from ..errors import UsageError
from ..random import Generator
from ..train import Config, Trainer
from ..train.evaluation import looker, looking
from ..train.job import make_trainer
from .runs import Trained, build, check_fit, is_run, restore, sizes

EMBEDDED = "fashion-6k"
PICTURES = 4
"""Pictures of a step that is looked at line by line, unless told."""


@dataclass(frozen=True)
class Setup:
    """A trainer with its first batch.

    model:  the network's name;  pictures: what the batch is, for people;  normalize: what was done to it
    images: (N, C, H, W) float32, normalized;  labels: (N,) int64
    """

    model: str
    trainer: Trainer
    images: np.ndarray
    labels: np.ndarray
    pictures: str
    normalize: Normalize | None = None

    @property
    def batch(self) -> tuple[np.ndarray, np.ndarray]:
        return self.images, self.labels

    @property
    def step(self) -> Compiled:
        """The training step: takes a batch, returns loss and scores."""
        return self.trainer.run_step.compiled

    @contextmanager
    def look(self) -> Iterator[Compiled]:
        """Inside, the step that only looks: loss and scores in evaluation, without gradients."""
        with looking(self.trainer.model):
            yield looker(self.trainer.model, self.trainer.loss).compiled

    def heading(self) -> str:
        """
        >>> model = zoo.build("linear", (1, 8, 8), 10)
        >>> trainer = make_trainer(model, Config(), 1)
        >>> Setup("linear", trainer, np.zeros((4, 1, 8, 8)), np.zeros(4, int), "noise").heading()
        'linear on 4 pictures of 1×8×8 (noise)'
        """
        many = "a picture" if len(self.images) == 1 else f"{len(self.images)} pictures"
        return f"{self.model} on {many} of {sizes(self.images.shape[1:])} ({self.pictures})"


def on_noise(model: str, count: int, shape: tuple[int, ...] | None = None) -> Setup:
    """A network of the zoo or of a run on so many pictures of noise, of a shape or of the one it was made for.

    Raises UsageError for a shape with a run, or one that does not fit.
    """
    if is_run(model):
        if shape:
            raise UsageError("--input", "given for a run", "the pictures it has learned", "without --input")
        trained = restore(model)
        name, network, shape = trained.config.model, trained.model, trained.sight.input_shape
        classes, config = len(trained.sight.classes), trained.config
    else:
        shape, name, classes = shape or zoo.default_shape(model), model, 10
        network, config = build(model, shape, classes, f"--input {sizes(shape)}"), usual(model)
    noise = Generator(0).split("images").normal((count, *shape)).astype(np.float32)
    return Setup(name, make_trainer(network, config, 1), noise, np.arange(count) % classes, "noise")


def on_pictures(model: str, count: int, name: str | None = None) -> Setup:
    """The same on the first training pictures of a data set: of the run's own, or of those inside the package; noise
    where a network of the zoo was made for others and none are named.

    Raises UsageError if they do not fit, and what reading them raises.
    """
    if is_run(model):
        return of_run(restore(model), count, name)
    zoo.default_shape(model)  # or there is no such network
    pictures, _ = data.load(name or EMBEDDED)
    try:
        network = build(model, pictures.shape, len(pictures.classes), pictures.name)
    except UsageError:
        if name is None:
            return on_noise(model, count)
        raise
    normalize = Normalize.fit(pictures)
    images, labels = first(pictures, count, normalize)
    return Setup(model, make_trainer(network, usual(model), 1), images, labels, pictures.name, normalize)


def of_run(trained: Trained, count: int, name: str | None) -> Setup:
    """A run that goes on learning."""
    pictures, _ = data.load(name or trained.config.data)
    check_fit(trained, pictures)
    images, labels = first(pictures, count, trained.sight.normalize)
    trainer = make_trainer(trained.model, trained.config, 1)
    return Setup(trained.config.model, trainer, images, labels, pictures.name, trained.sight.normalize)


def usual(model: str) -> Config:
    """SGD with momentum: an update that one can follow with a pencil."""
    return Config(model=model, optimizer="sgd", lr=0.01, schedule="constant")


def first(pictures: data.Dataset, count: int, normalize: Normalize) -> tuple[np.ndarray, np.ndarray]:
    """The first pictures of a set, as a network sees them."""
    images, labels = next(iter(Batches(pictures, count, Generator(0), transform=normalize)))
    return images, labels
