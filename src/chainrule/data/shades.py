"""What is done to each pixel of pictures (N, C, H, W) by itself, in compiled code where there is a compiler, else in
NumPy: the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.alone import compiles, run_alone
from ..kernels.shades import Mix, Scale

Images = NDArray[Any]
Floats = NDArray[np.float32]


def scaled(images: Images, slope: Floats, offset: Floats) -> Floats:
    """x · slope - offset, channel by channel.

    images:  (N, C, H, W) uint8 or float;  slope, offset: (C,) float32
    Returns (N, C, H, W) float32.

    >>> scaled(np.full((1, 1, 1, 2), 3, np.uint8), np.float32([2]), np.float32([1])).tolist()
    [[[[5.0, 5.0]]]]
    """
    images = np.ascontiguousarray(
        images if images.dtype == np.uint8 else images.astype(np.float32, copy=False)
    )
    if not compiles(Scale(images.dtype)):
        return scaled_plain(images, slope, offset)
    count, channels, height, width = images.shape
    out = np.empty(images.shape, np.float32)
    run_alone(Scale(images.dtype), [1, count, channels, height * width, slope, offset, images, out])
    return out


def scaled_plain(images: Images, slope: Floats, offset: Floats) -> Floats:
    """In NumPy."""
    out = images.astype(np.float32)
    out *= slope[:, np.newaxis, np.newaxis]
    out -= offset[:, np.newaxis, np.newaxis]
    return out


def mixed(images: Images, rest: Floats) -> Images:
    """x + rest · (the next picture's x - x), of the last with the first; bytes are rounded to the nearest.

    images:  (N, C, H, W) uint8, float32 or float64;  rest: (N,) from 0 to 1
    Returns the same shape and dtype.

    >>> mixed(np.array([0, 100], np.uint8).reshape(2, 1, 1, 1), np.float32([0.25, 0.5])).ravel().tolist()
    [25, 50]
    """
    if images.dtype == np.uint8:
        return np.rint(mixed(images.astype(np.float32), rest)).astype(np.uint8)
    images = np.ascontiguousarray(images)
    if images.dtype != np.float32 or not compiles(Mix()):
        return mixed_plain(images, rest)
    out = np.empty_like(images)
    run_alone(Mix(), [1, len(images), images[:1].size, rest, images, out])
    return out


def mixed_plain(images: Images, rest: Floats) -> Images:
    """In NumPy."""
    out = np.empty_like(images)
    np.subtract(images[1:], images[:-1], out=out[:-1])
    np.subtract(images[:1], images[-1:], out=out[-1:])
    out *= rest.astype(images.dtype)[:, np.newaxis, np.newaxis, np.newaxis]
    out += images
    return out
