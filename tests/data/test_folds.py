"""Folds: every sample once, classes alike in all of them, groups whole, and one clear error for too many."""

import numpy as np
import pytest

from chainrule.data import folds
from chainrule.errors import DataError, SettingError, ShapeError
from chainrule.random import Generator


def test_every_sample_is_in_one_fold():
    labels = Generator(1).integers(0, 7, 501)
    parts = folds(labels, 5, Generator(0))
    assert np.sort(np.concatenate(parts)).tolist() == list(range(501))
    assert all((np.diff(part) > 0).all() and part.dtype == np.int64 for part in parts)


@pytest.mark.parametrize("k", [2, 5, 8])
def test_classes_and_folds_are_as_even_as_can_be(k):
    labels = np.repeat([0, 1, 2, 9], [13, 8, 40, 27])
    parts = folds(labels, k, Generator(3))
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1
    for label in (0, 1, 2, 9):
        counts = [int((labels[part] == label).sum()) for part in parts]
        assert max(counts) - min(counts) <= 1


def test_the_seed_decides():
    labels = np.arange(60) % 3
    first, again, other = (folds(labels, 4, Generator(seed)) for seed in (0, 0, 1))
    assert all(map(np.array_equal, first, again))
    assert not all(map(np.array_equal, first, other))


def test_the_order_of_the_set_does_not_show():
    """Sorted labels, and the neighbours of a sample come into different folds."""
    parts = folds(np.zeros(100, int), 2, Generator(0))
    assert 20 < len(set(parts[0].tolist()) & set(range(50))) < 30


def test_text_is_a_label_too():
    parts = folds(["b", "a", "b", "a"], 2, Generator(0))
    assert [sorted(part % 2) for part in parts] == [[0, 1], [0, 1]]


def test_groups_stay_whole_and_classes_even():
    rng = Generator(5)
    sizes = rng.integers(1, 9, 60)
    groups = np.repeat(np.arange(60), sizes)
    labels = groups % 3
    parts = folds(labels, 4, rng, groups)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(len(groups)))
    owners = [set(groups[part].tolist()) for part in parts]
    assert sum(map(len, owners)) == 60
    for label in range(3):
        counts = [int((labels[part] == label).sum()) for part in parts]
        assert max(counts) - min(counts) <= 2


def test_a_large_group_of_one_class_leaves_the_others_even():
    labels, groups = np.repeat([0, 1], [11, 2]), np.array([1] * 10 + [2, 3, 4])
    assert [int((labels[part] == 1).sum()) for part in folds(labels, 2, Generator(0), groups)] == [1, 1]


def test_more_folds_than_members_of_a_class():
    labels = [0] * 9 + [1] * 3 + [2] * 8
    with pytest.raises(SettingError, match=r"5 folds, and class 1 has 3 members; .* in each class; try: 3 f"):
        folds(labels, 5, Generator(0))
    with pytest.raises(SettingError, match="5 folds, and class 'dog' has 3 members"):
        folds(labels, 5, Generator(0), classes=("cat", "dog", "eel"))
    with pytest.raises(SettingError, match=r"class 'a' has 1 member; .* try: leave such a class out"):
        folds(["a", "b", "b"], 2, Generator(0))
    with pytest.raises(SettingError, match="3 folds, and class 1 has 2 groups"):
        folds([0, 0, 0, 1, 1, 1], 3, Generator(0), groups=[1, 2, 3, 4, 4, 5])


@pytest.mark.parametrize("k", [1, 0, -3, 2.0, True, "5", None])
def test_a_number_of_folds_that_is_none(k):
    with pytest.raises(SettingError, match="k is .*at least 2"):
        folds([0, 0, 1, 1], k, Generator(0))


def test_labels_and_groups_that_are_none():
    with pytest.raises(ShapeError, match=r"labels of shape \(2, 2\)"):
        folds([[0, 1], [0, 1]], 2, Generator(0))
    with pytest.raises(ShapeError, match=r"labels of shape \(0,\)"):
        folds([], 2, Generator(0))
    with pytest.raises(DataError, match="4 labels and 3 groups"):
        folds([0, 0, 1, 1], 2, Generator(0), groups=[1, 2, 3])
