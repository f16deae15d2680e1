"""Erased rectangles: as many, as large, of such shapes and at such places as asked."""

import numpy as np
import pytest

from chainrule.data import RandomErasing
from chainrule.errors import DTypeError, SettingError, ShapeError
from chainrule.random import Generator, Samples

from .augmented import depends_on_the_picture_alone, leaves_its_input, pictures


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_what_holds_for_all(dtype):
    depends_on_the_picture_alone(RandomErasing(0.5), pictures().astype(dtype))
    leaves_its_input(RandomErasing(0.5), pictures().astype(dtype))


def drawn(erasing, height, width, count=4000):
    """Top, left, height and width of each rectangle that was drawn."""
    rows, columns = erasing.rectangles(height, width, Samples(1, np.arange(count)))
    tall, wide = rows.sum(1), columns.sum(1)
    assert ((tall > 0) == (wide > 0)).all()
    for places, size in ((rows, tall), (columns, wide)):
        begin = places.argmax(1)
        at = np.arange(places.shape[1])
        expected = (at >= begin[:, None]) & (at < (begin + size)[:, None])
        np.testing.assert_array_equal(places, expected)  # in one piece
    return np.stack([rows.argmax(1), columns.argmax(1), tall, wide])


def test_about_that_share_of_pictures_is_chosen():
    tall = drawn(RandomErasing(0.3), 32, 32)[2]
    assert 1050 < (tall > 0).sum() < 1350
    assert (drawn(RandomErasing(0.0), 32, 32)[2] == 0).all()
    assert (drawn(RandomErasing(1.0), 32, 32)[2] > 0).all()


@pytest.mark.parametrize(("height", "width"), [(200, 200), (100, 300), (300, 100)])
def test_areas_and_ratios_are_those_asked(height, width):
    _, _, tall, wide = drawn(RandomErasing(1.0, area=(0.05, 0.3), ratio=(0.5, 2.0)), height, width)
    share = tall * wide / (height * width)
    assert share.min() > 0.045 and share.max() < 0.31
    assert abs(share.mean() - 0.175) < 0.01
    ratio = np.log(tall / wide)
    assert np.log(0.5) - 0.05 < ratio.min() and ratio.max() < np.log(2.0) + 0.05
    assert height != width or abs(ratio.mean()) < 0.03


def test_every_place_is_as_likely():
    top, left, tall, wide = drawn(RandomErasing(1.0, area=(0.25, 0.25), ratio=(1.0, 1.0)), 8, 8)
    assert (tall == 4).all() and (wide == 4).all()
    counts = np.bincount(top * 5 + left, minlength=25)
    assert len(counts) == 25 and np.abs(counts - 160).max() < 65


def test_a_share_that_fits_in_one_way_only():
    """The whole picture, whatever its shape; and lying rectangles alone, where standing ones would not fit."""
    _, _, tall, wide = drawn(RandomErasing(1.0, area=(1.0, 1.0)), 6, 10)
    assert (tall == 6).all() and (wide == 10).all()
    _, _, tall, wide = drawn(RandomErasing(1.0, area=(0.5, 0.5), ratio=(0.01, 100.0)), 10, 1000)
    assert tall.max() <= 10 and tall.min() >= 5 and np.abs(tall * wide / 5000 - 1).max() < 0.12


def test_the_fill_is_one_colour():
    images = pictures(50)
    out = RandomErasing(1.0, fill=(1.4, 300, -3))(images, Generator(0))
    changed = (out != images).any(1)
    assert changed.any()
    for channel, level in enumerate((1, 255, 0)):
        assert (np.moveaxis(out, 1, 0)[channel][changed] == level).all()
    floats = RandomErasing(1.0, fill=0.5)(images.astype(np.float32), Generator(0))
    assert (np.moveaxis(floats, 1, 0)[:, changed] == 0.5).all()


def test_what_is_not_finite_is_erased_too():
    images = np.full((1, 1, 4, 4), np.nan, np.float32)
    assert (RandomErasing(1.0, area=(1.0, 1.0))(images, Generator(0)) == 0).all()


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (SettingError, lambda: RandomErasing(1.1)),
        (SettingError, lambda: RandomErasing(0.5, area=(0.0, 0.5))),
        (SettingError, lambda: RandomErasing(0.5, area=(0.5, 0.4))),
        (SettingError, lambda: RandomErasing(0.5, area=(0.5, 1.4))),
        (SettingError, lambda: RandomErasing(0.5, ratio=(0.0, 1.0))),
        (SettingError, lambda: RandomErasing(0.5, ratio=(1.0, float("inf")))),
        (SettingError, lambda: RandomErasing(0.5, fill=float("nan"))),
        (SettingError, lambda: RandomErasing(0.5, fill=(0, 0))(pictures(), Generator(0))),
        (ShapeError, lambda: RandomErasing()(pictures()[0], Generator(0))),
        (DTypeError, lambda: RandomErasing()(pictures().astype(int), Generator(0))),
    ],
)
def test_errors_have_their_four_parts(error, call):
    with pytest.raises(error) as caught:
        call()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
