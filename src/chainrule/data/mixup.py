"""Pictures laid over each other, with labels that say how much of each is there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError
from .shades import mixed
from .streams import Images, Streams, streams


@dataclass(frozen=True)
class Mixup:
    """Mix each picture with the next one of its batch, the last with the first: λ · it + (1 - λ) · the next.

    λ is drawn for each picture from Beta(alpha, alpha). The labels become shares of the classes: λ of the picture's own
    and 1 - λ of the next one's. Batches are shuffled, so the next is any other.

    alpha:  > 0; 0.2 mostly leaves one of the two, 1 draws evenly
    Raises SettingError for others.
    Source: Zhang et al. 2018, "mixup: beyond empirical risk minimization", ICLR; a λ for each picture, not each batch.

    >>> from chainrule.random import Generator
    >>> pictures = np.arange(2, dtype=np.float32).reshape(2, 1, 1, 1)
    >>> mixed, shares = Mixup(1.0)(pictures, np.array([2, 0]), 3, Generator(0))
    >>> mixed.ravel().round(2), shares.round(2)
    (array([...], dtype=float32), array([[...]], dtype=float32))
    """

    alpha: float

    def __post_init__(self) -> None:
        if not 0 < self.alpha < math.inf:
            raise SettingError("Mixup: alpha", f"{self.alpha}", "a number above 0", "alpha=0.2")

    def __call__(
        self, images: Images, labels: NDArray[np.integer[Any]], classes: int, rng: Streams
    ) -> tuple[Images, NDArray[np.float32]]:
        """Return the pictures, of the same shape and dtype, and (N, classes) float32 shares, which sum to 1.

        images:  (N, C, H, W) uint8, float32 or float64;  labels: (N,) integers from 0 to classes - 1
        rng:     a stream for each picture, or a Generator, see `data.streams`
        Raises ShapeError and DTypeError for other images.
        """
        drawn = streams("Mixup", images, rng)
        share = drawn.beta(self.alpha, ()).astype(np.float32)
        return mixed(images, 1 - share), _shares(labels, share, classes)


def _shares(
    labels: NDArray[np.integer[Any]], share: NDArray[np.float32], classes: int
) -> NDArray[np.float32]:
    """(N, classes): λ for the picture's own class, 1 - λ more for the next one's."""
    made, each = np.zeros((len(labels), classes), np.float32), np.arange(len(labels))
    made[each, labels] = share
    made[each, np.roll(labels, -1)] += 1 - share
    return made
