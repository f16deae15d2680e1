"""Losses with a margin, against their formulas and PyTorch's."""

import numpy as np
import pytest

from chainrule import nn

from .layers import noise
from .losses import check_empty, check_loss

LABELS = np.array([0, 2, 1, 2, 0, 1])
RNG = np.random.default_rng(0)


def test_hinge_of_the_course():
    scores = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]], "float32")
    for margin, expected in ((1.0, 2.9 + 0 + 12.9), (0.0, 1.9 + 0 + 10.9)):
        loss = nn.MulticlassHingeLoss(margin)(scores, np.array([0, 1, 2]))
        assert loss == pytest.approx(expected / 3, rel=1e-5)


def test_hinge_against_pytorch_which_averages_over_the_classes():
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    scores = noise((6, 3))
    expected = torch.nn.MultiMarginLoss()(torch.tensor(scores), torch.tensor(LABELS)) * 3
    assert nn.MulticlassHingeLoss()(scores, LABELS) == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("p", [1, 2])
def test_hinges_of_every_reduction(p):
    check_loss(
        lambda reduction: nn.MulticlassHingeLoss(0.7, p, reduction=reduction),
        lambda torch, reduction: torch.nn.MultiMarginLoss(p, 0.7, reduction=reduction),
        RNG.normal(size=(6, 3)),
        LABELS,
        factor=3,
    )


@pytest.mark.parametrize("p", [1, 2])
def test_a_binary_hinge_is_the_one_of_signs(p):
    def theirs(torch, reduction):
        final = {"mean": torch.mean, "sum": torch.sum, "none": lambda x: x}[reduction]
        return lambda x, y: final(torch.relu(1 - y * x) ** p)

    check_loss(
        lambda reduction: nn.BinaryHingeLoss(p=p, reduction=reduction),
        theirs,
        RNG.normal(size=(4, 3)),
        np.where(RNG.integers(0, 2, (4, 3)), 1, -1),
    )


def test_triplets():
    check_loss(
        lambda reduction: nn.TripletMarginLoss(0.5, reduction=reduction),
        lambda torch, reduction: torch.nn.TripletMarginLoss(0.5, reduction=reduction),
        *RNG.normal(size=(3, 5, 4)),
        learned=3,
    )


def test_contrastive_loss_is_hadsells():
    def theirs(torch, reduction):
        final = {"mean": torch.mean, "sum": torch.sum, "none": lambda x: x}[reduction]

        def each(x, y, labels):
            d = (x - y).norm(dim=1)
            return (1 - labels) * d**2 / 2 + labels * torch.relu(3 - d) ** 2 / 2

        return lambda *inputs: final(each(*inputs))

    check_loss(
        lambda reduction: nn.ContrastiveLoss(3.0, reduction=reduction),
        theirs,
        *RNG.normal(size=(2, 6, 4)),
        np.array([0, 1, 1, 0, 1, 0]),
        learned=2,
    )


def test_the_mean_of_nothing_is_refused():
    rows, labels = np.zeros((0, 3), "float32"), np.zeros(0, int)
    check_empty(nn.MulticlassHingeLoss(), rows, labels)
    check_empty(nn.BinaryHingeLoss(), rows, np.zeros((0, 3), int))
    check_empty(nn.TripletMarginLoss(), rows, rows, rows)
    check_empty(nn.ContrastiveLoss(), rows, rows, labels)


def test_printed_form():
    assert repr(nn.MulticlassHingeLoss()) == "MulticlassHingeLoss(margin=1)"
    assert (
        repr(nn.BinaryHingeLoss(2, 2, reduction="sum")) == "BinaryHingeLoss(margin=2, p=2, reduction='sum')"
    )
