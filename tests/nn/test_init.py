"""Initializers: moments, bounds, fans as PyTorch counts them, hollow models."""

import math

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ShapeError
from chainrule.nn import init
from chainrule.random import Generator

SHAPES = [(300, 200), (64, 32, 3, 3), (40, 8, 5, 3)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("initialize", "variance"),
    [
        (init.he_normal, lambda n_in, n_out: 2 / n_in),
        (init.he_uniform, lambda n_in, n_out: 2 / n_in),
        (init.xavier_normal, lambda n_in, n_out: 2 / (n_in + n_out)),
        (init.xavier_uniform, lambda n_in, n_out: 2 / (n_in + n_out)),
    ],
)
def test_moments(initialize, variance, shape):
    n_in, n_out = init.fans(shape)
    weights, expected = initialize(shape, Generator(4)), variance(n_in, n_out)
    assert (weights.shape, weights.dtype) == (shape, np.float32)
    assert abs(weights.mean()) < 5 * math.sqrt(expected / weights.size)
    assert weights.var() == pytest.approx(expected, rel=0.06)
    if initialize in (init.he_uniform, init.xavier_uniform):
        bound = math.sqrt(3 * expected)
        assert 0.98 * bound < np.abs(weights).max() <= bound * (1 + 1e-6)
    else:
        assert np.abs(weights).max() > 3 * math.sqrt(expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_fans_are_those_of_pytorch(shape):
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    assert init.fans(shape) == torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))


def test_fans_need_inputs_and_outputs():
    with pytest.raises(ShapeError, match=r"fans: shape \(5,\)"):
        nn.Linear(4, 5, initialize=lambda shape, rng: init.he_normal(shape[:1], rng))


def test_zeros_and_ones():
    assert init.zeros((2, 3), Generator(0)).tolist() == [[0.0] * 3] * 2
    assert init.ones((2,), Generator(0)).tolist() == [1.0, 1.0]


def test_layers_take_an_initializer():
    layer = nn.Linear(200, 100, initialize=init.xavier_uniform, rng=Generator(0))
    assert np.abs(layer.weight.numpy()).max() <= math.sqrt(6 / 300) * (1 + 1e-6)
    assert not layer.bias.numpy().any()


def test_hollow_models_have_shapes_and_take_no_memory():
    with nn.init.hollow():
        layer = nn.Linear(50_000, 40_000)
    assert (layer.weight.shape, layer.weight.size) == ((40_000, 50_000), 2_000_000_000)
    assert layer.weight.data.base.nbytes == 4
    assert layer.weight.requires_grad
    assert nn.Linear(3, 2).weight.data.strides != (0, 0)


def test_hollow_ends_with_an_error_inside():
    with pytest.raises(ZeroDivisionError), nn.init.hollow():
        1 / 0  # noqa: B018
    assert nn.Linear(3, 2).weight.numpy().any()
