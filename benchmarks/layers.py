"""The 3×3 convolutions of the ConvNets that are measured alone: their shapes, their three directions, their work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import prod
from typing import NamedTuple

import numpy as np
from pictures import CONVNETS
from turns import serve

WAYS = ("forward", "to pictures", "to filters")
"""A convolution, and its gradients to the pictures and to the filters."""
TURNS = 6
"""For each case; the first does not count."""
PICTURES = 3
"""Channels of the pictures themselves, to which nobody needs a gradient."""


class Case(NamedTuple):
    """One way of one layer.  size: rows and columns of the pictures that it reads, around them a border of 1"""

    network: str
    channels: int
    filters: int
    size: int
    stride: int
    way: str

    @property
    def batch(self) -> int:
        return CONVNETS[self.network].batch

    @property
    def made(self) -> int:
        """Rows and columns of the result."""
        return self.size // self.stride

    @property
    def flops(self) -> int:
        """Of the direct sum."""
        return 2 * self.batch * self.made**2 * self.channels * self.filters * 9

    @property
    def steps(self) -> int:
        """How many are run in one turn."""
        return max(1, round(5e9 / self.flops))

    @property
    def terms(self) -> int:
        """Products in one number of the result."""
        return {
            "forward": 9 * self.channels,
            "to pictures": 9 * self.filters,
            "to filters": self.batch * self.made**2,
        }[self.way]

    @property
    def tiled(self) -> bool:
        """Whether there is a Winograd kernel for it."""
        return self.stride == 1 and self.channels % 16 == 0 and self.filters % 16 == 0

    def __str__(self) -> str:
        apart = f", stride {self.stride}" if self.stride > 1 else ""
        return f"{self.channels} → {self.filters}, {self.size}×{self.size}{apart}"

    def numbers(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pictures (N, H, W, C), filters (F, C, 3, 3), and what is sent back (N, H', W', F)."""
        rng = np.random.default_rng(0)
        shapes = (
            (self.batch, self.size, self.size, self.channels),
            (self.filters, self.channels, 3, 3),
            (self.batch, self.made, self.made, self.filters),
        )
        x, w, y = (rng.standard_normal(prod(shape), "f4").reshape(shape) for shape in shapes)
        return x, w, y


LAYERS: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "convnet": ((3, 32, 32, 1), (32, 32, 32, 1), (32, 64, 16, 1), (64, 64, 16, 1)),
    "resnet20": (
        (3, 16, 32, 1),
        (16, 16, 32, 1),
        (16, 32, 32, 2),
        (32, 32, 16, 1),
        (32, 64, 16, 2),
        (64, 64, 8, 1),
    ),
    "vgg16": (
        (3, 64, 224, 1),
        (64, 64, 224, 1),
        (64, 128, 112, 1),
        (128, 128, 112, 1),
        (128, 256, 56, 1),
        (256, 256, 56, 1),
        (256, 512, 28, 1),
        (512, 512, 28, 1),
        (512, 512, 14, 1),
    ),
}
"""Channels, filters, rows of the pictures, stride: each once."""


def cases(names: Iterable[str]) -> list[Case]:
    """What is measured of some networks, in order."""
    return [
        Case(name, *layer, way)
        for name in names
        for layer in LAYERS[name]
        for way in WAYS
        if way != "to pictures" or layer[0] != PICTURES
    ]


def serve_cases(chosen: Iterable[Case], step_of: Callable[[Case], Callable[[], float]]) -> None:
    """The worker's side: each case for as many steps as its turns have."""

    def steps() -> Iterator[float]:
        for case in chosen:
            step = step_of(case)
            for _ in range(TURNS * case.steps):
                yield step()

    serve(steps().__next__)
