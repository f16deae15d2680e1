"""Networks without convolution."""

import numpy as np
import pytest

from chainrule import zoo
from chainrule.random import Generator

from ..nn.layers import noise


def test_linear_is_one_matrix_and_one_bias():
    model, x = zoo.linear((2, 3, 4), 5, rng=Generator(0)), noise((6, 2, 3, 4))
    state = model.state_dict()
    assert {name: array.shape for name, array in state.items()} == {
        "linear1.weight": (5, 24),
        "linear1.bias": (5,),
    }
    np.testing.assert_allclose(model(x), x.reshape(6, 24) @ state["linear1.weight"].T, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "sizes"),
    [
        (lambda: zoo.two_layer((1, 4, 5), 3, hidden=7), [20, 7, 3]),
        (lambda: zoo.three_layer((1, 4, 5), 3, hidden=(8, 6)), [20, 8, 6, 3]),
    ],
)
def test_layers_with_relu_between_them(build, sizes):
    model, x = build(), noise((2, 1, 4, 5))
    weights = [a for name, a in model.state_dict().items() if name.endswith("weight")]
    assert [a.shape for a in weights] == list(zip(sizes[1:], sizes[:-1], strict=True))
    h = x.reshape(2, 20)
    for k, weight in enumerate(weights):
        h = (np.maximum(h, 0) if k else h) @ weight.T
    np.testing.assert_allclose(model(x), h, rtol=1e-4, atol=1e-5)
