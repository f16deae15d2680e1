"""The door of transforms: pictures have four axes, and each has a stream of random numbers of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DTypeError, ShapeError
from ..random import Generator, Samples

Images = NDArray[Any]
Streams = Samples | Generator
"""Streams of the pictures of a batch; a Generator stands for those of the pictures 0, 1, …"""


def streams(who: str, images: Images, rng: Streams) -> Samples:
    """Return one stream for each picture.

    images:  (N, C, H, W) uint8, float32 or float64
    rng:     N streams, or a generator, which stands for those of the pictures 0 … N - 1 and is not moved
    Raises ShapeError for other axes or another number of streams, DTypeError for other dtypes.
    """
    if images.ndim != 4:
        raise ShapeError(
            who,
            f"images of shape {images.shape}",
            "4 axes (N, C, H, W)",
            "images[np.newaxis] for one picture",
        )
    if images.dtype not in (np.uint8, np.float32, np.float64):
        raise DTypeError(
            who, f"images of dtype {images.dtype}", "uint8, float32 or float64", 'images.astype("uint8")'
        )
    if isinstance(rng, Generator):
        rng = rng.samples(np.arange(len(images)))
    if len(rng) != len(images):
        came = f"{len(images)} pictures and {len(rng)} streams"
        raise ShapeError(who, came, "a stream for each picture", "rng.samples(numbers of the pictures)")
    return rng
