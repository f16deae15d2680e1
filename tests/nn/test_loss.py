"""Losses and penalties, against their formulas and PyTorch's."""

import math

import numpy as np
import pytest

from chainrule import Tensor, nn
from chainrule.random import Generator

from .layers import noise
from .steps import OPTIMIZERS, traced_is_direct

LABELS = np.array([0, 2, 1, 2, 0, 1])


def test_cross_entropy_of_a_network_that_knows_nothing():
    assert nn.CrossEntropyLoss()(np.zeros((6, 3), "float32"), LABELS) == pytest.approx(math.log(3))


def test_cross_entropy_is_the_mean_of_minus_log_softmax():
    scores = noise((6, 3))
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    expected = -np.log(shares[np.arange(6), LABELS]).mean()
    assert nn.CrossEntropyLoss()(scores, LABELS) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_survives_large_scores():
    loss = nn.CrossEntropyLoss()(Tensor([[1000.0, 0.0], [0.0, 1000.0]]), np.array([0, 0]))
    assert loss.item() == pytest.approx(500)


def test_hinge_of_the_course():
    scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]], "float32")
    for margin, expected in ((1.0, 2.9 + 0 + 12.9), (0.0, 1.9 + 0 + 10.9)):
        loss = nn.MulticlassHingeLoss(margin)(scores, np.array([0, 1, 2]))
        assert loss == pytest.approx(expected / 3, rel=1e-5)


def test_mean_squared_error():
    assert nn.MSELoss()(np.array([1.0, 2.0]), np.array([3.0, 2.0])) == 2.0


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "MSELoss"])
def test_against_pytorch(name):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    scores = noise((6, 3, 4))
    labels = np.arange(24).reshape(6, 4) % 3 if name == "CrossEntropyLoss" else noise((6, 3, 4), 5)
    x, y = Tensor(scores, requires_grad=True), torch.tensor(scores, requires_grad=True)
    loss, expected = getattr(nn, name)()(x, labels), getattr(torch.nn, name)()(y, torch.tensor(labels))
    loss.backward(), expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    np.testing.assert_allclose(x.grad, y.grad, rtol=1e-5, atol=1e-8)


def test_hinge_against_pytorch_which_averages_over_the_classes():
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    scores = noise((6, 3))
    expected = torch.nn.MultiMarginLoss()(torch.tensor(scores), torch.tensor(LABELS)) * 3
    assert nn.MulticlassHingeLoss()(scores, LABELS) == pytest.approx(expected.item(), rel=1e-6)


def test_penalties_and_their_slopes():
    weights = [nn.Parameter([1.0, -2.0]), nn.Parameter([[3.0]])]
    assert nn.L1(0.5)(weights).item() == 3.0
    penalty = nn.L2(0.5)(w for w in weights)
    assert penalty.item() == 7.0
    penalty.backward()
    assert weights[0].grad.tolist() == [1.0, -2.0]


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), nn.MulticlassHingeLoss()])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_traced_is_direct(loss, optimizer):
    traced_is_direct(lambda: nn.Linear(5, 3, rng=Generator(0)), optimizer, noise((6, 5)), LABELS, loss)


def test_printed_form():
    assert repr(nn.L2(1e-4)) == "L2(0.0001)"
    assert repr(nn.MulticlassHingeLoss()) == "MulticlassHingeLoss(margin=1)"
