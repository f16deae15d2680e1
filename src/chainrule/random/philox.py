"""Philox4x32-10: random words as a function of (key, counter), in NumPy.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, §3.3; constants
and test vectors from the authors' Random123 library.
"""

from __future__ import annotations

import operator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import DTypeError, SettingError, ShapeError

Words = NDArray[np.uint32]
_Pair = NDArray[np.uint64]

ROUNDS = 10
MASK = 0xFFFFFFFF
# Multipliers of words 0 and 2, and what each round adds to the key: the golden ratio and √3 - 1 in 32 bits.
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_COLUMN = np.array([MULTIPLIERS], np.uint64).T
WEYL = (0x9E3779B9, 0xBB67AE85)
# 16,384 counters at a time: four buffers of 256 KiB, which stay in a second-level cache.
_BLOCK = 16_384
# Generators count in this layer, which `random_bits` refuses, so that no layer's dropout repeats a shuffle.
GENERATOR_LAYER = MASK


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
    layer = check_range("random_bits: layer", layer, 0, GENERATOR_LAYER - 1)
    step = check_range("random_bits: step", step, 0, None)
    count = check_range("random_bits: count", count, 0, None)
    return stream(check_seed(seed), (step & MASK, layer), 0, count)


def stream(seed: int, upper: tuple[int, int], start: int, count: int) -> Words:
    """Return words start … start + count - 1 of the stream whose counters end in the two upper words."""
    first, last = start // 4, -(-(start + count) // 4)
    out = np.empty((last - first, 4), np.uint32)
    keys = _round_keys(seed & MASK, seed >> 32)
    buffers = np.empty((4, 2, min(_BLOCK, last - first)), np.uint64)
    for block in range(first, last, _BLOCK):
        size = min(_BLOCK, last - block)
        even, odd = buffers[0, :, :size], buffers[1, :, :size]
        index = np.arange(block, block + size, dtype=np.uint64)
        np.bitwise_and(index, np.uint64(MASK), out=even[0])
        np.right_shift(index, np.uint64(32), out=odd[0])
        even[1], odd[1] = upper
        _store(out[block - first :][:size], *_rounds(even, odd, keys, buffers[2:, :, :size]))
    skip = start - 4 * first
    return out.reshape(-1)[skip : skip + count]


def streams(seeds: tuple[int, ...], numbers: NDArray[np.int64], start: int, count: int) -> Words:
    """Return (K, N, count) words start … start + count - 1 of N streams of each of K seeds.

    A counter is (number, its high half, block, GENERATOR_LAYER): as blocks stay below GENERATOR_LAYER, neither a
    generator nor `random_bits` of the same seed counts there.

    numbers:  (N,) ≥ 0
    """
    first, last = start // 4, -(-(start + count) // 4)
    blocks, keys = last - first, _many_keys(seeds)
    out = np.empty((len(seeds), len(numbers), blocks, 4), np.uint32)
    rows = max(1, _BLOCK // max(1, blocks * len(seeds)))
    for row in range(0, len(numbers), rows):
        some = numbers[row : row + rows].astype(np.uint64)[:, np.newaxis]
        even, odd = np.empty((2, 2, len(seeds), len(some), blocks), np.uint64)
        even[0], odd[0] = some & np.uint64(MASK), some >> np.uint64(32)
        even[1], odd[1] = np.arange(first, last, dtype=np.uint64), GENERATOR_LAYER
        even, odd = _rounds(even, odd, keys, np.empty((2, *even.shape), np.uint64))
        out[:, row : row + rows, :, 0::2] = np.moveaxis(even, 0, -1)
        out[:, row : row + rows, :, 1::2] = np.moveaxis(odd, 0, -1)
    skip = start - 4 * first
    return out.reshape(len(seeds), len(numbers), 4 * blocks)[..., skip : skip + count]


@lru_cache(64)
def _many_keys(seeds: tuple[int, ...]) -> list[_Pair]:
    """Return the (2, K, 1, 1) keys of each round, for K seeds."""
    each = [_round_keys(seed & MASK, seed >> 32) for seed in seeds]
    return [np.stack(keys, 1)[..., np.newaxis] for keys in zip(*each, strict=True)]


def _round_keys(low: int, high: int) -> list[_Pair]:
    """Return the (2, 1) key of each round."""
    return [
        np.array([[(low + r * WEYL[0]) & MASK], [(high + r * WEYL[1]) & MASK]], np.uint64)
        for r in range(ROUNDS)
    ]


def _rounds(even: _Pair, odd: _Pair, keys: list[_Pair], scratch: NDArray[np.uint64]) -> tuple[_Pair, _Pair]:
    """Run the rounds on words (0, 2) and (1, 3) of blocks, each (2, …); writes to `even` and `scratch`.

    Both rows go through one call each. The upper halves of the odd words are left full of carried bits, which
    the mask on the even words and the final store cut off: that saves a pass a round.
    """
    product, other = scratch
    column = _COLUMN.reshape(2, *(1,) * (even.ndim - 1))
    for key in keys:
        np.multiply(even, column, out=product)
        swapped = product[::-1]
        np.right_shift(swapped, np.uint64(32), out=even)
        even ^= odd
        even ^= key
        even &= np.uint64(MASK)
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


def check_seed(seed: int) -> int:
    return check_range("seed", seed, 0, 2**64 - 1)


def check_range(who: str, value: int, low: int, high: int | None) -> int:
    """Return the value as a Python int, or raise SettingError if it is not a whole number in range."""
    expected = f"a whole number ≥ {low}" if high is None else f"a whole number from {low} to {high}"
    try:
        number = operator.index(value)
    except TypeError:
        raise SettingError(who, f"{value!r}", expected, f"give an int such as {max(low, 0)}") from None
    if number < low or (high is not None and number > high):
        raise SettingError(who, f"{number}", expected, "give a number in this range")
    return number
