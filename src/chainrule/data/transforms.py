"""What happens to pictures (N, C, H, W) on their way to the network; no transform writes to its input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import DTypeError, SettingError, ShapeError, StateError
from ..random import Samples
from .dataset import Dataset
from .geometry import Movement, joined
from .shades import scaled
from .streams import Images, Streams, streams
from .warp import warp

Transform = Callable[[Images, Samples], Images]

_WHITE = 255.0  # the largest uint8
_CONSTANT = 1e-6  # a smaller deviation is the rounding of one and the same number
_CHUNK = 256  # pictures counted at a time


@dataclass(frozen=True)
class Normalize:
    """Bring each channel to mean 0 and standard deviation 1: out = (x / 255 - mean) / std.

    Bytes are divided by 255; float pictures are taken as lying in [0, 1] already.

    mean, std:  one number a channel, in units of the whole range from black to white; std > 0
    Raises SettingError for other settings; called, ShapeError or DTypeError for images that do not fit.

    >>> normalize = Normalize((0.5,), (0.5,))
    >>> normalize(np.array([0, 255], np.uint8).reshape(1, 1, 1, 2)).tolist()
    [[[[-1.0, 1.0]]]]
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", tuple(map(float, self.mean)))
        object.__setattr__(self, "std", tuple(map(float, self.std)))
        good = 0 < len(self.mean) == len(self.std) and np.isfinite(self.mean + self.std).all()
        if not good or min(self.std) <= 0:
            raise SettingError(
                "Normalize",
                f"mean = {self.mean}, std = {self.std}",
                "one finite number a channel, std > 0",
                "Normalize.fit(dataset)",
            )

    @classmethod
    def fit(cls, dataset: Dataset) -> Normalize:
        """Measure the training pictures, in float64.

        A channel that never changes gets std 1: it is centred and no more.
        """
        moments = _byte_moments if dataset.images.dtype == np.uint8 else _float_moments
        pairs = [moments(dataset.images[:, channel]) for channel in range(dataset.shape[0])]
        return cls(
            tuple(mean for mean, _ in pairs), tuple(std if std > _CONSTANT else 1.0 for _, std in pairs)
        )

    def __call__(self, images: Images, rng: Streams | None = None) -> NDArray[np.float32]:
        """Return (N, C, H, W) float32; `rng` is not used."""
        if images.ndim != 4 or images.shape[1] != len(self.mean):
            raise ShapeError(
                "Normalize",
                f"images of shape {images.shape}",
                f"(N, {len(self.mean)}, H, W)",
                "the pictures that it was fitted to, or fit it again",
            )
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            raise DTypeError("Normalize", f"dtype {images.dtype}", "uint8 or float", 'images.astype("uint8")')
        mean, std = np.array(self.mean), np.array(self.std)
        # One multiplication and one addition a pixel: x · 1/(scale·std) - mean/std.
        slope = 1 / (std * _WHITE) if images.dtype == np.uint8 else 1 / std
        return scaled(images, slope.astype(np.float32), (mean / std).astype(np.float32))

    def as_dict(self) -> dict[str, list[float]]:
        """Return the settings as plain lists, fit for JSON.

        >>> Normalize((0.5,), (0.25,)).as_dict()
        {'mean': [0.5], 'std': [0.25]}
        """
        return {"mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_dict(cls, settings: Mapping[str, Sequence[float]]) -> Normalize:
        """Return the transform whose `as_dict()` this was.

        Raises StateError for missing or foreign keys.
        """
        if set(settings) != {"mean", "std"}:
            raise StateError(
                "Normalize.from_dict",
                f"keys {sorted(settings)}",
                "keys ['mean', 'std']",
                "give what as_dict() returned",
            )
        return cls(tuple(settings["mean"]), tuple(settings["std"]))


@dataclass(frozen=True)
class Compose:
    """Transforms one after the other; step k draws from the streams `rng.split("step", k)`.

    Movements that follow each other (crop, flip, rotation) are one: pixels are read once, and what one of them moves
    out of the picture another may bring back.

    steps:  each is called with (images, rng)

    >>> from chainrule.data import RandomCrop, RandomFlip
    >>> from chainrule.random import Generator
    >>> transform = Compose((RandomFlip(), RandomCrop(1), Normalize((0.5,), (0.5,))))
    >>> transform(np.zeros((2, 1, 4, 4), np.uint8), Generator(0)).dtype
    dtype('float32')
    """

    steps: tuple[Transform, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(self.steps))

    def __call__(self, images: Images, rng: Streams) -> Images:
        """Return the images of the last step.

        rng:  a stream for each picture, or a Generator, see `data.streams`
        """
        maps = None
        children = streams("Compose", images, rng).children("step", len(self.steps))
        for step, own in zip(self.steps, children, strict=True):
            if isinstance(step, Movement):
                height, width = images.shape[2:]
                more = step.maps(height, width, own)
                maps = more if maps is None else joined(maps, more)
                continue
            if maps is not None:
                images, maps = warp(images, maps), None
            images = step(images, own)
        return images if maps is None else warp(images, maps)


def _byte_moments(channel: NDArray[np.uint8]) -> tuple[float, float]:
    """Return mean and standard deviation of bytes / 255: exact counts of the 256 levels, no large copy."""
    chunks = (channel[start : start + _CHUNK] for start in range(0, len(channel), _CHUNK))
    counts = sum(np.bincount(chunk.reshape(-1), minlength=256) for chunk in chunks)
    levels = np.arange(256) / _WHITE
    mean = float(np.average(levels, weights=counts))
    return mean, float(np.sqrt(np.average((levels - mean) ** 2, weights=counts)))


def _float_moments(channel: NDArray[np.float32]) -> tuple[float, float]:
    return float(channel.mean(dtype=np.float64)), float(channel.std(dtype=np.float64))
