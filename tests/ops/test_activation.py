"""Sigmoid, tanh, relu: known numbers, and what happens far out."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError

from .peers import agrees_with_torch, refused


@pytest.mark.parametrize(
    ("function", "values"),
    [(cr.sigmoid, [0, 0.5, 1]), (cr.tanh, [-1, 0, 1]), (cr.relu, [0, 0, 1000])],
)
def test_far_out_and_at_zero(function, values):
    x = Tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
    out = function(x)
    assert out.tolist() == values
    out.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_sigmoid_of_the_notes():
    # the circuit of the notes: w0 = 2, x0 = -1, w1 = -3, x1 = -2, w2 = -3 gives 0.73 with slopes 0.2 …
    w = Tensor([2.0, -3.0, -3.0], requires_grad=True)
    x = Tensor([-1.0, -2.0, 1.0], requires_grad=True)
    out = cr.sigmoid((w * x).sum())
    out.backward()
    assert round(out.item(), 2) == 0.73
    assert np.round(w.grad.numpy(), 2).tolist() == [np.float32(-0.2), np.float32(-0.39), np.float32(0.2)]
    assert np.round(x.grad.numpy()[:2], 2).tolist() == [np.float32(0.39), np.float32(-0.59)]


def test_relu_has_slope_zero_at_zero_and_passes_nan_on():
    x = Tensor([0.0, 1.0, np.nan], requires_grad=True)
    out = cr.relu(x)
    assert np.isnan(out.numpy()[2])
    out.sum().backward()
    assert x.grad.tolist()[:2] == [0, 1]


def test_torch():
    agrees_with_torch(cr.sigmoid, lambda x: x.sigmoid(), (3, 4))
    agrees_with_torch(cr.tanh, lambda x: x.tanh(), (3, 4))
    agrees_with_torch(cr.relu, lambda x: x.relu(), (3, 4))


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_integers_are_refused(name):
    refused(DTypeError, lambda: getattr(cr, name)(Tensor([1])), name, "i64[1]", "astype")
