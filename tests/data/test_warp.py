"""Warps: compiled and plain to the bit, and both against one pixel at a time in fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest

from chainrule.data import warp as module
from chainrule.data.warp import native, plain, warp
from chainrule.random import Generator

DTYPES = [np.uint8, np.float32, np.float64]


def some(shape, dtype=np.uint8):
    return (Generator(2).bits(shape) >> 24).astype(dtype)


def maps_for(count, height, width):
    """Turned, mirrored, shifted, stretched, far outside, in this order again and again."""
    rng = Generator(3)
    made = rng.normal((count, 2, 3), dtype="float64") * [1, 1, 5]
    made[1::5] = [[1, 0, -2], [0, -1, width - 1]]
    made[2::5] = [[1, 0, 1], [0, 1, 3]]
    made[3::5] = [[0.5, 0, 0.25], [0, 0.5, 0.75]]
    made[4::5, :, 2] *= 1e9
    return made


def one_pixel(plane, row, column):
    """The value between four pixels at a place of 1/256 pixel, in fractions."""
    top, left = math.floor(row), math.floor(column)
    total = Fraction(0)
    for i in (top, top + 1):
        for j in (left, left + 1):
            share = (1 - abs(row - i)) * (1 - abs(column - j))
            if 0 <= i < len(plane) and 0 <= j < len(plane[0]):
                total += share * int(plane[i][j])
    return total


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", [native, plain])
def test_each_pixel_is_weighed_between_four(form, dtype):
    images = some((5, 3, 6, 5), dtype)
    whole = np.rint(np.clip(maps_for(5, 6, 5), -100, 100) * 65536).astype(np.int64)
    out = form(images, whole)
    assert out.dtype == dtype and out.flags.c_contiguous
    for n, i, j in np.ndindex(5, 6, 5):
        row, column = (Fraction(int(m[0] * i + m[1] * j + m[2]) >> 8, 256) for m in whole[n])
        for c in range(3):
            wanted = one_pixel(images[n, c].tolist(), row, column)
            if dtype == np.uint8:
                assert out[n, c, i, j] == math.floor(wanted + Fraction(1, 2))
            else:
                assert abs(Fraction(float(out[n, c, i, j])) - wanted) <= 255 * np.finfo(dtype).eps * 4


SHAPES = [(7, 3, 6, 5), (6, 1, 33, 18), (6, 5, 16, 16), (6, 4, 1, 1), (6, 9, 3, 40), (0, 3, 4, 4)]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_compiled_and_plain_have_the_same_bits(shape, dtype):
    images = some(shape, dtype) / dtype(3) if dtype != np.uint8 else some(shape)
    whole = np.rint(maps_for(shape[0], *shape[2:]) * 65536).astype(np.int64)
    assert native(images, whole).tobytes() == plain(images, whole).tobytes()


@pytest.mark.parametrize("form", [native, plain])
def test_a_pixel_on_a_pixel_is_that_pixel(form):
    """Whatever its neighbours are: they have no weight."""
    images = np.full((1, 1, 3, 3), np.inf, np.float32)
    images[0, 0, 1] = [np.nan, -0.0, 1e-45]
    still = np.array([[[1, 0, 0], [0, 1, 0]]]) << 16
    assert form(images, still).tobytes() == images.tobytes()
    a_little = still + np.array([[[0, 100, 0], [0, 0, 0]]])  # not a copied row, and less than 1/256 pixel
    assert form(images, a_little).tobytes() == images.tobytes()


def test_without_a_compiler_numpy_does_it(monkeypatch):
    images, maps = some((4, 3, 6, 5)), maps_for(4, 6, 5)
    expected = warp(images, maps)

    def never(*arguments):
        raise AssertionError("compiled")

    monkeypatch.setattr(module, "compiles", lambda kernel: False)
    monkeypatch.setattr(module, "native", never)
    np.testing.assert_array_equal(warp(images, maps), expected)


def test_pictures_lie_anyhow_in_memory():
    images, maps = some((4, 3, 6, 5)), maps_for(4, 6, 5)
    turned = np.asfortranarray(images)
    np.testing.assert_array_equal(warp(turned, maps), warp(images, maps))


@pytest.mark.parametrize("far", [1e15, -1e300])
def test_a_place_beyond_all_numbers_is_outside(far):
    maps = np.array([[[1, 0, 0], [0, 1, far]]])
    assert not warp(np.ones((1, 1, 3, 3), np.uint8), maps).any()
