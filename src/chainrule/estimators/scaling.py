"""One scale for all numbers: each feature, or each channel of pictures, to mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..random import Generator
from ..tensor import Tensor
from ..train.steps import Runner

Array = NDArray[Any]

CHUNK = 1 << 18
"""Numbers looked at together while measuring: their float64 copies stay in the caches."""
ROUNDING = 1e-12
"""A deviation below this share of the mean is the rounding of one and the same number."""
HARMLESS = 1e-100, 1e100
"""Numbers between which float64 holds all squares, whatever is done with them."""
SAMPLE, TURNS = 2048, 20
"""Samples that the widest spread is estimated from, and multiplications by their covariance."""


class Scaling:
    """out = (x - mean) · slope, with which a learner meets data of any unit, pixels from 0 to 255 as well.

    mean, slope:  float64, of one sample's shape, or (C, 1, 1) for pictures
    Features that never change have slope 1: they become 0.

    >>> from chainrule import Tensor
    >>> scaling = Scaling.fit(np.array([[0.0, 7.0], [10.0, 7.0]]))
    >>> scaling(Tensor([[0.0, 7.0], [5.0, 8.0]]))
    Tensor([[-1., 0.], [ 0., 1.]])
    """

    def __init__(self, mean: Array, slope: Array) -> None:
        self.mean, self.slope = mean, slope

    @classmethod
    def fit(cls, X: Array, *, plain: bool = False) -> Self:
        """Measure samples (N, D) feature by feature, pictures (N, C, H, W) channel by channel; plain: gate by gate."""
        axes = (0, *range(2, X.ndim))
        mean, std = moments(X, axes, plain)
        shape = X.shape[1:2] + (1,) * (X.ndim - 2)
        least = 16 * np.finfo(X.dtype if X.dtype == np.float64 else np.float32).tiny  # has an inverse
        varies = std > np.maximum(ROUNDING * np.abs(mean), least)
        return cls(mean.reshape(shape), (1 / np.where(varies, std, 1.0)).reshape(shape))

    def __call__(self, x: Any) -> Any:
        """Samples to float32; those in float64 only after the mean is off, so that all they tell apart stays apart."""
        if x.dtype == np.float64:
            return ops.astype((x - self.mean) * self.slope, "float32")
        mean, slope = (part.astype("float32") for part in (self.mean, self.slope))
        return (ops.astype(x, "float32") - mean) * slope

    def widest(self, X: Array) -> float:
        """The largest variance that scaled rows (N, D) have in any direction, from some of them; 1 if they have none.

        It says how large a rate may be: the loss bends most along that direction.
        Source: power iteration, Golub & Van Loan 2013, §7.3.
        """
        rows = (X[:: max(1, len(X) // SAMPLE)].astype(np.float64) - self.mean) * self.slope
        direction = Generator(0).normal(rows.shape[1], dtype="float64")
        for _ in range(TURNS):
            direction /= np.linalg.norm(direction)
            direction = rows.T @ (rows @ direction) / len(rows)
            if not direction.any():
                return 1.0
        return float(np.linalg.norm(direction))


def moments(X: Array, axes: tuple[int, ...], plain: bool = False) -> tuple[Array, Array]:
    """Mean and standard deviation over these axes in float64, a few rows at a time.

    Source: Chan, Golub & LeVeque 1979, equation 2.1, which joins the sums of two parts.
    """
    unit = units(X, axes)
    if unit is not None:
        mean, std = moments(X * unit, axes, plain)
        return mean / unit.reshape(mean.shape), std / unit.reshape(std.shape)
    measure = Runner(lambda part: spread(ops.astype(part, "float64"), axes), plain=plain)
    count, mean, squares = 0, np.zeros(()), np.zeros(())
    each = int(np.prod([X.shape[axis] for axis in axes[1:]], dtype=int))
    rows = max(1, CHUNK // int(np.prod(X.shape[1:])))
    for begin in range(0, len(X), rows):
        part = X[begin : begin + rows]
        new = len(part) * each
        middle, variance = (found.numpy() for found in measure(Tensor.of(part)))
        apart = middle - mean
        squares = squares + variance * new + apart**2 * (count * new / (count + new))
        mean = mean + apart * (new / (count + new))
        count += new
    return mean, np.sqrt(squares / count)


def units(X: Array, axes: tuple[int, ...]) -> Array | None:
    """Powers of 2 that bring each feature near to 1, where squares would be lost; None where they are not."""
    if X.dtype != np.float64:
        return None
    reach = np.maximum(X.max(axis=axes, keepdims=True), -X.min(axis=axes, keepdims=True))
    if not reach.any() or (HARMLESS[0] < reach[reach > 0].min() and reach.max() < HARMLESS[1]):
        return None
    return np.asarray(np.exp2(np.clip(-np.floor(np.log2(np.where(reach > 0, reach, 1.0))), -1000, 1000)))


def spread(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Mean and variance over these axes."""
    return ops.mean(x, axis=axes), ops.var(x, axis=axes)
