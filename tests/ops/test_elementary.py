"""Functions of one number: corners, and PyTorch."""

import math

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


@pytest.mark.parametrize("name", ["expm1", "log1p", "erf", "sin"])
def test_small_numbers_come_out_exact(name):
    """Where 1 + x would lose them; and the sign of 0 stays."""
    slope = 2 / math.sqrt(math.pi) if name == "erf" else 1
    out = getattr(cr, name)(Tensor([1e-20, -1e-20, -0.0], dtype="float64")).numpy()
    np.testing.assert_allclose(out[:2], [slope * 1e-20, -slope * 1e-20], rtol=1e-15)
    assert out[2] == 0 and np.signbit(out[2])


CORNERS = {
    "expm1": ([-1000.0, 1000.0], [-1, np.inf]),
    "log1p": ([-1.0, -2.0, np.inf], [-np.inf, np.nan, np.inf]),
    "erf": ([-100.0, 100.0, np.nan], [-1, 1, np.nan]),
    "sin": ([np.inf, np.nan], [np.nan, np.nan]),
    "cos": ([0.0, -np.inf, np.nan], [1, np.nan, np.nan]),
    "floor": ([-0.5, 2.0, -np.inf, np.nan, 1e30], [-1, 2, -np.inf, np.nan, np.float32(1e30)]),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CORNERS)
def test_far_out(name, dtype):
    given, expected = CORNERS[name]
    x = np.asarray(given, "float32").astype(dtype)
    step = getattr(cr, name)
    np.testing.assert_array_equal(step(x), expected)
    np.testing.assert_array_equal(cr.compile(lambda x: step(x), fallback="error")(x).numpy(), expected)


def test_a_million_radians():
    """A compiled step is right to a few units of the last place for large angles too."""
    for dtype in ("float32", "float64"):
        x = np.array([1e6, -1e6, 123456.789, 1e9, 1e15, math.pi * 1e6], dtype)
        for step in (cr.sin, cr.cos):
            plain, compiled = step(x), cr.compile(lambda x, step=step: step(x), fallback="error")(x).numpy()
            np.testing.assert_allclose(compiled, plain, rtol=2 * np.finfo(dtype).eps)


def test_floor_sends_no_gradient():
    x = Tensor([2.5], requires_grad=True)
    (cr.floor(x) * x).sum().backward()
    assert x.grad.tolist() == [2]


def test_slopes_of_the_circle():
    x = Tensor([0.0, math.pi / 2], dtype="float64", requires_grad=True)
    (cr.sin(x) + 2 * cr.cos(x)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [1, -2], atol=1e-15)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "abs", "expm1", "log1p", "erf", "sin", "cos"])
def test_torch(name):
    def positive(rng, shape):
        return rng.uniform(0.5, 2, shape)

    agrees_with_torch(getattr(cr, name), lambda x: getattr(x, name)(), (3, 4), make=positive)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "expm1", "log1p", "erf", "sin", "cos", "floor"])
def test_integers_are_refused(name):
    refused(DTypeError, lambda: getattr(cr, name)(Tensor([1])), name, "float32 or float64")
