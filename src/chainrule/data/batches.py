"""Epochs of batches, shuffled and augmented: each follows from the seed and its own number alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import random
from ..errors import DataError, SettingError
from ..random import Generator, Samples
from .dataset import Dataset
from .prefetch import prefetched
from .streams import Images
from .transforms import Transform

Labels = NDArray[Any]
Mix = Callable[[Images, Labels, int, Samples], tuple[Images, NDArray[Any]]]


class Batches:
    """The pictures of a set in batches; each iteration is one epoch.

    Epoch e is shuffled by `rng.split("epoch", e)`, and picture i of the set is transformed with stream i of its
    `.samples(…)`: nothing depends on what was drawn before, on the other pictures of a batch, or on `workers`. So a run
    killed in epoch e goes on exactly by setting `epoch = e`, and at its batch b by setting `begin = b` too: that counts
    for the next iteration alone.

    batch_size:  pictures, ≥ 1; the last batch holds the rest unless `drop_last`
    rng:         None takes `random.current()`
    transform:   called with (images (B, C, H, W), rng), rng a `random.Samples` with a stream for each picture; gives
                 the images of the batch
    mix:         called with (images, labels, number of classes, rng) after that, gives both anew: `Mixup(0.2)`
    workers:     threads that make batches ahead, two for each at most; 0 makes each when it is asked for
    Yields (images, labels): copies, so that writing to them leaves the set alone.
    Raises SettingError if batch_size < 1 or workers < 0, or `drop_last` leaves no batch; where a batch is taken, what
    its transform raises.

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
        *,
        mix: Mix | None = None,
        workers: int = 0,
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
        if isinstance(workers, bool) or not isinstance(workers, int | np.integer) or workers < 0:
            raise SettingError("Batches: workers", f"{workers!r}", "a number of threads, or 0", "workers=1")
        self.dataset, self.batch_size = dataset, batch_size
        self.rng = random.chosen(rng)
        self.shuffle, self.drop_last, self.transform = shuffle, drop_last, transform
        self.mix, self.workers = mix, workers
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

        def batch(number: int) -> tuple[Images, Labels]:
            return self._batch(order[number * self.batch_size : (number + 1) * self.batch_size], rng)

        numbers = range(begin, len(self))
        return prefetched(batch, numbers, self.workers) if self.workers else map(batch, numbers)

    def _batch(self, chosen: NDArray[np.int64], rng: Generator) -> tuple[Images, Labels]:
        """The batch of the chosen pictures."""
        images, labels = self.dataset.images[chosen], self.dataset.labels[chosen]
        drawn = rng.samples(chosen)
        if self.transform is not None:
            images = self.transform(images, drawn)
        if self.mix is not None:
            images, labels = self.mix(images, labels, len(self.dataset.classes), drawn.split("mix"))
        return images, labels
