"""Pixels by themselves: compiled and plain to the bit, and both near the formula in float64."""

import numpy as np
import pytest

from chainrule.data import shades as module
from chainrule.data.shades import mixed, mixed_plain, scaled, scaled_plain
from chainrule.random import Generator

SHAPES = [(5, 3, 4, 7), (1, 1, 1, 1), (2, 2, 16, 3), (0, 3, 2, 2)]


def some(shape, dtype):
    return (Generator(0).bits(shape) >> 24).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_scaled(shape, dtype):
    images = some(shape, dtype)
    slope, offset = Generator(1).normal((2, shape[1]))
    out = scaled(images, slope, offset)
    assert out.tobytes() == scaled_plain(images, slope, offset).tobytes() and out.dtype == np.float32
    wanted = images * slope.astype(float)[:, None, None] - offset.astype(float)[:, None, None]
    np.testing.assert_allclose(out, wanted, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("dtype", "error"), [(np.uint8, 0.501), (np.float32, 1e-4), (np.float64, 1e-4)])
def test_mixed(shape, dtype, error):
    images, rest = some(shape, dtype), Generator(2).uniform(shape[0])
    out = mixed(images, rest)
    assert out.dtype == dtype
    if dtype != np.uint8:
        assert out.tobytes() == mixed_plain(images, rest).tobytes()
    share = rest.astype(float)[:, None, None, None]
    np.testing.assert_allclose(out, (1 - share) * images + share * np.roll(images, -1, 0), atol=error)


def test_without_a_compiler_numpy_does_it(monkeypatch):
    def never(*arguments):
        raise AssertionError("compiled")

    images, numbers = some((5, 3, 4, 7), np.float32), Generator(3).uniform(5)
    expected = scaled(images, numbers[:3], numbers[:3]), mixed(images, numbers)
    monkeypatch.setattr(module, "compiles", lambda kernel: False)
    monkeypatch.setattr(module, "run_alone", never)
    np.testing.assert_array_equal(scaled(images, numbers[:3], numbers[:3]), expected[0])
    np.testing.assert_array_equal(mixed(images, numbers), expected[1])
