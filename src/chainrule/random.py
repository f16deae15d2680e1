"""Random numbers by counting, behind shuffling, initializing, dropout, augmentation: Philox4x32-10 in NumPy.

The generator is a function of (key, counter) and has no hidden state, so any number can be made alone, in
any order, on any number of threads. Bits, uniforms, integers and permutations are the same on every machine;
normals are the same up to the last place of the machine's logarithm and cosine.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, §3.3; constants
and test vectors from the authors' Random123 library.
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

from .errors import DTypeError, SettingError, ShapeError, StateError

Shape = int | tuple[int, ...]
Words = NDArray[np.uint32]
_Pair = NDArray[np.uint64]

_ROUNDS = 10
_MASK = 0xFFFFFFFF
# Multipliers of words 0 and 2, and what each round adds to the key: the golden ratio and √3 - 1 in 32 bits.
_MULTIPLIERS = np.array([[0xD2511F53], [0xCD9E8D57]], np.uint64)
_WEYL = (0x9E3779B9, 0xBB67AE85)
# 16,384 counters at a time: four buffers of 256 KiB, which stay in a second-level cache.
_BLOCK = 16_384
# Generators count in this layer, which `random_bits` refuses, so that no layer's dropout repeats a shuffle.
_GENERATOR_LAYER = _MASK


def philox(counter: Words, key: Words) -> Words:
    """Encrypt each counter with the key: ten rounds of Philox4x32.

    A round on words (c₀, c₁, c₂, c₃) with key (k₀, k₁), hi and lo the halves of a 64-bit product:
    c₀' = hi(M₁·c₂) ^ c₁ ^ k₀,  c₁' = lo(M₁·c₂),  c₂' = hi(M₀·c₀) ^ c₃ ^ k₁,  c₃' = lo(M₀·c₀).

    counter:  (..., 4) uint32   one block each
    key:      (2,) uint32
    Returns (..., 4) uint32.
    Raises ShapeError, DTypeError.
    Source: Salmon et al. 2011, §3.3.

    >>> block = philox(np.zeros(4, np.uint32), np.zeros(2, np.uint32))
    >>> [f"{word:08x}" for word in block]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    _check_words("counter", counter, counter.shape[-1:] == (4,), "(..., 4)")
    _check_words("key", key, key.shape == (2,), "(2,)")
    rows = counter.reshape(-1, 4).T.astype(np.uint64)
    even, odd = rows[0::2].copy(), rows[1::2].copy()
    scratch = np.empty((2, *even.shape), np.uint64)
    out = np.empty((even.shape[1], 4), np.uint32)
    _store(out, *_rounds(even, odd, _round_keys(int(key[0]), int(key[1])), scratch))
    return out.reshape(counter.shape)


