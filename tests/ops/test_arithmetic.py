"""Sums, products, quotients, powers: known numbers and corners."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, grad
from chainrule.errors import DTypeError, ShapeError

from .peers import agrees_with_torch, refused


def test_the_circuit_of_the_notes():
    # f = (x + y) · z at x = -2, y = 5, z = -4
    slopes = grad(lambda x, y, z: (x + y) * z, (0, 1, 2))(-2.0, 5.0, -4.0)
    assert [s.item() for s in slopes] == [-4, -4, 3]


def test_division_follows_ieee():
    out = cr.divide(Tensor([1.0, -1.0, 0.0]), 0.0).numpy()
    assert out[:2].tolist() == [np.inf, -np.inf] and np.isnan(out[2])


@pytest.mark.parametrize(("exponent", "slope"), [(0, [0, 0]), (1, [1, 1]), (2, [0, 4]), (3.0, [0, 12])])
def test_powers_at_zero(exponent, slope):
    x = Tensor([0.0, 2.0], requires_grad=True)
    (x**exponent).sum().backward()
    assert x.grad.tolist() == slope


def test_powers_of_a_negative_number():
    x = Tensor([-2.0], requires_grad=True)
    out = x**3
    assert out.tolist() == [-8]
    out.sum().backward()
    assert x.grad.tolist() == [12]
    assert np.isnan((x**0.5).item())


def test_torch():
    def positive(rng, shape):
        return rng.uniform(0.5, 2, shape)

    agrees_with_torch(cr.divide, lambda x, y: x / y, (3, 1), (4,))
    agrees_with_torch(cr.power, lambda x, y: x**y, (2, 3), (3,), make=positive)
    agrees_with_torch(cr.subtract, lambda x, y: x - y, (2, 1, 3), (4, 1))


def test_errors():
    a, b = Tensor([[1.0, 2.0]]), Tensor([1.0, 2.0, 3.0])
    for name in ("add", "subtract", "multiply", "divide", "power"):
        refused(ShapeError, lambda name=name: getattr(cr, name)(a, b), name, "x f32[1,2] and y f32[3]")
    refused(DTypeError, lambda: cr.divide(Tensor([1]), Tensor([2])), "divide", "float32 or float64")
    refused(DTypeError, lambda: cr.negative(Tensor([True])), "negative", "bool[1]")
