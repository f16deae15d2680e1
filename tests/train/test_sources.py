"""What a trainer knows of batches before it goes through them."""

import numpy as np
import pytest

from chainrule import Tensor
from chainrule.data import Batches, Dataset, Mixup
from chainrule.errors import DataError, NonFiniteError
from chainrule.random import Generator
from chainrule.train.sources import blank, plain_labels, require_batches, require_finite, sizes_of

LABELS = np.arange(5)
IMAGES = np.ones((5, 1, 2, 2), "uint8")


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("drop_last", [False, True])
def test_sizes_of_batches_are_those_that_come(size, drop_last):
    if drop_last and size > len(LABELS):
        return
    batches = Batches(Dataset(IMAGES, LABELS, tuple("abcde")), size, Generator(0), drop_last=drop_last)
    assert sizes_of(batches) == {len(labels) for _, labels in batches}


class Lazy(list):
    """Batches that are read when they are gone through."""

    def __iter__(self):
        raise AssertionError("read")


def test_sizes_of_lists_and_of_what_nobody_knows():
    assert sizes_of([(IMAGES, LABELS), (IMAGES[:2], LABELS[:2])]) == {2, 5}
    assert sizes_of(()) == sizes_of(None) == sizes_of(iter(())) == sizes_of(Lazy([1])) == set()
    assert sizes_of([(IMAGES, [0, 1]), (IMAGES, LABELS, 3), 7]) == set()


def test_blank_is_like_a_batch():
    images, labels = blank(3, IMAGES, LABELS)
    assert (images.shape, images.dtype, labels.shape, labels.dtype) == ((3, 1, 2, 2), "uint8", (3,), "int64")
    assert not images.any() and not labels.any()
    tensor, sequence, numbers = blank(3, Tensor(IMAGES.astype("f4")), np.ones((7, 5, 2)), LABELS)
    assert isinstance(tensor, Tensor) and tensor.shape == (3, 1, 2, 2)
    assert sequence.shape == (7, 5, 2), "its examples lie along another axis"
    assert numbers.shape == (3,)


def test_pairs_of_arrays_are_not_batches():
    with pytest.raises(DataError, match="train is a tuple of arrays"):
        require_batches("train", (IMAGES, LABELS))


def test_pictures_that_are_not_numbers():
    with pytest.raises(NonFiniteError, match="1 NaN or infinite pixels in batch 2 of epoch 3"):
        require_finite(np.array([[1.0, np.nan]]), 3, 2)


def test_labels_that_are_looked_at_are_not_mixed():
    dataset = Dataset(np.zeros((4, 1, 2, 2), np.uint8), np.arange(4) % 2, ("a", "b"))
    shares, whole = np.ones((4, 2), np.float32) / 2, Batches(dataset, 2)
    assert plain_labels(whole, shares).tolist() == [0] * 4
    assert plain_labels(Batches(dataset, 2, mix=Mixup(1.0)), shares) is shares
    assert plain_labels([(dataset.images, shares)], shares) is shares
    assert plain_labels(whole, dataset.labels) is dataset.labels
