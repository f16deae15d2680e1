"""exp, log, sqrt, abs, sign: corners, and PyTorch."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError

from .peers import agrees_with_torch, refused


def test_corners():
    assert cr.log(Tensor([0.0])).item() == -np.inf
    assert np.isnan(cr.log(Tensor([-1.0])).item()) and np.isnan(cr.sqrt(Tensor([-1.0])).item())
    assert cr.exp(Tensor([1000.0])).item() == np.inf
    assert cr.sign(Tensor([-2.0, 0.0, 3.0])).tolist() == [-1, 0, 1]
    assert cr.abs(Tensor([-2, 3])).tolist() == [2, 3]


def test_abs_has_slope_zero_at_zero():
    x = Tensor([-2.0, 0.0, 2.0], requires_grad=True)
    abs(x).sum().backward()
    assert x.grad.tolist() == [-1, 0, 1]


def test_sign_sends_no_gradient():
    x = Tensor([2.0], requires_grad=True)
    (cr.sign(x) * x).sum().backward()
    assert x.grad.tolist() == [1]


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "abs"])
def test_torch(name):
    def positive(rng, shape):
        return rng.uniform(0.5, 2, shape)

    agrees_with_torch(getattr(cr, name), lambda x: getattr(x, name)(), (3, 4), make=positive)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt"])
def test_integers_are_refused(name):
    refused(DTypeError, lambda: getattr(cr, name)(Tensor([1])), name, "float32 or float64")
