"""Transforms: what they compute, that they draw for each picture, and that they leave their input alone."""

import json

import numpy as np
import pytest

from chainrule.data import Compose, Dataset, Normalize, RandomCrop, RandomErasing, RandomFlip, RandomRotation
from chainrule.data.geometry import Movement, joined
from chainrule.data.warp import warp
from chainrule.errors import DTypeError, SettingError, ShapeError, StateError
from chainrule.random import Generator, Samples

from .augmented import depends_on_the_picture_alone, leaves_its_input, pictures


def dataset(images):
    return Dataset(images, np.zeros(len(images), np.int64), ("only",))


@pytest.mark.parametrize("count", [1, 20, 700])
def test_fit_measures_bytes_on_a_scale_of_one(count):
    images = pictures(count)
    normalize = Normalize.fit(dataset(images))
    np.testing.assert_allclose(normalize.mean, (images / 255).mean((0, 2, 3)), rtol=1e-12)
    np.testing.assert_allclose(normalize.std, (images / 255).std((0, 2, 3)), rtol=1e-12)


def test_fit_takes_floats_as_they_are():
    images = (pictures() / 255).astype(np.float32)
    normalize = Normalize.fit(dataset(images))
    np.testing.assert_allclose(normalize.std, images.astype(np.float64).std((0, 2, 3)), rtol=1e-9)
    np.testing.assert_allclose(normalize.mean, Normalize.fit(dataset(pictures())).mean, rtol=1e-6)


@pytest.mark.parametrize("images", [pictures(), (pictures() / 255).astype(np.float32), pictures() / 255])
def test_normalized_pictures_have_mean_0_and_deviation_1(images):
    out = Normalize.fit(dataset(pictures()))(images)
    assert out.dtype == np.float32 and out.shape == images.shape
    np.testing.assert_allclose(out.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(out.std((0, 2, 3)), 1, atol=1e-5)


def test_normalize_is_its_formula():
    normalize = Normalize((0.1, 0.2, 0.3), (0.5, 0.25, 2.0))
    expected = (pictures() / 255 - np.reshape(normalize.mean, (3, 1, 1))) / np.reshape(
        normalize.std, (3, 1, 1)
    )
    np.testing.assert_allclose(normalize(pictures()), expected, rtol=1e-5, atol=1e-6)


# In float64 the mean of pictures of 7, 14 and 46 is not quite their level: a deviation of 10⁻¹⁷.
@pytest.mark.parametrize("level", [0, 7, 14, 46, 255])
@pytest.mark.parametrize("count", [1, 3])
def test_a_constant_channel_is_only_centred(level, count):
    for images in (
        np.full((count, 1, 7, 7), level, np.uint8),
        np.full((count, 1, 7, 7), level / 255, np.float32),
    ):
        normalize = Normalize.fit(dataset(images))
        assert normalize.std == (1.0,)
        np.testing.assert_allclose(normalize(images), 0, atol=1e-6)


def test_normalize_goes_through_json():
    normalize = Normalize.fit(dataset(pictures()))
    assert Normalize.from_dict(json.loads(json.dumps(normalize.as_dict()))) == normalize


def test_each_step_draws_from_a_child_of_its_own():
    steps = [RandomErasing(0.7), RandomErasing(0.7, fill=9), Normalize((0.5,) * 3, (0.5,) * 3)]
    rng = Generator(3).samples(np.arange(20))
    expected = pictures()
    for number, step in enumerate(steps):
        expected = step(expected, rng.split("step", number))
    np.testing.assert_array_equal(Compose(steps)(pictures(), Generator(3)), expected)
    assert Compose(steps) == Compose(tuple(steps))


def test_movements_that_follow_each_other_are_read_at_once():
    images, rng = pictures(), Samples(3, np.arange(20))
    turn, crop = RandomRotation(40), RandomCrop(3)
    maps = joined(turn.maps(6, 5, rng.split("step", 0)), crop.maps(6, 5, rng.split("step", 1)))
    np.testing.assert_array_equal(Compose((turn, crop))(images, rng), warp(images, maps))
    erase = RandomErasing(1.0)
    apart = crop(erase(turn(images, rng.split("step", 0)), rng.split("step", 1)), rng.split("step", 2))
    np.testing.assert_array_equal(Compose((turn, erase, crop))(images, rng), apart)


def test_what_is_moved_out_may_be_brought_back():
    there, back = (MovedBy(shift) for shift in (4, -4))
    images = pictures()
    np.testing.assert_array_equal(Compose((there, back))(images, Generator(0)), images)
    assert not np.array_equal(back(there(images, Generator(0)), Generator(0)), images)


class MovedBy(Movement):
    """Down by so many rows."""

    def __init__(self, rows):
        self.rows = rows

    def maps(self, height, width, rng):
        return np.tile([[1, 0, -self.rows], [0, 1, 0]], (len(rng), 1, 1))


def test_steps_of_ones_own():
    """Any function of (images, rng) is a transform; rng has a stream for each picture."""

    def noise(images, rng):
        return images + rng.normal(images.shape[1:], std=2.0)

    transform = Compose((RandomFlip(), noise, Normalize((0.5,) * 3, (0.5,) * 3)))
    depends_on_the_picture_alone(transform, pictures().astype(np.float32))


ALL = [
    Normalize((0.5,) * 3, (0.5,) * 3),
    Compose((RandomFlip(), RandomCrop(1), RandomErasing(0.5), Normalize((0.5,) * 3, (0.5,) * 3))),
]


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_no_transform_writes_to_its_input(transform, dtype):
    leaves_its_input(transform, pictures().astype(dtype))


def test_no_step_at_all():
    assert Compose(())(pictures(), Generator(0)) is not None


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (SettingError, lambda: Normalize((0.5,), (0.0,))),
        (SettingError, lambda: Normalize((0.5, 0.5), (1.0,))),
        (SettingError, lambda: Normalize((float("nan"),), (1.0,))),
        (SettingError, lambda: Normalize((), ())),
        (ShapeError, lambda: Normalize((0.5,), (0.5,))(pictures())),
        (ShapeError, lambda: Normalize((0.5,), (0.5,))(pictures()[0])),
        (DTypeError, lambda: Normalize((0.5,) * 3, (0.5,) * 3)(pictures().astype(np.int64))),
        (StateError, lambda: Normalize.from_dict({"mean": [0.5]})),
        (ShapeError, lambda: Compose((RandomFlip(),))(pictures()[0], Generator(0))),
    ],
)
def test_errors_have_their_four_parts(error, call):
    with pytest.raises(error) as caught:
        call()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
