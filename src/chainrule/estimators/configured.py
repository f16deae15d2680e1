"""A network as `chainrule train` trains it, with scikit-learn's face: what a search finds holds for the command."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import nn, zoo
from ..data import Dataset
from ..errors import SettingError, ShapeError
from ..random import Generator
from ..train import Config, Sight, Trainer, prepared
from ..train.job import plain_batches
from .base import Classifier

Array = NDArray[Any]


class ConfiguredClassifier(Classifier):
    """The network of a configuration: the same steps as `chainrule train --config` with its settings.

    All samples are learned from; none is held out.
    config:  the settings of a run;  lr, l2: instead of its own, None leaves them
    random_state:  instead of its seed, None leaves it
    Samples are pictures (N, C, H, W), uint8 from 0 to 255 or float32.

    network_:  the Module
    fit raises SettingError for rows instead of pictures, UsageError for settings that cannot be, DivergedError where
    the rate is too large, and what `Classifier` does.

    >>> pictures = np.zeros((40, 1, 4, 4), np.uint8)
    >>> pictures[::2, :, :2] = 255
    >>> config = Config(model="linear", epochs=3, batch_size=8)
    >>> ConfiguredClassifier(config, lr=0.1).fit(pictures, ["top", "none"] * 20).predict(pictures[:2])
    array(['top', 'none'], dtype='<U4')
    """

    network_: nn.Module

    def __init__(
        self,
        config: Config,
        *,
        lr: float | None = None,
        l2: float | None = None,
        random_state: int | None = None,
    ) -> None:
        self.config, self.lr, self.l2, self.random_state = config, lr, l2, random_state

    @property
    def settled(self) -> Config:
        """The configuration with the parameters in their places."""
        given: dict[str, Any] = {"lr": self.lr, "l2": self.l2, "seed": self.random_state}
        return replace(self.config, **{name: value for name, value in given.items() if value is not None})

    def _learn(self, X: Array, numbers: NDArray[np.int64]) -> None:
        config = replace(self.settled, validation=0.0)
        pictures = self._pictures(X, numbers)
        rng = Generator(config.seed).split("weights")
        self.network_ = zoo.build(config.model, pictures.shape, len(pictures.classes), rng)
        nn.output_shape(self.network_, pictures.shape)
        job = prepared(self.network_, config, pictures)
        with np.errstate(all="ignore"):  # a rate that is too large is found by the trainer
            job.trainer.fit(job.batches, epochs=config.epochs)
        self._trainer: Trainer = job.trainer
        self._sight: Sight = job.sight

    def _called(self, X: Array) -> NDArray[np.int64]:
        pictures = self._pictures(X, np.zeros(len(X), np.int64))
        return self._trainer.evaluate(plain_batches(pictures, self._sight)).called

    def _pictures(self, X: Array, numbers: NDArray[np.int64]) -> Dataset:
        images = X if X.dtype == np.uint8 else X.astype(np.float32, copy=False)
        try:
            return Dataset(images, numbers, tuple(map(str, self.classes_)), "samples")
        except ShapeError as error:
            hint = "X.reshape(-1, channels, height, width)"
            raise SettingError(type(self).__name__, error.came, error.expected, hint) from None
