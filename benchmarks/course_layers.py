"""The layers that `course.py` measures: what they are given, and how each framework writes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Layer(NamedTuple):
    """shapes: of what it is given, the gradient to each is wanted;  pictures: whether the first are pictures
    settings: of a convolution
    """

    name: str
    title: str
    kind: str
    shapes: tuple[tuple[int, ...], ...]
    pictures: bool = False
    settings: tuple[tuple[str, int], ...] = ()

    def arrays(self) -> list[np.ndarray]:
        rng = np.random.default_rng(0)
        return [rng.standard_normal(shape, "f4") for shape in self.shapes]

    def upstream(self, shape: tuple[int, ...]) -> np.ndarray:
        """The gradient that arrives at the result."""
        return np.random.default_rng(1).standard_normal(shape, "f4")


def norm(rows: int, width: int) -> Layer:
    shapes = ((rows, width), (width,), (width,))
    return Layer(f"norm{width}", f"layer norm, {rows:,} × {width}", "norm", shapes)


def depthwise(stride: int) -> Layer:
    shapes, settings = ((32, 64, 56, 56), (64, 1, 3, 3)), (("stride", stride), ("padding", 1), ("groups", 64))
    title = f"depthwise convolution 3×3, 64 channels, 56×56, stride {stride}, batch 32"
    return Layer(f"depthwise{stride}", title, "conv", shapes, True, settings)


def transposed(channels: int, filters: int, size: int) -> Layer:
    shapes, settings = (
        ((64, channels, size, size), (channels, filters, 4, 4)),
        (("stride", 2), ("padding", 1)),
    )
    title = f"transposed convolution 4×4, {channels} → {filters}, {size}×{size} to {2 * size}×{2 * size}, batch 64"
    return Layer(f"transposed{channels}", title, "transposed", shapes, True, settings)


LAYERS = (
    norm(2048, 512),
    norm(4096, 768),
    Layer(
        "attention", "attention, batch 16, 8 heads, 128 steps, 64 wide", "attention", ((16, 8, 128, 64),) * 3
    ),
    transposed(256, 128, 8),
    transposed(128, 64, 16),
    depthwise(1),
    depthwise(2),
)
BY_NAME = {layer.name: layer for layer in LAYERS}
