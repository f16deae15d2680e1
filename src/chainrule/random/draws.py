"""Numbers of several distributions, made of random words: uniform, normal, beta, whole numbers.

Bits, uniforms and integers are the same on every machine; normal and beta numbers are the same up to the last places of
the machine's logarithm, cosine and power.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import DTypeError, SettingError
from .philox import Words, check_range

Shape = int | tuple[int, ...]


class Draws(ABC):
    """What a stream of random words, or one for each sample, is drawn into.

    A Generator gives `shape` numbers; Samples give `shape` for each sample, (N, *shape).
    """

    @abstractmethod
    def words(self, count: int) -> Words:
        """Return the next uint32 words, (count,) of one stream, or (N, count) of N streams."""

    def bits(self, shape: Shape) -> Words:
        """Return uint32 words of the given shape; drawing 3 and then 5 is drawing 8.

        >>> from chainrule.random import Generator
        >>> Generator(0).bits((2, 2)).dtype
        dtype('uint32')
        """
        shape = _check_shape(shape)
        words = self.words(math.prod(shape))
        return words.reshape((*words.shape[:-1], *shape))

    def uniform(
        self, shape: Shape, low: float = 0.0, high: float = 1.0, dtype: DTypeLike = "float32"
    ) -> NDArray[np.floating]:
        """Return numbers spread evenly over low ≤ x < high.

        One word gives the 24 bits of a float32, two words the 53 bits of a float64.
        Returns `shape` of dtype.
        Raises SettingError unless low ≤ high are finite, DTypeError unless dtype is float32 or float64.

        >>> from chainrule.random import Generator
        >>> bool(Generator(0).uniform(1000).max() < 1)
        True
        """
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise SettingError(
                "uniform", f"low = {low}, high = {high}", "finite numbers, low ≤ high", "swap them"
            )
        kind = _check_float(dtype)
        x = np.asarray(self._unit(_check_shape(shape), kind))  # of shape (), arithmetic gives no array
        x *= kind(high - low)
        x += kind(low)
        # low + (high - low) * x can round up to high itself.
        np.minimum(x, np.nextafter(kind(high), kind(low)), out=x)
        return x

    def normal(
        self, shape: Shape, mean: float = 0.0, std: float = 1.0, dtype: DTypeLike = "float32"
    ) -> NDArray[np.floating]:
        """Return numbers of the normal distribution, in pairs by the Box–Muller transform.

        z₀ = √(-2 ln u) · cos 2πv,  z₁ = √(-2 ln u) · sin 2πv,  u in (0, 1], v in [0, 1).
        u has 32 bits in float32 (|z| ≤ 6.7) and 53 in float64 (|z| ≤ 8.6). An odd number of elements draws as
        many words as the next even one.

        mean, std:  finite, std ≥ 0
        Returns `shape` of dtype.
        Raises SettingError, DTypeError (float32 and float64 only).
        Source: Box and Muller 1958, Annals of Mathematical Statistics 29, p. 610.

        >>> from chainrule.random import Generator
        >>> abs(float(Generator(0).normal(10_000).mean())) < 0.05
        True
        """
        if not (math.isfinite(mean) and math.isfinite(std) and std >= 0):
            raise SettingError(
                "normal", f"mean = {mean}, std = {std}", "finite numbers, std ≥ 0", "give std = abs(std)"
            )
        kind = _check_float(dtype)
        shape = _check_shape(shape)
        count = math.prod(shape)
        half = -(-count // 2)
        radius = np.sqrt(kind(-2) * np.log(self._unit_above_zero(half, kind)))
        angle = self._unit((half,), kind) * kind(2 * math.pi)
        z = np.concatenate((radius * np.cos(angle), radius * np.sin(angle)), axis=-1)[..., :count]
        z *= kind(std)
        z += kind(mean)
        return z.reshape((*z.shape[:-1], *shape))

    def beta(self, alpha: float, shape: Shape) -> NDArray[np.float64]:
        """Return numbers between 0 and 1 of the symmetric beta distribution: density ~ (x · (1 - x))^(α - 1).

        With w = u^(1/α) and c = cos 2πv:  x = ½ ± ½ · √((1 - w)·c² / (w + (1 - w)·c²)), the sign that of c. It is the
        square root of Bailey's polar form of Student's t with 2α degrees of freedom, t / √(2α + t²); nothing is
        rejected, so each number costs four words.

        alpha:  > 0; small: near 0 or 1, 1: uniform, large: near ½
        Returns `shape` float64.
        Raises SettingError for another alpha.
        Source: Bailey 1994, Mathematics of Computation 62, p. 779; Devroye 1996, "Random variate generation in one line
        of code", §3.

        >>> from chainrule.random import Generator
        >>> x = Generator(0).beta(0.2, 10_000)
        >>> bool(abs(x.mean() - 0.5) < 0.02), bool(abs(x.var() - 0.25 / 1.4) < 0.01)
        (True, True)
        """
        if not (math.isfinite(alpha) and alpha > 0):
            raise SettingError("beta", f"alpha = {alpha}", "a finite number above 0", "alpha = 0.2")
        pairs = self._unit((*_check_shape(shape), 2), np.float64)
        w = (1 - pairs[..., 0]) ** (1 / alpha)
        c = np.cos(2 * math.pi * pairs[..., 1])
        part = (1 - w) * c * c
        x: NDArray[np.float64] = 0.5 + np.copysign(0.5, c) * np.sqrt(part / (w + part))
        return x

    def integers(self, low: int, high: int, shape: Shape) -> NDArray[np.int64]:
        """Return whole numbers low ≤ i < high, as low + ⌊(high - low) · r / 2⁶⁴⌋ of 64 random bits r.

        No number is rejected, so each costs two words. For a span of s numbers the chance of each differs
        from 1/s by less than s / 2⁶⁴ of it, at most one part in 2³².

        high - low:  1 … 2³²
        Returns `shape` int64.
        Raises SettingError for another span, or a bound outside int64.

        >>> from chainrule.random import Generator
        >>> Generator(0).integers(1, 7, 5)
        array([6, 2, 5, 6, 5])
        """
        low = check_range("integers: low", low, -(2**63), 2**63 - 1)
        high = check_range("integers: high", high, -(2**63), 2**63)
        span = check_range("integers: high - low", high - low, 1, 2**32)
        words = self.bits((*_check_shape(shape), 2)).astype(np.uint64)
        upper, lower = words[..., 0], words[..., 1]
        # The top 64 of the 96 bits of span · r, then their top 32; no sum here reaches 2⁶⁴.
        product = upper * np.uint64(span) + (lower * np.uint64(span) >> np.uint64(32))
        return (product >> np.uint64(32)).astype(np.int64) + low

    def _unit(self, shape: tuple[int, ...], kind: type[np.floating]) -> NDArray[np.floating]:
        """Draw from [0, 1) with all the bits that the dtype holds."""
        if kind is np.float32:
            return (self.bits(shape) >> np.uint32(8)).astype(np.float32) * np.float32(2**-24)
        words = self.bits((*shape, 2)).astype(np.uint64)
        return ((words[..., 0] << np.uint64(21)) | (words[..., 1] >> np.uint64(11))) * np.float64(2**-53)

    def _unit_above_zero(self, count: int, kind: type[np.floating]) -> NDArray[np.floating]:
        """Draw from (0, 1], whose logarithm is finite."""
        if kind is np.float32:
            # Near 0, where the tails of the normal come from, float32 holds all 32 bits.
            return (self.bits(count).astype(np.float32) + np.float32(1)) * np.float32(2**-32)
        return 1 - self._unit((count,), kind)


def _check_shape(shape: Shape) -> tuple[int, ...]:
    """Return the shape as a tuple of sizes ≥ 0."""
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    return tuple(check_range("shape", size, 0, None) for size in sizes)


def _check_float(dtype: DTypeLike) -> type[np.floating]:
    kind = np.dtype(dtype)
    if kind == np.float32:
        return np.float32
    if kind == np.float64:
        return np.float64
    raise DTypeError("Generator", f"dtype {kind}", "float32 or float64", 'dtype="float32"')
