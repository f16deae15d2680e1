"""Batches: every picture once an epoch, and each epoch from its seed and number alone."""

import threading

import numpy as np
import pytest

from chainrule import random
from chainrule.data import (
    Batches,
    Compose,
    Dataset,
    Mixup,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomRotation,
)
from chainrule.errors import SettingError
from chainrule.random import Generator


def make(count=10):
    images = np.arange(count * 4, dtype=np.uint8).reshape(count, 1, 2, 2)
    return Dataset(images, np.arange(count), tuple(map(str, range(count))))


def labels_of(batches):
    return [labels.tolist() for _, labels in batches]


def test_without_shuffling_the_order_is_that_of_the_set():
    assert labels_of(Batches(make(), 4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    ("size", "drop_last", "sizes"),
    [(4, False, [4, 4, 2]), (4, True, [4, 4]), (5, True, [5, 5]), (10, False, [10]), (99, False, [10])],
)
def test_sizes_and_length(size, drop_last, sizes, shuffle):
    batches = Batches(make(), size, Generator(0), shuffle, drop_last)
    assert [len(labels) for labels in labels_of(batches)] == sizes
    assert len(batches) == len(sizes)


def test_shuffling_keeps_pictures_with_their_labels_and_takes_each_once():
    dataset, seen = make(), []
    for images, labels in Batches(dataset, 3, Generator(1), shuffle=True):
        np.testing.assert_array_equal(images, dataset.images[labels])
        assert images.dtype == np.uint8 and labels.dtype == np.int64
        seen += labels.tolist()
    assert sorted(seen) == list(range(10)) != seen


def test_an_epoch_depends_on_the_seed_and_its_number_alone():
    batches = Batches(make(), 4, Generator(2), shuffle=True)
    epochs = [labels_of(batches) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]
    rng = Generator(2)
    rng.bits(100)
    resumed = Batches(make(), 4, rng, shuffle=True)
    resumed.epoch = 2
    assert labels_of(resumed) == epochs[2]
    assert labels_of(Batches(make(), 4, Generator(3), shuffle=True)) != epochs[0]


def test_an_epoch_that_is_broken_off_counts():
    batches = Batches(make(), 4, Generator(2), shuffle=True)
    next(iter(batches))
    assert batches.epoch == 1


def test_two_epochs_can_run_side_by_side():
    batches = Batches(make(), 4, Generator(2), shuffle=True)
    first, second = iter(batches), iter(batches)
    mixed = [next(first)[1].tolist(), next(second)[1].tolist(), next(first)[1].tolist()]
    again = Batches(make(), 4, Generator(2), shuffle=True)
    zero, one = labels_of(again), labels_of(again)
    assert mixed == [zero[0], one[0], zero[1]]


def test_writing_to_a_batch_leaves_the_set_alone():
    dataset = make()
    for images, labels in Batches(dataset, 4):
        images[:], labels[:] = 0, 0
    np.testing.assert_array_equal(dataset.images, make().images)
    np.testing.assert_array_equal(dataset.labels, make().labels)


def test_each_epoch_draws_anew():
    def run(epoch):
        batches = Batches(make(40), 8, Generator(4), transform=RandomFlip())
        batches.epoch = epoch
        return [images.tolist() for images, _ in batches]

    plain = [images.tolist() for images, _ in Batches(make(40), 8)]
    assert run(0) == run(0) != run(1)
    assert run(0) != plain
    flipped = [[a != b for a, b in zip(x, y, strict=True)] for x, y in zip(run(0), plain, strict=True)]
    assert flipped[0] != flipped[1]


def test_a_picture_draws_from_its_own_stream():
    dataset = make(40)
    batches = Batches(dataset, 8, Generator(4), shuffle=True, transform=RandomFlip())
    batches.epoch = 2
    for images, labels in batches:
        rng = Generator(4).split("epoch", 2).samples(labels)  # the labels are the numbers of the pictures
        np.testing.assert_array_equal(images, RandomFlip()(dataset.images[labels], rng))


def augmented(batch_size=7, workers=0, mix=None, shuffle=True):
    transform = Compose((RandomCrop(1), RandomFlip(), RandomRotation(20), RandomErasing(0.5)))
    return Batches(make(40), batch_size, Generator(5), shuffle, transform=transform, mix=mix, workers=workers)


def test_the_size_of_batches_changes_no_picture():
    """But that mixup takes the next of the batch."""

    def by_number(batches):
        return {
            label: image.tobytes()
            for images, labels in batches
            for image, label in zip(images, labels, strict=True)
        }

    assert by_number(augmented(7)) == by_number(augmented(40)) == by_number(augmented(11, shuffle=False))


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("mix", [None, Mixup(0.5)])
def test_workers_change_nothing(workers, mix):
    alone, ahead = augmented(mix=mix), augmented(mix=mix, workers=workers)
    for _ in range(2):
        for (images, labels), (others, their) in zip(alone, ahead, strict=True):
            assert images.tobytes() == others.tobytes() and labels.tobytes() == their.tobytes()
    assert alone.epoch == ahead.epoch == 2


def test_mixed_labels_are_shares_of_all_classes_drawn_for_each_picture():
    for (images, shares), (_, labels) in zip(augmented(mix=Mixup(0.5)), augmented(), strict=True):
        assert shares.shape == (len(images), 40)
        np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
        own = Generator(5).split("epoch", 0).samples(labels).split("mix").beta(0.5, ())
        np.testing.assert_array_equal(shares[np.arange(len(labels)), labels], own.astype(np.float32))


@pytest.mark.parametrize("workers", [0, 2])
def test_what_was_taken_counts_and_not_what_was_made(workers):
    """Broken off after three batches, the fourth comes next, to the bit."""
    whole = [(images.tobytes(), labels.tolist()) for images, labels in augmented(4)]
    batches = augmented(4, workers)
    taken = [next(running) for running in [iter(batches)] for _ in range(3)]
    assert (batches.epoch, batches.begin, len(taken)) == (1, 0, 3)
    again = augmented(4, workers)
    again.epoch, again.begin = 0, 3
    assert [(images.tobytes(), labels.tolist()) for images, labels in again] == whole[3:]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_error_of_a_transform_arrives(workers):
    def broken(images, rng):
        if 17 in rng.numbers:
            raise ValueError("picture 17")
        return images

    batches, taken = Batches(make(40), 5, transform=broken, workers=workers), []
    with pytest.raises(ValueError, match="picture 17"):
        for _, labels in batches:
            taken += labels.tolist()
    assert taken == list(range(15))
    assert not [t.name for t in threading.enumerate() if t.name.startswith("chainrule-data")]


def test_without_a_generator_the_current_one_is_taken():
    with random.seeded(5) as rng:
        assert Batches(make(), 4).rng is rng
        inside = labels_of(Batches(make(), 4, shuffle=True))
    assert inside == labels_of(Batches(make(), 4, Generator(5), shuffle=True))


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 0},
        {"batch_size": -1},
        {"batch_size": 11, "drop_last": True},
        {"workers": -1},
        {"workers": 1.0},
        {"workers": True},
    ],
)
def test_errors_have_their_four_parts(settings):
    with pytest.raises(SettingError) as caught:
        Batches(make(), **{"batch_size": 5, **settings})
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


def test_an_epoch_goes_on_at_a_batch():
    whole, rest = (Batches(make(), 2, Generator(3), shuffle=True) for _ in range(2))
    rest.epoch, rest.begin = 1, 2
    list(whole)
    assert [labels.tolist() for _, labels in rest] == [labels.tolist() for _, labels in whole][2:]
    assert (rest.epoch, rest.begin, len(list(rest))) == (2, 0, 5)
