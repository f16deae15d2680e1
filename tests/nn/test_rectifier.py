"""Rectifying layers: formulas, what is learned, printed forms, and PyTorch."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, nn
from chainrule.errors import SettingError, ShapeError

from .layers import Layer, check_layer, noise
from .twins import agrees

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805
LAYERS = {
    "leaky relu": (nn.LeakyReLU, lambda x: np.maximum(x, 0.01 * x)),
    "leaky relu of 0.2": (lambda: nn.LeakyReLU(0.2), lambda x: np.maximum(x, 0.2 * x)),
    "elu": (nn.ELU, lambda x: np.where(x > 0, x, np.exp(x) - 1)),
    "elu of 0.5": (lambda: nn.ELU(0.5), lambda x: np.where(x > 0, x, 0.5 * (np.exp(x) - 1))),
    "selu": (nn.SELU, lambda x: SCALE * np.where(x > 0, x, ALPHA * (np.exp(x) - 1))),
}


@pytest.mark.parametrize(("make", "formula"), LAYERS.values(), ids=LAYERS)
def test_layer(make, formula):
    check_layer(Layer(lambda rng: make(), (3, 4, 5), (3, 4, 5)))
    x = noise((3, 4, 5))
    np.testing.assert_allclose(make()(x), formula(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("count", [1, 4])
def test_prelu(count):
    check_layer(Layer(lambda rng: nn.PReLU(count), (3, 4, 5), (3, 4, 5), {"weight": (count,)}))
    assert nn.PReLU(count, init=0.1).weight.tolist() == [np.float32(0.1)] * count


def test_maxout():
    check_layer(Layer(lambda rng: nn.Maxout(2), (3, 4, 5), (3, 2, 5)))
    check_layer(Layer(lambda rng: nn.Maxout(5, axis=-1), (3, 4, 5), (3, 4, 1)))
    x = noise((3, 4, 5))
    np.testing.assert_array_equal(nn.Maxout(2)(x), x.reshape(3, 2, 2, 5).max(axis=2))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("LeakyReLU", {"negative_slope": 0.3}),
        ("ELU", {"alpha": 1.5}),
        ("SELU", {}),
        ("PReLU", {"num_parameters": 4, "init": 0.1}),
        ("PReLU", {}),
    ],
)
def test_torch(name, settings):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees(torch, getattr(nn, name)(**settings), getattr(torch.nn, name)(**settings), (3, 4, 5))


def test_a_network_with_maxout_learns_compiled():
    rng = cr.random.Generator(0)
    model = nn.Sequential(nn.Linear(6, 12, rng=rng), nn.Maxout(3), nn.PReLU(), nn.Linear(4, 2, rng=rng))
    optimizer = cr.optim.SGD(model.parameters(), lr=0.1)

    @cr.compile(fallback="error")
    def step(x, labels):
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    x = noise((20, 6))
    labels = (x[:, 0] > 0).astype("int64")
    losses = [step(Tensor(x), labels).item() for _ in range(60)]
    assert losses[-1] < 0.5 * losses[0]


def test_summary_counts_the_slopes():
    model = nn.Sequential(nn.Linear(3, 4), nn.PReLU(4))
    assert sum(p.size for p in model.parameters()) == 16 + 4
    assert "4 = 4" in str(nn.summary(model, (3,)))


def test_printed_form():
    layers = (nn.LeakyReLU(), nn.PReLU(3), nn.ELU(), nn.SELU(), nn.Maxout(2))
    assert [repr(layer) for layer in layers] == [
        "LeakyReLU(negative_slope=0.01)",
        "PReLU(3, init=0.25)",
        "ELU(alpha=1)",
        "SELU()",
        "Maxout(2, axis=1)",
    ]


def test_errors():
    with pytest.raises(SettingError, match="PReLU: num_parameters 0"):
        nn.PReLU(0)
    with pytest.raises(ShapeError, match=r"prelu: w of shape \(3,\) for x of shape \(2, 4\)"):
        nn.PReLU(3)(noise((2, 4)))
