"""Rectifying layers beside ReLU: leaky ones, one that learns its slopes, and maxout."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..ops.arguments import at_least, finite, whole_axis
from ..random import Generator
from .init import parameter
from .module import Module


class LeakyReLU(Module):
    """x where x > 0, negative_slope · x elsewhere, of any shape.

    Raises SettingError unless the slope is a finite number, DTypeError unless x is float32 or float64.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = finite("LeakyReLU", "negative_slope", negative_slope, 0.01)

    def forward(self, x: Any) -> Any:
        return ops.leaky_relu(x, negative_slope=self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope:g}"


class PReLU(Module):
    """x where x > 0, weight · x elsewhere: a slope that is learned, for each channel or one for all.

    weight (num_parameters,), as in PyTorch; x (N, num_parameters, …), or of any shape for one slope.
    num_parameters:  1, or the number of channels
    init:  what each slope begins with
    Raises SettingError for other settings, ShapeError if x has another number of channels, DTypeError unless x is
    float32.

    >>> from chainrule import Tensor, nn
    >>> nn.PReLU()(Tensor([-2.0, 3.0])).tolist()
    [-0.5, 3.0]
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        self.num_parameters = at_least("PReLU", "num_parameters", num_parameters, 1)
        self.init = finite("PReLU", "init", init, 0.25)
        self.weight = parameter((num_parameters,), self.begin, None)

    def begin(self, shape: tuple[int, ...], rng: Generator) -> np.ndarray:
        """All slopes as they begin."""
        return np.full(shape, self.init, np.float32)

    def forward(self, x: Any) -> Any:
        return ops.prelu(x, self.weight)

    def parameter_sum(self) -> str:
        return str(self.num_parameters)

    def extra_repr(self) -> str:
        return f"{self.num_parameters}, init={self.init:g}"


class ELU(Module):
    """x where x > 0, alpha · (eˣ - 1) elsewhere, of any shape.

    Raises SettingError unless alpha is a finite number ≥ 0, DTypeError unless x is float32 or float64.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = finite("ELU", "alpha", alpha, 1.0, least=0)

    def forward(self, x: Any) -> Any:
        return ops.elu(x, alpha=self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha:g}"


class SELU(Module):
    """1.0507 · elu(x) with alpha = 1.6733, of any shape: signals keep mean 0 and variance 1.

    Raises DTypeError unless x is float32 or float64.
    """

    def forward(self, x: Any) -> Any:
        return ops.selu(x)


class Maxout(Module):
    """The largest of every `pieces` neighbouring features or channels: behind a layer that makes `pieces` for each.

    x (N, C·pieces, …) gives (N, C, …).
    Raises SettingError for pieces below 1, ShapeError if they do not divide the axis, IndexingError for an axis that x
    lacks, DTypeError unless x is a float or integer.
    Source: Goodfellow et al. 2013.

    >>> from chainrule import nn
    >>> nn.output_shape(nn.Sequential(nn.Conv2d(3, 32, 3), nn.Maxout(2)), (3, 8, 8))
    (16, 6, 6)
    """

    def __init__(self, pieces: int, axis: int = 1) -> None:
        self.pieces = at_least("Maxout", "pieces", pieces, 1)
        self.axis = whole_axis("Maxout", axis)

    def forward(self, x: Any) -> Any:
        return ops.maxout(x, self.pieces, axis=self.axis)

    def extra_repr(self) -> str:
        return f"{self.pieces}, axis={self.axis}"
