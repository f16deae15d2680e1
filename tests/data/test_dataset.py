"""The door of the data room: what a Dataset accepts, refuses, picks and splits."""

import numpy as np
import pytest

from chainrule.data import Dataset, hold_out
from chainrule.data.dataset import numbered
from chainrule.errors import (
    DataError,
    DTypeError,
    IndexingError,
    LabelError,
    NonFiniteError,
    SettingError,
    ShapeError,
)
from chainrule.random import Generator

CLASSES = ("a", "b", "c")


def make(count=30, labels=None, dtype=np.uint8, **more):
    images = np.arange(count * 2 * 3 * 4).reshape(count, 2, 3, 4).astype(dtype)
    return Dataset(images, np.arange(count) % 3 if labels is None else labels, CLASSES, "toys", **more)


def test_a_set_knows_its_size_and_names():
    dataset = make(7)
    assert (len(dataset), dataset.shape, dataset.classes, dataset.name) == (7, (2, 3, 4), CLASSES, "toys")
    assert repr(dataset) == "Dataset('toys': 7 of (2, 3, 4) uint8, 3 classes)"


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "int64", "uint64"])
def test_labels_of_any_integer_kind_are_kept_as_int64(kind):
    assert make(6, (np.arange(6) % 3).astype(kind)).labels.dtype == np.int64


@pytest.mark.parametrize(
    "index", [slice(1, 5), [1, 2, 3, 4], np.array([1, 2, 3, 4]), np.isin(np.arange(8), [1, 2, 3, 4])]
)
def test_indexing_takes_pictures_labels_and_groups_together(index):
    part = make(8, groups=np.arange(8))[index]
    np.testing.assert_array_equal(part.images, make(8).images[1:5])
    assert part.labels.tolist() == [1, 2, 0, 1] and part.groups.tolist() == [1, 2, 3, 4]
    assert part.name == "toys"


def test_negative_indices_count_from_the_end():
    assert make(8)[[-1]].labels.tolist() == [1]


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.7, 0.9])
def test_split_keeps_every_picture_once_and_the_shares_of_the_classes(fraction):
    labels = np.repeat([0, 1, 2], [10, 20, 70])
    first, second = make(100, labels).split(fraction, Generator(1))
    assert np.bincount(first.labels).tolist() == [round(fraction * n) for n in (10, 20, 70)]
    together = np.concatenate([first.images, second.images]).reshape(100, -1)
    assert len(np.unique(together, axis=0)) == len(np.unique(make(100).images.reshape(100, -1), axis=0))
    assert len(first) + len(second) == 100


def test_split_depends_on_the_seed_alone_and_keeps_the_order():
    dataset = make(60, groups=np.arange(60))
    first, again, other = (dataset.split(0.5, Generator(seed))[0].groups.tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert first == sorted(first) and first != list(range(len(first)))


def test_split_keeps_groups_together():
    labels, groups = np.repeat([0, 1], 30), np.repeat(np.arange(12), 5)
    first, second = make(60, labels, groups=groups).split(0.5, Generator(0))
    assert not set(first.groups.tolist()) & set(second.groups.tolist())
    assert np.bincount(first.labels).tolist() == [15, 15]


def test_split_says_which_fractions_there_are():
    with pytest.raises(SettingError, match="2.0; expected a number between 0 and 1"):
        make(6).split(2.0, Generator(0))


def test_hold_out_is_always_the_same_fifth():
    train, test = hold_out(make(60, groups=np.arange(60)))
    assert np.bincount(test.labels).tolist() == [4, 4, 4] and len(train) == 48
    assert test.groups.tolist() == hold_out(make(60, groups=np.arange(60)))[1].groups.tolist()


def test_non_finite_pixels_are_counted_and_the_first_is_named():
    images = np.zeros((4, 1, 2, 2), np.float32)
    images[2, 0, 1, 0], images[3, 0, 0, 0] = np.nan, np.inf
    with pytest.raises(NonFiniteError, match=r"2 pixels.*\(2, 0, 1, 0\)"):
        Dataset(images, np.zeros(4, int), CLASSES)
    images[:] = np.finfo(np.float32).max
    images[0, 0, 0, 0] = -np.inf
    with pytest.raises(NonFiniteError, match=r"1 pixel is.*\(0, 0, 0, 0\)"):
        Dataset(images, np.zeros(4, int), CLASSES)


def test_large_finite_pixels_are_accepted():
    images = np.full((2, 1, 40, 40), np.finfo(np.float32).max, np.float32)
    assert len(Dataset(images, np.zeros(2, int), CLASSES)) == 2


@pytest.mark.parametrize(
    ("labels", "says"),
    [([1, 2, 3], "labels - 1"), ([0, -1, 1], "-1 first at index 1"), ([0, 0, 7], "index 2")],
)
def test_labels_outside_the_classes(labels, says):
    with pytest.raises(LabelError, match=says):
        make(3, np.array(labels))


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (DataError, lambda: make(0)),
        (DataError, lambda: make(4, np.zeros(3, int))),
        (DataError, lambda: make(4)[[]]),
        (DataError, lambda: make(4)[9:]),
        (DataError, lambda: make(4, groups=np.zeros(3, int))),
        (DataError, lambda: make(4, groups=np.zeros(4))),
        (DataError, lambda: Dataset(np.zeros((2, 1, 0, 4), np.uint8), np.zeros(2, int), CLASSES)),
        (LabelError, lambda: make(2, np.array([0, 3]))),
        (LabelError, lambda: Dataset(np.zeros((1, 1, 2, 2), np.uint8), np.zeros(1, int), ())),
        (
            NonFiniteError,
            lambda: Dataset(np.full((1, 1, 1, 1), np.nan, np.float32), np.zeros(1, int), CLASSES),
        ),
        (DTypeError, lambda: make(2, dtype=np.float64)),
        (DTypeError, lambda: make(2, dtype=np.int64)),
        (DTypeError, lambda: make(2, np.zeros(2))),
        (ShapeError, lambda: Dataset(np.zeros((2, 4, 4), np.uint8), np.zeros(2, int), CLASSES)),
        (ShapeError, lambda: make(2, np.zeros((2, 1), int))),
        (IndexingError, lambda: make(2)[1]),
        (IndexingError, lambda: make(2)[[0, 2]]),
        (IndexingError, lambda: make(2)[[0.5]]),
        (IndexingError, lambda: make(2)[np.ones(3, bool)]),
        (IndexingError, lambda: make(2)[np.zeros((0, 2), int)]),
        (SettingError, lambda: make(6).split(0.0, Generator(0))),
        (SettingError, lambda: make(6).split(1.0, Generator(0))),
        (SettingError, lambda: make(6).split(float("nan"), Generator(0))),
        (SettingError, lambda: make(6).split(0.01, Generator(0))),
        (SettingError, lambda: make(6).split(0.99, Generator(0))),
    ],
)
def test_errors_have_their_four_parts(error, call):
    with pytest.raises(error) as caught:
        call()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


def test_labels_that_would_make_more_classes_than_pictures():
    with pytest.raises(LabelError, match="return_inverse"):
        numbered(np.array([0, 10**12]))
    assert numbered(np.array([0, 2, 1]), np.array([1])) == ("0", "1", "2")


def test_a_set_too_small_to_hold_anything_out():
    with pytest.raises(DataError, match="2 pictures in 2 classes; expected so many that a fifth"):
        hold_out(Dataset(np.zeros((2, 1, 2, 2), np.uint8), np.arange(2), ("a", "b")))
