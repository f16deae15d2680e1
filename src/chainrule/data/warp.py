"""Pictures (N, C, H, W) moved by affine maps, in compiled code where there is a compiler, else in NumPy: the same bits.

A map says where the pixel of row i and column j is read: row = m₀₀·i + m₀₁·j + m₀₂, column = m₁₀·i + m₁₁·j + m₁₂.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..kernels.alone import compiles, run_alone
from ..kernels.warp import FRACTION, LEAST, WEIGHT, Warp

Images = NDArray[Any]
Maps = NDArray[np.float64]

_FAR = 2.0**40
"""Positions are cut to this many pixels, so that no sum leaves int64."""


def warp(images: Images, maps: Maps) -> Images:
    """Read each pixel at the place that the map of its picture gives, between four others; outside is 0.

    Places are rounded to 1/256 pixel, bytes to the nearest.
    images:  (N, C, H, W) uint8, float32 or float64;  maps: (N, 2, 3)
    Returns the same shape and dtype.

    >>> picture = np.arange(3, dtype=np.uint8).reshape(1, 1, 1, 3)
    >>> warp(picture, np.array([[[1, 0, 0], [0, 1, 0.5]]])).tolist()
    [[[[1, 2, 1]]]]
    """
    whole = np.rint(np.clip(maps, -_FAR, _FAR) * 2.0**FRACTION).astype(np.int64)
    images = np.ascontiguousarray(images)
    return native(images, whole) if compiles(Warp(images.dtype)) else plain(images, whole)


def native(images: Images, maps: NDArray[np.int64]) -> Images:
    """In compiled code.  maps: (N, 2, 3) in 1/65,536 pixel"""
    kernel, out = Warp(images.dtype), np.empty_like(images)
    height, width = images.shape[2:]
    words = np.empty((height + 2) * (width + 2), kernel.word)
    run_alone(kernel, [1, *images.shape, np.ascontiguousarray(maps), images, out, words])
    return out


def plain(images: Images, maps: NDArray[np.int64]) -> Images:
    """In NumPy.  maps: (N, 2, 3) in 1/65,536 pixel"""
    count, channels, height, width = images.shape
    framed = np.zeros((count, height + 2, width + 2, channels), images.dtype)
    framed[:, 1:-1, 1:-1] = images.transpose(0, 2, 3, 1)
    i, j = np.arange(height)[:, np.newaxis], np.arange(width)
    m = maps[..., np.newaxis, np.newaxis]
    row, column = (m[:, axis, 0] * i + m[:, axis, 1] * j + m[:, axis, 2] for axis in (0, 1))
    picture = np.arange(count)[:, np.newaxis, np.newaxis]

    def pixels(more_rows: int, more_columns: int) -> Images:
        r = np.clip((row + more_rows) >> FRACTION, -1, height) + 1
        c = np.clip((column + more_columns) >> FRACTION, -1, width) + 1
        return framed[picture, r, c]

    four = [pixels(r, c) for r in (0, LEAST) for c in (0, LEAST)]
    down, right = (_weight(position)[..., np.newaxis] for position in (row, column))
    made = _bytes(four, down, right) if images.dtype == np.uint8 else _floats(four, down, right)
    return np.ascontiguousarray(made.transpose(0, 3, 1, 2))


def _weight(position: NDArray[np.int64]) -> NDArray[np.int64]:
    """How far a position lies behind its pixel, in 1/256."""
    made: NDArray[np.int64] = (position >> FRACTION - WEIGHT) & ((1 << WEIGHT) - 1)
    return made


def _bytes(four: list[Images], down: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Four neighbours weighed in whole numbers, rounded to the nearest."""
    a, b, c, d = (pixel.astype(np.int64) for pixel in four)
    one = 1 << WEIGHT
    whole = ((a * one + (b - a) * right) * (one - down) + (c * one + (d - c) * right) * down) + one * one // 2
    return (whole // (one * one)).astype(np.uint8)


def _floats(four: list[Images], down: NDArray[np.int64], right: NDArray[np.int64]) -> Images:
    """Four neighbours weighed in floats."""
    a, b, c, d = four
    step = a.dtype.type(2.0**-WEIGHT)
    y, x = down.astype(a.dtype) * step, right.astype(a.dtype) * step
    with np.errstate(invalid="ignore"):  # infinity times no weight, where it is not taken
        upper, lower = a * (1 - x) + b * x, c * (1 - x) + d * x
        between = upper * (1 - y) + lower * y
    made: Images = np.where((down | right) == 0, a, between)
    return made
