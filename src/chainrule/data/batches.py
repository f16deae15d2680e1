"""Epochs of batches, shuffled and augmented: each follows from the seed and its own number alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import random
from ..errors import DataError, SettingError
from ..random import Generator
from .dataset import Dataset

Images = NDArray[Any]
Labels = NDArray[np.int64]
Transform = Callable[[Images, Generator], Images]


class Batches:
    """The pictures of a set in batches; each iteration is one epoch.

    Epoch e is shuffled by `rng.split("epoch", e)` and its batch b is transformed with the child
    `.split("batch", b)` of that: nothing depends on what was drawn before, so that a run killed in epoch e
    goes on exactly by setting `epoch = e`, and at its batch b by setting `begin = b` too: that counts for the next
    iteration alone.

    batch_size:  pictures, ≥ 1; the last batch holds the rest unless `drop_last`
    rng:         None takes `random.current()`
    transform:   called with (images (B, C, H, W), rng), gives the images of the batch
    Yields (images, labels): copies, so that writing to them leaves the set alone.
    Raises SettingError if batch_size < 1, or `drop_last` leaves no batch.

    >>> dataset = Dataset(np.zeros((5, 1, 2, 2), np.uint8), np.arange(5), tuple("abcde"))
    >>> batches = Batches(dataset, 2, Generator(0), shuffle=True)
    >>> [labels.tolist() for _, labels in batches], len(batches), batches.epoch
    ([[3, 2], [4, 0], [1]], 3, 1)
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        rng: Generator | None = None,
        shuffle: bool = False,
        drop_last: bool = False,
        transform: Transform | None = None,
    ) -> None:
        if not isinstance(dataset, Dataset):
            came, hint = f"a {type(dataset).__name__}", "Dataset(images, labels, classes)"
            raise DataError("Batches: dataset", came, "a Dataset", hint)
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise SettingError(
                "Batches: batch_size", f"{batch_size!r}", "at least 1 picture", "batch_size=64"
            )
        if drop_last and batch_size > len(dataset):
            raise SettingError(
                "Batches: drop_last",
                f"batch_size {batch_size} with {len(dataset)} pictures, so that no batch is left",
                f"batch_size ≤ {len(dataset)}",
                "drop_last=False or a smaller batch_size",
            )
        self.dataset, self.batch_size = dataset, batch_size
        self.rng = random.chosen(rng)
        self.shuffle, self.drop_last, self.transform = shuffle, drop_last, transform
        self.epoch = self.begin = 0

    def __len__(self) -> int:
        """Batches in an epoch."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    @property
    def sizes(self) -> set[int]:
        """How many pictures its batches hold."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return {size for size in (self.batch_size * (whole > 0), rest * (not self.drop_last)) if size}

    def __iter__(self) -> Iterator[tuple[Images, Labels]]:
        """Begin the next epoch: the number is counted here, not when the last batch is taken."""
        rng, begin = self.rng.split("epoch", self.epoch), self.begin
        self.epoch, self.begin = self.epoch + 1, 0
        return self._batches(rng, begin)

    def _batches(self, rng: Generator, begin: int) -> Iterator[tuple[Images, Labels]]:
        count = len(self.dataset)
        order = rng.permutation(count) if self.shuffle else np.arange(count)
        for number in range(begin, len(self)):
            chosen = order[number * self.batch_size : (number + 1) * self.batch_size]
            images, labels = self.dataset.images[chosen], self.dataset.labels[chosen]
            if self.transform is not None:
                images = self.transform(images, rng.split("batch", number))
            yield images, labels
