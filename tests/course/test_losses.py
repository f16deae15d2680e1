"""Losses by hand: three pictures, three classes, and the scores that the course gives them."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn

CAT, CAR, FROG = 0, 1, 2
SCORES = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
"""A row for each picture (a cat, a car, a frog), a column for each class."""


def test_hinge_of_the_cat():
    """max(0, 5.1 − 3.2 + 1) + max(0, −1.7 − 3.2 + 1) = 2.9 + 0"""
    assert cr.multiclass_hinge(SCORES[:1], np.array([CAT])) == pytest.approx([2.9])


def test_hinge_of_the_car_and_the_frog():
    found = cr.multiclass_hinge(SCORES, np.array([CAT, CAR, FROG]))
    assert found == pytest.approx([2.9, 0.0, 12.9])
    loss = nn.MulticlassHingeLoss()(Tensor(SCORES), np.array([CAT, CAR, FROG]))
    assert float(loss) == pytest.approx((2.9 + 0 + 12.9) / 3)
    assert round(float(loss), 2) == 5.27


def test_hinge_of_a_network_that_knows_nothing_is_classes_less_one():
    assert cr.multiclass_hinge(np.zeros((1, 10)), np.array([3])).tolist() == [9.0]


def test_hinge_does_not_mind_a_car_that_moves_a_little():
    moved = SCORES[1] + np.array([0.0, -0.5, 0.0])
    assert cr.multiclass_hinge(moved[None], np.array([CAR])).tolist() == [0.0]


def test_the_gradient_of_the_hinge_counts():
    scores = Tensor(SCORES[2:], requires_grad=True)
    cr.multiclass_hinge(scores, np.array([FROG])).sum().backward()
    assert scores.grad.tolist() == [[1.0, 1.0, -2.0]]


def test_softmax_of_the_cat():
    """exp gives 24.5, 164.0, 0.18; divided by their sum 0.13, 0.87, 0.00."""
    assert cr.exp(SCORES[0]).round(1).tolist() == [24.5, 164.0, 0.2]
    assert cr.softmax(SCORES[0]).round(2).tolist() == [0.13, 0.87, 0.0]


def test_cross_entropy_of_the_cat():
    """−ln 0.13 = 2.04 nats, which the course's slide gives in base 10: 0.89."""
    (nats,) = cr.softmax_cross_entropy(SCORES[:1], np.array([CAT]))
    assert round(float(nats), 2) == 2.04
    assert round(float(nats) / math.log(10), 2) == 0.89


def test_cross_entropy_of_a_network_that_knows_nothing():
    (nats,) = cr.softmax_cross_entropy(np.zeros((1, 10)), np.array([3]))
    assert float(nats) == pytest.approx(math.log(10))
    assert round(float(nats), 1) == 2.3


def test_the_gradient_of_cross_entropy_is_the_share_less_one_hot():
    scores = Tensor(SCORES[:1], requires_grad=True)
    cr.softmax_cross_entropy(scores, np.array([CAT])).sum().backward()
    assert scores.grad.numpy() == pytest.approx(cr.softmax(SCORES[:1]) - np.array([[1.0, 0.0, 0.0]]))
    assert scores.grad.numpy().round(2).tolist() == [[-0.87, 0.87, 0.0]]


def test_large_scores_do_not_overflow():
    """123, 456, 789: the largest is taken away first, which changes no share."""
    shares = cr.softmax(np.array([123.0, 456.0, 789.0]))
    assert shares == pytest.approx(cr.softmax(np.array([-666.0, -333.0, 0.0])))
    assert shares.sum() == pytest.approx(1.0)


def test_regularization_prefers_weights_that_are_spread_out():
    """x = (1, 1, 1, 1): w₁ = (1, 0, 0, 0) and w₂ = (¼, ¼, ¼, ¼) give the same score, not the same penalty."""
    x, concentrated, spread = np.ones(4), np.array([1.0, 0, 0, 0]), np.full(4, 0.25)
    assert x @ concentrated == x @ spread == 1.0
    assert (float(cr.l2([concentrated], 1.0)), float(cr.l2([spread], 1.0))) == (1.0, 0.25)
    assert float(cr.l1([concentrated], 1.0)) == float(cr.l1([spread], 1.0)) == 1.0


def test_a_linear_classifier_on_four_pixels():
    """W·x + b for a picture of four pixels: cat −96.8, dog 437.9; ship is 61.95 before its bias of −1.2."""
    w = np.array([[0.2, -0.5, 0.1, 2.0], [1.5, 1.3, 2.1, 0.0], [0.0, 0.25, 0.2, -0.3]])
    b, x = np.array([1.1, 3.2, -1.2]), np.array([[56.0, 231.0, 24.0, 2.0]])
    assert cr.linear(x, w, b)[0] == pytest.approx([-96.8, 437.9, 60.75])
