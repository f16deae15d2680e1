"""Accuracy, confusion, means, the worst mistakes."""

import math

import numpy as np
import pytest

from chainrule.train import Evaluation, accuracy, confusion
from chainrule.train.metrics import Mean

SCORES = np.array([[2.0, 1.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 1.0], [5.0, 0.0, 0.0], [3.0, 2.0, 0.0]])
LABELS = np.array([0, 0, 2, 1, 2])
EVALUATION = Evaluation(SCORES, LABELS, 1.25)


def test_accuracy():
    assert accuracy(SCORES, LABELS) == EVALUATION.accuracy == 0.4


def test_confusion_has_the_true_class_by_row():
    assert EVALUATION.confusion.tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 1]]
    assert confusion(np.array([], int), np.array([], int), 2).tolist() == [[0, 0], [0, 0]]


def test_probabilities_are_a_softmax_that_survives_large_scores():
    shares = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
    np.testing.assert_allclose(EVALUATION.probabilities, shares)
    large = Evaluation(np.array([[1000.0, 0.0]]), np.array([0]), 0.0)
    assert large.probabilities.tolist() == [[1.0, 0.0]]


def test_the_worst_are_called_wrong_with_the_largest_probability():
    assert EVALUATION.worst(9).tolist() == [1, 3, 4]
    assert EVALUATION.worst(2).tolist() == [1, 3]
    assert Evaluation(SCORES[:1], LABELS[:1], 0.0).worst(5).tolist() == []


def test_a_mean_weighted_by_pictures():
    mean = Mean()
    assert math.isnan(mean.value)
    mean.add(1.0, 3)
    mean.add(5.0, 1)
    assert mean.value == pytest.approx(2.0)


def test_of_shares_the_largest_counts():
    shares = np.array([[0.6, 0.4, 0.0], [0.9, 0.1, 0.0], [0.2, 0.3, 0.5], [0.1, 0.9, 0.0], [0.0, 0.1, 0.9]])
    assert accuracy(SCORES, shares.astype("float32")) == accuracy(SCORES, LABELS) == 0.4


@pytest.mark.parametrize(
    "targets", [SCORES, np.array([[1.5, -0.5, 0.0]] * 5), np.full((5, 3), np.nan), np.ones((5, 2)) / 2]
)
def test_other_floats_are_no_classes(targets):
    assert math.isnan(accuracy(SCORES, targets))
