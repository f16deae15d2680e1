"""Streams of random numbers, counted by Philox: uniform, normal, whole numbers, permutations, named children.

Bits, uniforms, integers and permutations are the same on every machine; normals are the same up to the last
place of the machine's logarithm and cosine.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import DTypeError, SettingError, StateError
from .philox import GENERATOR_LAYER, MASK, Words, check_range, check_seed, philox, stream

Shape = int | tuple[int, ...]


class Generator:
    """A stream of random numbers that can be split by name, saved and resumed exactly.

    seed:  0 … 2⁶⁴ - 1; None asks the operating system
    Raises SettingError for another seed.

    >>> rng = Generator(7)
    >>> rng.split("shuffle").permutation(5)
    array([3, 1, 4, 0, 2])
    >>> rng
    Generator(seed=7, position=0)
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = int.from_bytes(os.urandom(8), "little") if seed is None else check_seed(seed)
        self._position = 0

    @property
    def seed(self) -> int:
        """The seed that makes this stream again."""
        return self._seed

    def __repr__(self) -> str:
        return f"Generator(seed={self._seed}, position={self._position})"

    def bits(self, shape: Shape) -> Words:
        """Return uint32 words of the given shape; drawing 3 and then 5 is drawing 8.

        >>> Generator(0).bits((2, 2)).dtype
        dtype('uint32')
        """
        shape = _check_shape(shape)
        count = math.prod(shape)
        words = stream(self._seed, (MASK, GENERATOR_LAYER), self._position, count)
        self._position += count
        return words.reshape(shape)

    def uniform(
        self, shape: Shape, low: float = 0.0, high: float = 1.0, dtype: DTypeLike = "float32"
    ) -> NDArray[np.floating]:
        """Return numbers spread evenly over low ≤ x < high.

        One word gives the 24 bits of a float32, two words the 53 bits of a float64.
        Returns `shape` of dtype.
        Raises SettingError unless low ≤ high are finite, DTypeError unless dtype is float32 or float64.

        >>> bool(Generator(0).uniform(1000).max() < 1)
        True
        """
        if not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise SettingError(
                "uniform", f"low = {low}, high = {high}", "finite numbers, low ≤ high", "swap them"
            )
        kind = _check_float(dtype)
        x = self._unit(_check_shape(shape), kind)
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
        z = np.concatenate((radius * np.cos(angle), radius * np.sin(angle)))[:count]
        z *= kind(std)
        z += kind(mean)
        return z.reshape(shape)

    def integers(self, low: int, high: int, shape: Shape) -> NDArray[np.int64]:
        """Return whole numbers low ≤ i < high, as low + ⌊(high - low) · r / 2⁶⁴⌋ of 64 random bits r.

        No number is rejected, so each costs two words. For a span of s numbers the chance of each differs
        from 1/s by less than s / 2⁶⁴ of it, at most one part in 2³².

        high - low:  1 … 2³²
        Returns `shape` int64.
        Raises SettingError for another span, or a bound outside int64.

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

    def permutation(self, n: int) -> NDArray[np.int64]:
        """Return 0 … n - 1 in random order: the order of n random 64-bit keys, equal keys by index.

        Returns (n,) int64.
        Raises SettingError if n < 0.

        >>> sorted(Generator(0).permutation(4).tolist())
        [0, 1, 2, 3]
        """
        words = self.bits((check_range("permutation: n", n, 0, None), 2)).astype(np.uint64)
        keys = words[:, 0] << np.uint64(32) | words[:, 1]
        return np.argsort(keys, kind="stable").astype(np.int64, copy=False)

    def split(self, *key: int | str) -> Generator:
        """Return the independent child stream with this name.

        The same parent seed and key always give the same child, however far the parent has run, and the
        parent is not moved. The child's seed is the parent's, led through Philox by the key eight bytes at a
        time, so two of a million streams coincide with probability below 10⁻⁷.

        key:  one or more integers or strings; 1 and "1" are different
        Raises SettingError without a key, DTypeError for another type.

        >>> rng = Generator(3)
        >>> rng.split("epoch", 1).seed == rng.split("epoch", 1).seed != rng.split("epoch", 2).seed
        True
        """
        if not key:
            raise SettingError("split", "no key", "at least one integer or string", 'split("epoch", 0)')
        parts = "".join(f"{len(part)}:{part}" for part in map(_key_part, key))
        return Generator(_led(self._seed, parts.encode("utf-8", "surrogatepass")))

    def state(self) -> dict[str, int]:
        """Return what `from_state` needs to go on exactly here; plain numbers, fit for JSON.

        position:  words drawn so far

        >>> Generator(5).state()
        {'seed': 5, 'position': 0}
        """
        return {"seed": self._seed, "position": self._position}

    @classmethod
    def from_state(cls, state: Mapping[str, int]) -> Generator:
        """Return the generator whose `state()` this was.

        Raises StateError for missing or foreign keys, SettingError for numbers out of range.

        >>> rng = Generator(5); _ = rng.bits(3)
        >>> bool((Generator.from_state(rng.state()).bits(9) == rng.bits(9)).all())
        True
        """
        if set(state) != {"seed", "position"}:
            raise StateError(
                "Generator.from_state",
                f"keys {sorted(state)}",
                "keys ['position', 'seed']",
                "give what state() returned",
            )
        generator = cls(state["seed"])
        generator._position = check_range("Generator.from_state: position", state["position"], 0, None)
        return generator

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


_CURRENT: ContextVar[Generator | None] = ContextVar("chainrule_random", default=None)


def current() -> Generator:
    """Return the generator of the innermost `with seeded(...)`, else a fresh one from the operating system.

    Layers that are given no generator of their own use it.

    >>> with seeded(0) as rng:
    ...     current() is rng
    True
    """
    return _CURRENT.get() or Generator()


def chosen(rng: Generator | None) -> Generator:
    """Return the generator that is given, or the current one for None.

    Raises SettingError for anything else: a seed alone is no generator.

    >>> rng = Generator(0)
    >>> chosen(rng) is rng
    True
    """
    if rng is None:
        return current()
    if not isinstance(rng, Generator):
        came, seed = f"a {type(rng).__name__}", rng if type(rng) is int and rng >= 0 else 0
        raise SettingError("rng", came, "a random.Generator, or None", f"rng=Generator({seed})")
    return rng


@contextmanager
def seeded(seed: int) -> Iterator[Generator]:
    """Make everything random inside the block depend on this seed alone.

    seed:  0 … 2⁶⁴ - 1
    Raises SettingError for another seed.

    >>> with seeded(0):
    ...     first = current().uniform(3)
    >>> with seeded(0):
    ...     bool((current().uniform(3) == first).all())
    True
    """
    generator = Generator(seed)
    token = _CURRENT.set(generator)
    try:
        yield generator
    finally:
        _CURRENT.reset(token)


def _led(seed: int, text: bytes) -> int:
    """Return the 64 bits that a seed becomes when each block of a text encrypts itself under it in turn."""
    blocks = np.frombuffer(text + bytes(-len(text) % 8), "<u4").reshape(-1, 2)
    key = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32)
    for number, block in enumerate(blocks):
        counter = np.array([*block, number, len(text)], np.uint32)
        key = philox(counter, key)[:2] ^ block
    return int(key[0]) | int(key[1]) << 32


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


def _key_part(part: int | str) -> str:
    """Write a part of a key so that no two different keys read the same."""
    if isinstance(part, str):
        return f"s{part}"
    try:
        return f"i{operator.index(part)}"
    except TypeError:
        raise DTypeError(
            "split", f"a key of type {type(part).__name__}", "integers or strings", f"split({str(part)!r})"
        ) from None
