"""Linear, Flatten, Identity."""

import numpy as np
import pytest

from chainrule import Tensor, nn
from chainrule.errors import ShapeError
from chainrule.random import Generator

from .layers import Layer, check_layer, noise

ROWS = {
    "linear": Layer(lambda rng: nn.Linear(5, 3, rng=rng), (4, 5), (4, 3), {"weight": (3, 5), "bias": (3,)}),
    "no bias": Layer(lambda rng: nn.Linear(5, 3, False, rng=rng), (4, 5), (4, 3), {"weight": (3, 5)}),
    "three axes": Layer(
        lambda rng: nn.Linear(5, 3, rng=rng), (4, 2, 5), (4, 2, 3), {"weight": (3, 5), "bias": (3,)}
    ),
    "flatten": Layer(lambda rng: nn.Flatten(), (2, 3, 4, 5), (2, 60)),
    "identity": Layer(lambda rng: nn.Identity(), (2, 3), (2, 3)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


def test_linear_is_the_weighted_sum_of_all_inputs():
    layer, x = nn.Linear(3, 2, rng=Generator(0)), noise((4, 3))
    layer.bias.assign(np.array([1.0, -2.0], "float32"))
    weight, bias = layer.weight.numpy(), layer.bias.numpy()
    expected = [[sum(x[n, i] * weight[o, i] for i in range(3)) + bias[o] for o in range(2)] for n in range(4)]
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5)


def test_flatten_keeps_the_order_of_channels_rows_columns_and_an_empty_batch():
    x = np.arange(24, dtype="float32").reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(nn.Flatten()(x), np.arange(24).reshape(2, 12))
    assert nn.Flatten()(Tensor(x[:0])).shape == (0, 12)


@pytest.mark.parametrize("x", [Tensor(1.0), [[1.0, 2.0]]])
def test_flatten_without_a_batch_axis(x):
    with pytest.raises(ShapeError, match="Flatten: a .* at least the batch axis"):
        nn.Flatten()(x)


def test_identity_hands_on_the_very_same_value():
    x = Tensor([1.0])
    assert nn.Identity()(x) is x


def test_the_sum_of_parameters():
    assert nn.Linear(784, 10).parameter_sum() == "10·(784+1)"
    assert nn.Linear(784, 10, bias=False).parameter_sum() == "10·(784)"
    assert repr(nn.Linear(784, 10, bias=False)) == "Linear(784, 10, bias=False)"
