"""Losses with a margin: the numbers of the course, PyTorch, distances of 0."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, ShapeError

from .peers import agrees_with_torch, refused

CATS = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])


def test_hinge_of_the_course():
    losses = cr.multiclass_hinge(CATS, np.array([0, 1, 2]))
    assert losses.round(4).tolist() == [2.9, 0, 12.9]
    assert round(float(cr.mean(losses)), 2) == 5.27


def test_hinge_gradient_counts_the_classes_inside_the_margin():
    scores = Tensor(CATS, requires_grad=True)
    cr.multiclass_hinge(scores, np.array([0, 1, 2])).sum().backward()
    assert scores.grad.tolist() == [[-1, 1, 0], [0, 0, 0], [1, 1, -2]]


def test_hinge_with_another_margin():
    assert cr.multiclass_hinge(CATS[:1], np.array([0]), margin=10.0).round(4).tolist() == [11.9 + 5.1]


def functional():
    return pytest.importorskip(
        "torch", reason="compares with PyTorch: pip install torch==2.13.0"
    ).nn.functional


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("margin", [1.0, 0.3])
def test_hinges_are_those_of_torch_which_averages_over_the_classes(p, margin):
    f = functional()
    labels = np.random.default_rng(1).integers(0, 4, 6)
    agrees_with_torch(
        lambda x, y: cr.multiclass_hinge(x, y, margin=margin, p=p) / 4,
        lambda x, y: f.multi_margin_loss(x, y, p=p, margin=margin, reduction="none"),
        (6, 4),
        labels=labels,
    )


@pytest.mark.parametrize("p", [1, 2])
def test_a_binary_hinge_takes_signs_and_zeros(p):
    scores = np.array([[2.0, 0.5, -0.25], [0.0, -3.0, 1.0]])
    signs = np.array([[1, 1, -1], [1, -1, -1]])
    expected = np.maximum(0, 1 - signs * scores) ** p
    for labels in (signs, (signs > 0).astype("uint8"), signs > 0, Tensor(signs)):
        x = Tensor(scores, requires_grad=True)
        loss = cr.binary_hinge(x, labels, p=p)
        assert np.array_equal(loss.numpy(), expected)
        loss.sum().backward()
        slope = -signs * (expected > 0) * (1 if p == 1 else 2 * np.sqrt(expected))
        assert np.allclose(x.grad.numpy(), slope)


def test_triplets_are_those_of_torch():
    f = functional()
    for margin in (1.0, 0.2):
        agrees_with_torch(
            lambda a, p, n, margin=margin: cr.triplet_margin(a, p, n, margin=margin),
            lambda a, p, n, margin=margin: f.triplet_margin_loss(a, p, n, margin=margin, reduction="none"),
            (5, 3),
            (5, 3),
            (5, 3),
        )


def test_a_distance_of_0_has_the_slope_0():
    anchor, other = (Tensor(np.ones((2, 3)), requires_grad=True) for _ in range(2))
    cr.triplet_margin(anchor, anchor * 1, other, eps=0.0).sum().backward()
    assert np.all(anchor.grad.numpy() == 0) and np.all(other.grad.numpy() == 0)
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    loss = cr.contrastive(x, np.ones((2, 3)), np.array([0, 1]))
    loss.sum().backward()
    assert loss.tolist() == [0, 0.5] and np.all(x.grad.numpy() == 0)


def test_contrastive_loss_by_hand():
    x = Tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], requires_grad=True)
    y = Tensor([[3.0, 4.0], [3.0, 4.0], [0.0, 2.0]])
    loss = cr.contrastive(x, y, np.array([0, 1, 1]), margin=3.0)
    assert loss.tolist() == [12.5, 0.0, 0.5]
    loss.sum().backward()
    # d · d(d)/dx for alike, (margin - d) away for different, nothing beyond the margin
    assert np.allclose(x.grad.numpy(), [[-3, -4], [0, 0], [0, 1]])


def test_pairs_and_triplets_that_do_not_fit():
    rows = np.ones((2, 3))
    refused(
        ShapeError, lambda: cr.triplet_margin(rows, rows[:1], rows), "triplet_margin", "positive f64[1,3]"
    )
    refused(ShapeError, lambda: cr.triplet_margin(rows[0], rows[0], rows[0]), "triplet_margin", "(N, D)")
    refused(ShapeError, lambda: cr.contrastive(rows, rows, np.ones(3, int)), "contrastive", "labels i64[3]")
    refused(DTypeError, lambda: cr.contrastive(rows, rows, np.ones(2)), "contrastive", "labels f64[2]")
    refused(DTypeError, lambda: cr.binary_hinge(rows, np.ones((2, 3))), "binary_hinge", "integers or bool")