def random_bits(seed: int, layer: int, step: int, count: int) -> Words:
    """Return the random words of one layer in one training step.

    Element i is word i % 4 of the block whose counter is (i // 4, its high half, step mod 2³², layer) and
    whose key is the seed's 64 bits: the same numbers whoever asks, in whatever order.

    seed:   0 … 2⁶⁴ - 1
    layer:  0 … 2³² - 2   the layer's own number
    step:   ≥ 0           the training step
    count:  ≥ 0           words
    Returns (count,) uint32.
    Raises SettingError for a number outside its range.
    Cost: about 7 ns a word.

    >>> random_bits(0, 0, 0, 2), random_bits(0, 0, 1, 2)
    (array([1713891541, 3781805453], dtype=uint32), array([...], dtype=uint32))
    """
    layer = _check_range("random_bits: layer", layer, 0, _GENERATOR_LAYER - 1)
    step = _check_range("random_bits: step", step, 0, None)
    count = _check_range("random_bits: count", count, 0, None)
    return _words(_check_seed(seed), (step & _MASK, layer), 0, count)


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
        self._seed = int.from_bytes(os.urandom(8), "little") if seed is None else _check_seed(seed)
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
        words = _words(self._seed, (_MASK, _GENERATOR_LAYER), self._position, count)
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
        low = _check_range("integers: low", low, -(2**63), 2**63 - 1)
        high = _check_range("integers: high", high, -(2**63), 2**63)
        span = _check_range("integers: high - low", high - low, 1, 2**32)
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
        words = self.bits((_check_range("permutation: n", n, 0, None), 2)).astype(np.uint64)
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
        generator._position = _check_range("Generator.from_state: position", state["position"], 0, None)
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

    Layers that are given no generator of their own use it: `rng or random.current()`.

    >>> with seeded(0) as rng:
    ...     current() is rng
    True
    """
    return _CURRENT.get() or Generator()


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


def _words(seed: int, upper: tuple[int, int], start: int, count: int) -> Words:
    """Return words start … start + count - 1 of the stream whose counters end in the two upper words."""
    first, last = start // 4, -(-(start + count) // 4)
    out = np.empty((last - first, 4), np.uint32)
    keys = _round_keys(seed & _MASK, seed >> 32)
    buffers = np.empty((4, 2, min(_BLOCK, last - first)), np.uint64)
    for block in range(first, last, _BLOCK):
        size = min(_BLOCK, last - block)
        even, odd = buffers[0, :, :size], buffers[1, :, :size]
        index = np.arange(block, block + size, dtype=np.uint64)
        np.bitwise_and(index, np.uint64(_MASK), out=even[0])
        np.right_shift(index, np.uint64(32), out=odd[0])
        even[1], odd[1] = upper
        _store(out[block - first :][:size], *_rounds(even, odd, keys, buffers[2:, :, :size]))
    skip = start - 4 * first
    return out.reshape(-1)[skip : skip + count]


def _led(seed: int, text: bytes) -> int:
    """Return the 64 bits that a seed becomes when each block of a text encrypts itself under it in turn."""
    blocks = np.frombuffer(text + bytes(-len(text) % 8), "<u4").reshape(-1, 2)
    key = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32)
    for number, block in enumerate(blocks):
        counter = np.array([*block, number, len(text)], np.uint32)
        key = philox(counter, key)[:2] ^ block
    return int(key[0]) | int(key[1]) << 32


def _round_keys(low: int, high: int) -> list[_Pair]:
    """Return the (2, 1) key of each round."""
    return [
        np.array([[(low + r * _WEYL[0]) & _MASK], [(high + r * _WEYL[1]) & _MASK]], np.uint64)
        for r in range(_ROUNDS)
    ]


def _rounds(even: _Pair, odd: _Pair, keys: list[_Pair], scratch: NDArray[np.uint64]) -> tuple[_Pair, _Pair]:
    """Run the rounds on words (0, 2) and (1, 3) of n blocks, each (2, n); writes to `even` and `scratch`.

    Both rows go through one call each. The upper halves of the odd words are left full of carried bits, which
    the mask on the even words and the final store cut off: that saves a pass a round.
    """
    product, other = scratch
    for key in keys:
        np.multiply(even, _MULTIPLIERS, out=product)
        swapped = product[::-1]
        np.right_shift(swapped, np.uint64(32), out=even)
        even ^= odd
        even ^= key
        even &= np.uint64(_MASK)
        odd, product, other = swapped, other, product
    return even, odd


def _store(out: Words, even: _Pair, odd: _Pair) -> None:
    """Interleave the words into (n, 4); the cast keeps the lower 32 bits."""
    out[:, 0::2], out[:, 1::2] = even.T, odd.T


def _check_words(name: str, words: Words, fits: bool, expected: str) -> None:
    if words.dtype != np.uint32:
        raise DTypeError(f"philox: {name}", f"dtype {words.dtype}", "uint32", f'{name}.astype("uint32")')
    if not fits:
        raise ShapeError(
            f"philox: {name}", f"shape {words.shape}", f"shape {expected}", "put the words in the last axis"
        )


def _check_seed(seed: int) -> int:
    return _check_range("seed", seed, 0, 2**64 - 1)


def _check_range(who: str, value: int, low: int, high: int | None) -> int:
    """Return the value as a Python int, or raise SettingError if it is not a whole number in range."""
    expected = f"a whole number ≥ {low}" if high is None else f"a whole number from {low} to {high}"
    try:
        number = operator.index(value)
    except TypeError:
        raise SettingError(who, f"{value!r}", expected, f"give an int such as {max(low, 0)}") from None
    if number < low or (high is not None and number > high):
        raise SettingError(who, f"{number}", expected, "give a number in this range")
    return number


def _check_shape(shape: Shape) -> tuple[int, ...]:
    """Return the shape as a tuple of sizes ≥ 0."""
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    return tuple(_check_range("shape", size, 0, None) for size in sizes)


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
