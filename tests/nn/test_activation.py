"""Activation layers: formulas, printed forms, and PyTorch."""

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import SettingError
from chainrule.special import erf

from .layers import Layer, check_layer, noise
from .twins import agrees

LAYERS = {
    "relu": (nn.ReLU, lambda x: np.maximum(x, 0)),
    "sigmoid": (nn.Sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    "tanh": (nn.Tanh, np.tanh),
    "silu": (nn.SiLU, lambda x: x / (1 + np.exp(-x))),
    "gelu": (nn.GELU, lambda x: x * (1 + erf(x / np.sqrt(np.float32(2)))) / 2),
    "gelu by tanh": (
        lambda: nn.GELU("tanh"),
        lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    ),
    "softplus": (nn.Softplus, lambda x: np.log(1 + np.exp(x))),
    "softplus of 2": (lambda: nn.Softplus(beta=2), lambda x: np.log(1 + np.exp(2 * x)) / 2),
    "log sigmoid": (nn.LogSigmoid, lambda x: -np.log(1 + np.exp(-x))),
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


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ReLU", {}),
        ("Sigmoid", {}),
        ("Tanh", {}),
        ("SiLU", {}),
        ("GELU", {}),
        ("GELU", {"approximate": "tanh"}),
        ("Softplus", {}),
        ("Softplus", {"beta": 2.0}),
        ("LogSigmoid", {}),
    ],
)
def test_torch(name, settings):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees(torch, getattr(nn, name)(**settings), getattr(torch.nn, name)(**settings), (3, 4, 5))


def test_printed_form():
    layers = (nn.ReLU(), nn.LogSoftmax(axis=1), nn.SiLU(), nn.GELU("tanh"), nn.Softplus(2))
    assert [repr(layer) for layer in layers] == [
        "ReLU()",
        "LogSoftmax(axis=1)",
        "SiLU()",
        "GELU(approximate='tanh')",
        "Softplus(beta=2)",
    ]


def test_settings_are_looked_at_when_the_layer_is_made():
    with pytest.raises(SettingError, match="GELU: approximate 'quick'"):
        nn.GELU("quick")
    with pytest.raises(SettingError, match="Softplus: beta 0; expected a finite number > 0"):
        nn.Softplus(0)
