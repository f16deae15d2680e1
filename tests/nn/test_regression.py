"""Losses of numbers, against PyTorch's."""

import numpy as np
import pytest

from chainrule import nn

from .losses import check_empty, check_loss

RNG = np.random.default_rng(0)


def test_mean_squared_error():
    assert nn.MSELoss()(np.array([1.0, 2.0]), np.array([3.0, 2.0])) == 2.0


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("MSELoss", {}),
        ("L1Loss", {}),
        ("HuberLoss", {}),
        ("HuberLoss", {"delta": 0.3}),
        ("SmoothL1Loss", {}),
        ("SmoothL1Loss", {"beta": 0.3}),
    ],
)
def test_against_pytorch(name, settings):
    check_loss(
        lambda reduction: getattr(nn, name)(reduction=reduction, **settings),
        lambda torch, reduction: getattr(torch.nn, name)(reduction=reduction, **settings),
        *RNG.normal(size=(2, 6, 3)),
        learned=2,
    )


@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss"])
def test_the_mean_of_nothing_is_refused(name):
    check_empty(getattr(nn, name)(), np.zeros((0, 2)), np.zeros((0, 2)))


def test_printed_form():
    assert repr(nn.MSELoss()) == "MSELoss()"
    assert repr(nn.HuberLoss("sum", 2)) == "HuberLoss(delta=2, reduction='sum')"
    assert repr(nn.SmoothL1Loss()) == "SmoothL1Loss(beta=1)"
