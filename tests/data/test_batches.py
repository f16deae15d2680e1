"""Batches: every picture once an epoch, and each epoch from its seed and number alone."""

import numpy as np
import pytest

from chainrule import random
from chainrule.data import Batches, Dataset, RandomFlip
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


def test_the_transform_draws_from_the_stream_of_its_epoch_and_batch():
    def run(epoch):
        batches = Batches(make(40), 8, Generator(4), transform=RandomFlip())
        batches.epoch = epoch
        return [images.tolist() for images, _ in batches]

    plain = [images.tolist() for images, _ in Batches(make(40), 8)]
    assert run(0) == run(0) != run(1)
    assert run(0) != plain
    flipped = [[a != b for a, b in zip(x, y, strict=True)] for x, y in zip(run(0), plain, strict=True)]
    assert flipped[0] != flipped[1]


def test_the_draws_of_a_batch_do_not_depend_on_the_batches_before():
    dataset = make(40)
    _, (second, _), *_ = Batches(dataset, 8, Generator(4), transform=RandomFlip())
    rng = Generator(4).split("epoch", 0).split("batch", 1)
    np.testing.assert_array_equal(second, RandomFlip()(dataset.images[8:16], rng))


def test_without_a_generator_the_current_one_is_taken():
    with random.seeded(5) as rng:
        assert Batches(make(), 4).rng is rng
        inside = labels_of(Batches(make(), 4, shuffle=True))
    assert inside == labels_of(Batches(make(), 4, Generator(5), shuffle=True))


@pytest.mark.parametrize(("size", "drop_last"), [(0, False), (-1, False), (11, True)])
def test_errors_have_their_four_parts(size, drop_last):
    with pytest.raises(SettingError) as caught:
        Batches(make(), size, drop_last=drop_last)
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))


def test_an_epoch_goes_on_at_a_batch():
    whole, rest = (Batches(make(), 2, Generator(3), shuffle=True) for _ in range(2))
    rest.epoch, rest.begin = 1, 2
    list(whole)
    assert [labels.tolist() for _, labels in rest] == [labels.tolist() for _, labels in whole][2:]
    assert (rest.epoch, rest.begin, len(list(rest))) == (2, 0, 5)
