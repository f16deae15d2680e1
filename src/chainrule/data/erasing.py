"""Rectangles of pictures (N, C, H, W) erased, so that a network learns not to rely on one part of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError
from ..random import Samples
from .geometry import check_probability
from .streams import Images, Streams, streams

Edges = NDArray[np.int64]


@dataclass(frozen=True)
class RandomErasing:
    """Paint over a rectangle of each picture with the given probability.

    Its area is drawn evenly; then the ratio of its sides, height to width, on a logarithmic scale, among those with
    which it fits; then its place, evenly.

    probability:  0 … 1
    area:   the least and the largest share of the picture, 0 < least ≤ largest ≤ 1
    ratio:  the least and the largest ratio, above 0
    fill:   one number for all channels, or one for each: 0 is black before `Normalize` and the mean after it
    Raises SettingError for others.
    Source: Zhong et al. 2020, "Random erasing data augmentation", AAAI, algorithm 1; the ratios on a logarithmic
    scale, as PyTorch draws them, so that neither lying nor standing rectangles are favoured.

    >>> from chainrule.random import Generator
    >>> erased = RandomErasing(1.0, area=(0.25, 0.25))(np.ones((3, 1, 8, 8), np.uint8), Generator(0))
    >>> (erased == 0).sum((1, 2, 3)).tolist()
    [14, 18, 15]
    """

    probability: float = 0.5
    area: tuple[float, float] = (0.02, 0.4)
    ratio: tuple[float, float] = (0.3, 1 / 0.3)
    fill: float | tuple[float, ...] = 0

    def __post_init__(self) -> None:
        check_probability("RandomErasing", self.probability)
        if not 0 < self.area[0] <= self.area[1] <= 1:
            raise SettingError(
                "RandomErasing: area", f"{self.area}", "0 < least ≤ largest ≤ 1", "(0.02, 0.4)"
            )
        if not 0 < self.ratio[0] <= self.ratio[1] < math.inf:
            raise SettingError("RandomErasing: ratio", f"{self.ratio}", "0 < least ≤ largest", "(0.3, 3.3)")
        if not np.isfinite(self.fill).all():
            raise SettingError("RandomErasing: fill", f"{self.fill}", "finite numbers", "fill=0")

    def __call__(self, images: Images, rng: Streams) -> Images:
        """Return (N, C, H, W) of the same dtype.

        images:  uint8, float32 or float64;  rng: a stream for each picture, or a Generator, see `data.streams`
        Raises ShapeError and DTypeError for other images, SettingError for a fill of other channels.
        """
        drawn = streams("RandomErasing", images, rng)
        height, width = images.shape[2:]
        rows, columns = self.rectangles(height, width, drawn)
        out = images.copy()
        inside = rows[:, np.newaxis, :, np.newaxis] & columns[:, np.newaxis, np.newaxis, :]
        np.copyto(out, self._paint(images), where=inside)
        return out

    def rectangles(
        self, height: int, width: int, rng: Samples
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Draw which rows (N, H) and columns (N, W) are erased; of a picture that stays, none."""
        chosen, share, shape, top, left = np.moveaxis(rng.uniform(5).astype(np.float64), -1, 0)
        share = self.area[0] + (self.area[1] - self.area[0]) * share
        flat = height / width  # a share s fits in with ratios from s · H / W to H / (s · W)
        least = np.clip(np.log(share * flat), math.log(self.ratio[0]), math.log(self.ratio[1]))
        most = np.clip(np.log(flat / share), math.log(self.ratio[0]), math.log(self.ratio[1]))
        sides = np.sqrt(np.exp(least + (most - least) * shape))
        root = np.sqrt(share * height * width)
        chosen = chosen < self.probability
        return _stretch(root * sides, height, top, chosen), _stretch(root / sides, width, left, chosen)

    def _paint(self, images: Images) -> Images:
        """The colour, to stand beside (N, C, H, W)."""
        fill = np.asarray(self.fill)
        if fill.ndim and fill.shape != images.shape[1:2]:
            came = f"{fill.size} numbers for pictures of {images.shape[1]} channels"
            raise SettingError("RandomErasing: fill", came, "one number, or one for each channel", "fill=0")
        if images.dtype == np.uint8:
            fill = np.clip(np.rint(fill), 0, 255)
        return fill.astype(images.dtype).reshape(-1, 1, 1)


def _stretch(
    length: NDArray[np.float64], whole: int, place: NDArray[np.float64], chosen: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(N, whole) bool: so many places in a row, 1 at least, of which the first is drawn; none where not chosen."""
    size = np.clip(np.rint(length), 1, whole).astype(np.int64)
    begin = np.floor(place * (whole - size + 1)).astype(np.int64)
    size[~chosen] = 0
    at = np.arange(whole)
    return (at >= begin[:, np.newaxis]) & (at < (begin + size)[:, np.newaxis])
