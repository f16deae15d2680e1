"""Random movements of pictures (N, C, H, W): each says where the pixels of its result are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from ..errors import SettingError
from ..random import Samples
from .streams import Images, Streams, streams
from .warp import Maps, warp


class Movement(ABC):
    """A transform that only moves pixels.  Movements that follow each other in Compose are one movement."""

    @abstractmethod
    def maps(self, height: int, width: int, rng: Samples) -> Maps:
        """Draw where pixel (i, j) of each picture is read: (N, 2, 3), see `data.warp`."""

    def __call__(self, images: Images, rng: Streams) -> Images:
        """Return (N, C, H, W) of the same dtype; bytes are rounded to the nearest.

        images:  uint8, float32 or float64;  rng: a stream for each picture, or a Generator, see `data.streams`
        Raises ShapeError and DTypeError for other images.
        """
        drawn = streams(type(self).__name__, images, rng)
        height, width = images.shape[2:]
        return warp(images, self.maps(height, width, drawn))


@dataclass(frozen=True)
class RandomCrop(Movement):
    """Shift each picture by up to `padding` pixels either way; what comes in from outside is 0.

    It is a crop of the old size, at a place drawn evenly, out of the picture with `padding` zeros on every
    side. Zero is black before `Normalize` and the mean after it.

    padding:  pixels, ≥ 1
    Raises SettingError for another padding.
    Source: He et al. 2016, "Deep residual learning", §4.2.

    >>> from chainrule.random import Generator
    >>> RandomCrop(2)(np.ones((3, 1, 8, 8), np.float32), Generator(0)).shape
    (3, 1, 8, 8)
    """

    padding: int

    def __post_init__(self) -> None:
        if self.padding < 1:
            raise SettingError("RandomCrop: padding", f"{self.padding}", "at least 1 pixel", "padding=4")

    def maps(self, height: int, width: int, rng: Samples) -> Maps:
        made = _still(len(rng))
        made[:, :, 2] = rng.integers(-self.padding, self.padding + 1, 2)
        return made


@dataclass(frozen=True)
class RandomFlip(Movement):
    """Mirror each picture left to right with the given probability.

    Not for pictures whose class the mirror changes: digits, arrows, spirals that turn one way.

    probability:  0 … 1
    Raises SettingError for another probability.

    >>> from chainrule.random import Generator
    >>> RandomFlip(1.0)(np.arange(3, dtype=np.uint8).reshape(1, 1, 1, 3), Generator(0)).tolist()
    [[[[2, 1, 0]]]]
    """

    probability: float = 0.5

    def __post_init__(self) -> None:
        check_probability("RandomFlip", self.probability)

    def maps(self, height: int, width: int, rng: Samples) -> Maps:
        made, mirrored = _still(len(rng)), rng.uniform(()) < self.probability
        made[mirrored, 1, 1], made[mirrored, 1, 2] = -1, width - 1
        return made


@dataclass(frozen=True)
class RandomRotation(Movement):
    """Turn each picture about its centre by an angle drawn evenly from -degrees … degrees; outside is 0.

    Each pixel is read between four others: bilinear, at a place rounded to 1/256 pixel. Positive angles turn against
    the clock.

    degrees:  0 < degrees ≤ 180
    Raises SettingError for others.

    >>> from chainrule.random import Generator
    >>> RandomRotation(15)(np.ones((3, 1, 8, 8), np.uint8), Generator(0)).shape
    (3, 1, 8, 8)
    """

    degrees: float

    def __post_init__(self) -> None:
        if not 0 < self.degrees <= 180:
            raise SettingError(
                "RandomRotation: degrees", f"{self.degrees}", "a number above 0, up to 180", "degrees=15"
            )

    def maps(self, height: int, width: int, rng: Samples) -> Maps:
        angle = np.radians(rng.uniform((), -self.degrees, self.degrees, "float64"))
        return turned(angle, height, width)


def turned(angles: Images, height: int, width: int) -> Maps:
    """The maps of pictures turned about their centre against the clock.  angles: (N,) radians

    >>> turned(np.array([np.pi / 2]), 3, 3).round(9).tolist()
    [[[0.0, 1.0, 0.0], [-1.0, 0.0, 2.0]]]
    """
    cosine, sine = np.cos(angles), np.sin(angles)
    turn = np.stack([np.stack([cosine, sine], -1), np.stack([-sine, cosine], -1)], -2)
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    return np.concatenate([turn, (centre - turn @ centre)[..., np.newaxis]], -1)


def joined(first: Maps, second: Maps) -> Maps:
    """The maps of one movement after another, read at once."""
    turn = first[:, :, :2] @ second[:, :, :2]
    shift = first[:, :, :2] @ second[:, :, 2:] + first[:, :, 2:]
    return np.concatenate([turn, shift], -1)


def check_probability(who: str, probability: float) -> None:
    """Raise SettingError for what is no number from 0 to 1."""
    if not 0 <= probability <= 1:
        raise SettingError(f"{who}: probability", f"{probability}", "a number from 0 to 1", "0.5")


def _still(count: int) -> Maps:
    """The maps that move nothing."""
    return np.tile(np.eye(2, 3), (count, 1, 1))
