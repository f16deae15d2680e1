"""Activation layers."""

import numpy as np
import pytest

from chainrule import nn

from .layers import Layer, check_layer, noise

LAYERS = {
    "relu": (nn.ReLU, lambda x: np.maximum(x, 0)),
    "sigmoid": (nn.Sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    "tanh": (nn.Tanh, np.tanh),
    "softmax": (nn.Softmax, lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
    "log softmax": (nn.LogSoftmax, lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True))),
    "softmax of channels": (
        lambda: nn.Softmax(axis=1),
        lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True),
    ),
}


@pytest.mark.parametrize(("make", "formula"), LAYERS.values(), ids=LAYERS)
def test_layer(make, formula):
    check_layer(Layer(lambda rng: make(), (3, 4, 5), (3, 4, 5)))
    x = noise((3, 4, 5))
    np.testing.assert_allclose(make()(x), formula(x), rtol=1e-5, atol=1e-6)


def test_printed_form():
    assert [repr(layer) for layer in (nn.ReLU(), nn.LogSoftmax(axis=1))] == ["ReLU()", "LogSoftmax(axis=1)"]
