"""Mixed pictures, and labels that say so."""

import numpy as np
import pytest

from chainrule import nn
from chainrule.data import Mixup
from chainrule.errors import DTypeError, SettingError, ShapeError
from chainrule.random import Generator, Samples

from .augmented import pictures

LABELS = np.array([2, 0, 0, 1, 2])


def mixed(dtype, alpha=0.7, count=5):
    images = pictures(count).astype(dtype)
    rng = Samples(3, np.arange(count) + 10)
    share = Samples(3, np.arange(count) + 10).beta(alpha, ())
    return images, Mixup(alpha)(images, LABELS[:count], 3, rng), share


@pytest.mark.parametrize(("dtype", "error"), [(np.uint8, 0.51), (np.float32, 1e-4), (np.float64, 1e-4)])
def test_pictures_are_the_formula(dtype, error):
    images, (out, _), share = mixed(dtype)
    λ = share[:, None, None, None]
    wanted = λ * images + (1 - λ) * np.roll(images, -1, 0).astype(np.float64)
    assert out.dtype == dtype and out.flags.c_contiguous
    np.testing.assert_allclose(out, wanted, atol=error)


def test_labels_are_shares():
    _, (_, shares), share = mixed(np.float32)
    assert shares.dtype == np.float32 and shares.shape == (5, 3)
    wanted = share[:, None] * np.eye(3)[LABELS] + (1 - share[:, None]) * np.eye(3)[np.roll(LABELS, -1)]
    np.testing.assert_allclose(shares, wanted, atol=1e-6)
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-6)
    assert shares[1].tolist() == [1, 0, 0]  # both of class 0


def test_one_picture_is_mixed_with_itself():
    images, (out, shares), _ = mixed(np.float32, count=1)
    np.testing.assert_array_equal(out, images)
    assert shares.tolist() == [[0, 0, 1]]


def test_shares_are_drawn_for_each_picture():
    """They follow from its own stream, so the batch that it is in changes the partner alone."""
    images = pictures(40)
    labels = np.arange(40)
    _, whole = Mixup(1.0)(images, labels, 40, Samples(1, labels))
    _, half = Mixup(1.0)(images[:20], labels[:20], 40, Samples(1, labels[:20]))
    own = whole[labels, labels]
    np.testing.assert_array_equal(half[labels[:20], labels[:20]], own[:20])
    assert len(set(own.tolist())) == 40


def test_the_loss_is_that_of_both_labels():
    _, (_, shares), share = mixed(np.float32)
    scores = Generator(0).normal((5, 3))
    each = nn.CrossEntropyLoss(reduction="none")
    own, other = (each(scores, labels) for labels in (LABELS, np.roll(LABELS, -1)))
    np.testing.assert_allclose(each(scores, shares), share * own + (1 - share) * other, rtol=1e-5)


def test_the_input_stays():
    images, labels = pictures(5), LABELS.copy()
    images.setflags(write=False)
    labels.setflags(write=False)
    out, _ = Mixup(0.2)(images, labels, 3, Generator(0))
    assert not np.shares_memory(out, images)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (SettingError, lambda: Mixup(0)),
        (SettingError, lambda: Mixup(-1)),
        (SettingError, lambda: Mixup(float("inf"))),
        (ShapeError, lambda: Mixup(1)(pictures(5)[0], LABELS, 3, Generator(0))),
        (DTypeError, lambda: Mixup(1)(pictures(5).astype(int), LABELS, 3, Generator(0))),
        (DTypeError, lambda: nn.MulticlassHingeLoss()(np.zeros((5, 3), "f4"), mixed(np.uint8)[1][1])),
    ],
)
def test_errors_have_their_four_parts(error, call):
    with pytest.raises(error) as caught:
        call()
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
