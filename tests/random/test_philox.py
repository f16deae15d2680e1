"""Philox against its published vectors and a scalar twin."""

import numpy as np
import pytest

from chainrule.random import random_bits
from chainrule.random.philox import _BLOCK, philox, stream

from .scalar import scalar_bits, scalar_philox

# Random123, file kat_vectors, lines "philox4x32 10": counter, key, result.
VECTORS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return np.array([int(word, 16) for word in text.split()], np.uint32)


@pytest.mark.parametrize(("counter", "key", "result"), VECTORS)
def test_philox_gives_the_published_vectors(counter, key, result):
    np.testing.assert_array_equal(philox(words(counter), words(key)), words(result))


def test_philox_takes_blocks_of_any_shape_and_leaves_them_alone():
    counter = np.arange(24, dtype=np.uint32).reshape(2, 3, 4)
    before, key = counter.copy(), np.array([5, 6], np.uint32)
    out = philox(counter, key)
    assert out.shape == (2, 3, 4) and out.dtype == np.uint32
    assert out[1, 2].tolist() == scalar_philox(counter[1, 2].tolist(), (5, 6))
    np.testing.assert_array_equal(counter, before)
    assert philox(np.zeros((0, 4), np.uint32), key).shape == (0, 4)


@pytest.mark.parametrize(
    ("seed", "layer", "step"), [(0, 0, 0), (7, 1, 2), (2**64 - 1, 2**32 - 2, 2**32 + 5), (2**40 + 3, 9, 11)]
)
def test_random_bits_are_those_of_the_scalar_twin(seed, layer, step):
    bits = random_bits(seed, layer, step, 103)
    assert bits.dtype == np.uint32
    assert bits.tolist() == [scalar_bits(seed, layer, step, i) for i in range(103)]


def test_random_bits_across_cache_blocks():
    count = 4 * _BLOCK * 2 + 7
    bits = random_bits(3, 4, 5, count)
    for i in [0, 4 * _BLOCK - 1, 4 * _BLOCK, 8 * _BLOCK + 1, count - 1]:
        assert bits[i] == scalar_bits(3, 4, 5, i)
    assert random_bits(3, 4, 5, 0).shape == (0,)


def test_the_block_counter_carries_into_its_upper_word():
    start = 4 * 2**32 - 6
    drawn = stream(1, (2, 3), start, 12)
    assert drawn.tolist() == [scalar_bits(1, 3, 2, start + i) for i in range(12)]
