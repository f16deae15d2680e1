"""A place in a training, in words and on batches."""

import numpy as np
import pytest

from chainrule import data
from chainrule.data import Batches, Dataset
from chainrule.errors import DataError
from chainrule.random import Generator
from chainrule.train import Position, StepEnd


def dataset(shade=0):
    return Dataset(np.full((10, 1, 2, 2), shade, np.uint8), np.arange(10) % 2, ("a", "b"))


def batches(shade=0, size=4, seed=0):
    return Batches(dataset(shade), size, Generator(seed), shuffle=True, transform=data.RandomCrop(1))


def test_a_place_in_words():
    told = [Position(*place).told for place in ((1, 0), (1, 1_000), (3, 0), (3, 2))]
    assert told == [
        "before the first step",
        "after step 1,000 of epoch 1",
        "after epoch 2",
        "after step 2 of epoch 3",
    ]


def test_a_batch_and_the_end_of_an_epoch():
    place = Position()
    place.add(StepEnd(1, 1, 0.5, 1.0, 0.1), 3, 2.0)
    before = place.copy()
    place.add(StepEnd(1, 2, 1.5, 0.0, 0.2), 1, 3.0)
    assert (place.losses.value, place.accuracies.value, place.lr, place.step) == (0.75, 0.75, 0.2, 2)
    assert (before.losses.value, before.step) == (0.5, 1), "a copy goes its own way"
    place.turn()
    assert (place.epoch, place.step, place.number, place.losses.count, place.seconds) == (2, 0, 1, 0, 0.0)


def test_batches_are_brought_to_the_place_with_the_generator_they_had():
    whole = batches(seed=3)
    epochs = [list(whole) for _ in range(3)]
    place = Position(epoch=3, step=1, number=2)
    place.know(batches(seed=3))
    other = batches(seed=4)
    place.set(other)
    left = list(place.left(other))
    assert len(left) == 2 and all(
        np.array_equal(x, y)
        for pair, twin in zip(left, epochs[2][1:], strict=True)
        for x, y in zip(pair, twin, strict=True)
    )


def test_lists_are_gone_through_from_the_place_on():
    place = Position(step=2)
    place.know([1, 2, 3])
    place.set([1, 2, 3])
    assert list(place.left([1, 2, 3])) == [3] and place.data is None


@pytest.mark.parametrize(
    ("other", "came"),
    [(batches(shade=1), "pictures with the fingerprint"), (batches(size=5), "2 batches in an epoch")],
)
def test_other_batches_are_refused(other, came):
    place = Position(epoch=2)
    place.know(batches())
    with pytest.raises(DataError, match="Trainer.fit: start") as caught:
        place.set(other)
    assert came in caught.value.came and other.epoch == 0
