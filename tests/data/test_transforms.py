"""Transforms: what they compute, that they draw for each picture, and that they leave their input alone."""

import json

import numpy as np
import pytest

from chainrule.data import Compose, Dataset, Normalize, RandomCrop, RandomFlip
from chainrule.errors import DTypeError, SettingError, ShapeError, StateError
from chainrule.random import Generator


def pictures(count=20, channels=3, height=6, width=5):
    return (Generator(0).bits((count, channels, height, width)) >> 24).astype(np.uint8)


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


def test_flips_mirror_the_width_of_about_that_share():
    images = pictures(400)
    out = RandomFlip(0.25)(images, Generator(2))
    flipped = np.array([np.array_equal(a[..., ::-1], b) for a, b in zip(images, out, strict=True)])
    kept = np.array([np.array_equal(a, b) for a, b in zip(images, out, strict=True)])
    assert (flipped ^ kept).all() and 60 < flipped.sum() < 140


def test_flip_never_and_always():
    np.testing.assert_array_equal(RandomFlip(0.0)(pictures(), Generator(0)), pictures())
    np.testing.assert_array_equal(RandomFlip(1.0)(pictures(), Generator(0)), pictures()[..., ::-1])


def test_compose_runs_in_order_from_one_generator():
    steps = [RandomFlip(), RandomCrop(1), Normalize((0.5,) * 3, (0.5,) * 3)]
    rng = Generator(3)
    expected = pictures()
    for step in steps:
        expected = step(expected, rng)
    np.testing.assert_array_equal(Compose(steps)(pictures(), Generator(3)), expected)
    assert Compose(steps) == Compose(tuple(steps))


ALL = [
    RandomFlip(),
    RandomCrop(2),
    Normalize((0.5,) * 3, (0.5,) * 3),
    Compose((RandomFlip(), RandomCrop(1), Normalize((0.5,) * 3, (0.5,) * 3))),
]


@pytest.mark.parametrize("transform", ALL, ids=lambda transform: type(transform).__name__)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_no_transform_writes_to_its_input(transform, dtype):
    images = pictures().astype(dtype)
    images.setflags(write=False)
    before = images.copy()
    out = transform(images, Generator(4))
    assert not np.shares_memory(out, images) and out.shape == images.shape and out.flags.c_contiguous
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(transform(images, Generator(4)), out)


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
        (SettingError, lambda: RandomCrop(0)),
        (ShapeError, lambda: RandomCrop(1)(pictures()[0], Generator(0))),
        (SettingError, lambda: RandomFlip(1.5)),
        (SettingError, lambda: RandomFlip(float("nan"))),
        (ShapeError, lambda: RandomFlip()(pictures()[0], Generator(0))),
    ],
)
def test_errors_have_their_four_parts(error, call):
    with pytest.raises(error) as caught:
        call()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
