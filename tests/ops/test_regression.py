"""Losses of numbers: PyTorch, their known values, shapes that would broadcast."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import ShapeError

from .peers import agrees_with_torch, refused

SHAPES = [(7,), (3, 4), (2, 1, 3), ()]


def functional():
    return pytest.importorskip(
        "torch", reason="compares with PyTorch: pip install torch==2.13.0"
    ).nn.functional


@pytest.mark.parametrize("shape", SHAPES)
def test_losses_of_numbers_are_those_of_torch(shape):
    f = functional()
    agrees_with_torch(cr.mse, f.mse_loss, shape, shape)
    agrees_with_torch(cr.squared_error, lambda x, y: f.mse_loss(x, y, reduction="none"), shape, shape)
    agrees_with_torch(cr.absolute_error, lambda x, y: f.l1_loss(x, y, reduction="none"), shape, shape)
    for bend in (0.3, 1.0, 2.5):
        agrees_with_torch(
            lambda x, y, bend=bend: cr.huber(x, y, delta=bend),
            lambda x, y, bend=bend: f.huber_loss(x, y, delta=bend, reduction="none"),
            shape,
            shape,
        )
        agrees_with_torch(
            lambda x, y, bend=bend: cr.smooth_l1(x, y, beta=bend),
            lambda x, y, bend=bend: f.smooth_l1_loss(x, y, beta=bend, reduction="none"),
            shape,
            shape,
        )


def test_slopes_at_ties_are_0_and_at_the_bend_the_line_begins():
    x, target = Tensor([1.0, 3.0, 0.0], requires_grad=True), Tensor([1.0, 1.0, 2.0])
    cr.absolute_error(x, target).sum().backward()
    assert x.grad.tolist() == [0, 1, -1]
    x.grad = None
    cr.huber(x, target, delta=2.0).sum().backward()
    assert x.grad.tolist() == [0, 2, -2]


def test_squared_error_does_not_broadcast():
    refused(
        ShapeError,
        lambda: cr.mse(np.ones((3, 1)), np.ones(3)),
        "mse",
        "x f64[3,1] and target f64[3]",
        "a loss does not broadcast",
        "target.reshape(3, 1)",
    )
    refused(ShapeError, lambda: cr.mse(np.ones(3), np.ones(4)), "mse", "one target for each x")


@pytest.mark.parametrize("loss", [cr.squared_error, cr.absolute_error, cr.huber, cr.smooth_l1, cr.mse])
def test_no_loss_of_numbers_broadcasts(loss):
    with pytest.raises(ShapeError, match="a loss does not broadcast"):
        loss(np.ones((3, 1)), np.ones(3))
