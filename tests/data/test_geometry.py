"""Movements: shifts, mirrors, turns, each drawn for its picture."""

import numpy as np
import pytest

from chainrule.data import Compose, RandomCrop, RandomFlip, RandomRotation
from chainrule.data.geometry import joined, turned
from chainrule.data.warp import warp
from chainrule.errors import DTypeError, SettingError, ShapeError
from chainrule.random import Generator, Samples

from .augmented import depends_on_the_picture_alone, leaves_its_input, pictures

ALL = [
    RandomCrop(2),
    RandomFlip(),
    RandomRotation(30),
    Compose((RandomRotation(10), RandomFlip(), RandomCrop(1))),
]


@pytest.mark.parametrize("transform", ALL, ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_what_holds_for_all(transform, dtype):
    depends_on_the_picture_alone(transform, pictures().astype(dtype))
    leaves_its_input(transform, pictures().astype(dtype))


def test_crops_are_windows_of_the_padded_picture_drawn_for_each():
    images, pad = pictures(200), 2
    out = RandomCrop(pad)(images, Generator(1))
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    places = []
    for picture, crop in zip(padded, out, strict=True):
        windows = {
            (i, j): picture[:, i : i + 6, j : j + 5] for i in range(2 * pad + 1) for j in range(2 * pad + 1)
        }
        places.append([at for at, window in windows.items() if np.array_equal(window, crop)])
    assert all(len(place) == 1 for place in places)
    assert len({place[0] for place in places}) == 25


def test_a_shift_may_leave_nothing():
    images = np.ones((300, 1, 2, 2), np.uint8)
    sums = RandomCrop(3)(images, Generator(0)).sum((1, 2, 3))
    assert sorted(set(sums.tolist())) == [0, 1, 2, 4]


def test_flips_mirror_the_width_of_about_that_share():
    images = pictures(400)
    out = RandomFlip(0.25)(images, Generator(2))
    flipped = np.array([np.array_equal(a[..., ::-1], b) for a, b in zip(images, out, strict=True)])
    kept = np.array([np.array_equal(a, b) for a, b in zip(images, out, strict=True)])
    assert (flipped ^ kept).all() and 60 < flipped.sum() < 140


def test_flip_never_and_always():
    np.testing.assert_array_equal(RandomFlip(0.0)(pictures(), Generator(0)), pictures())
    np.testing.assert_array_equal(RandomFlip(1.0)(pictures(), Generator(0)), pictures()[..., ::-1])


@pytest.mark.parametrize("quarters", [1, 2, 3, -1])
def test_quarters_of_a_turn_are_exact(quarters):
    """Against the clock, as np.rot90 turns."""
    images = pictures(3, 3, 7, 7)
    out = warp(images, turned(np.full(3, quarters * np.pi / 2), 7, 7))
    np.testing.assert_array_equal(out, np.rot90(images, quarters, (2, 3)))


def test_half_a_turn_of_a_lying_picture_is_about_its_centre():
    images = pictures(2, 1, 4, 9)
    np.testing.assert_array_equal(warp(images, turned(np.full(2, np.pi), 4, 9)), images[..., ::-1, ::-1])


def test_a_turn_reads_a_ramp_where_it_should():
    """Bilinear reading of a plane is exact up to the place's 1/256 pixel."""
    i, j = np.mgrid[:21, :21].astype(np.float64)
    ramp = (3 * i - 2 * j)[np.newaxis, np.newaxis]
    angle = np.array([0.3])
    out = warp(ramp, turned(angle, 21, 21))[0, 0]
    y, x = i - 10, j - 10
    row, column = 10 + np.cos(0.3) * y + np.sin(0.3) * x, 10 - np.sin(0.3) * y + np.cos(0.3) * x
    inside = (row >= 0) & (row <= 20) & (column >= 0) & (column <= 20)
    assert inside.sum() > 300
    np.testing.assert_allclose(out[inside], (3 * row - 2 * column)[inside], atol=5 / 256)


def test_angles_are_even_and_never_more_than_asked():
    maps = RandomRotation(30).maps(9, 9, Samples(0, np.arange(5000)))
    angles = np.degrees(np.arctan2(maps[:, 0, 1], maps[:, 0, 0]))
    assert -30 <= angles.min() < -29.9 and 29.9 < angles.max() < 30
    assert np.abs(np.histogram(angles, 10, (-30, 30))[0] - 500).max() < 110


def test_one_movement_after_another_is_read_at_once():
    """Turned by 10 and by 20 degrees is turned by 30; flipped and shifted is shifted the other way and flipped."""
    ten, twenty, thirty = (turned(np.radians([angle]), 8, 6) for angle in (10, 20, 30))
    np.testing.assert_allclose(joined(ten, twenty), thirty, atol=1e-12)
    flip, shift = np.array([[[1, 0, 0], [0, -1, 5]]]), np.array([[[1, 0, 2], [0, 1, 1]]])
    images = pictures(1, 2, 8, 6)
    for first, second in ((flip, shift), (shift, flip)):
        np.testing.assert_array_equal(warp(images, joined(first, second)), warp(warp(images, first), second))


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (SettingError, lambda: RandomCrop(0)),
        (ShapeError, lambda: RandomCrop(1)(pictures()[0], Generator(0))),
        (ShapeError, lambda: RandomCrop(1)(pictures(), Samples(0, [1]))),
        (DTypeError, lambda: RandomCrop(1)(pictures().astype(int), Generator(0))),
        (SettingError, lambda: RandomFlip(1.5)),
        (SettingError, lambda: RandomFlip(float("nan"))),
        (ShapeError, lambda: RandomFlip()(pictures()[0], Generator(0))),
        (SettingError, lambda: RandomRotation(0)),
        (SettingError, lambda: RandomRotation(181)),
        (SettingError, lambda: RandomRotation(float("nan"))),
        (ShapeError, lambda: RandomRotation(5)(pictures()[0], Generator(0))),
    ],
)
def test_errors_have_their_four_parts(error, call):
    with pytest.raises(error) as caught:
        call()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
