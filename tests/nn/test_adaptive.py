"""Pooling layers with a size that is asked for."""

import numpy as np
import pytest

from chainrule import nn

from .layers import Layer, check_layer, noise
from .twins import agrees

ROWS = {
    "means": Layer(lambda rng: nn.AdaptiveAvgPool2d((3, 2)), (2, 3, 7, 6), (2, 3, 3, 2)),
    "largest": Layer(lambda rng: nn.AdaptiveMaxPool2d((None, 4)), (2, 3, 5, 6), (2, 3, 5, 4)),
    "mean of all": Layer(lambda rng: nn.GlobalAvgPool2d(), (2, 3, 5, 6), (2, 3, 1, 1)),
    "largest of all": Layer(lambda rng: nn.GlobalMaxPool2d(), (2, 3, 5, 6), (2, 3, 1, 1)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


@pytest.mark.parametrize("size", [1, 3, (2, 4), (5, None), (8, 9)], ids=str)
@pytest.mark.parametrize("name", ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d"])
def test_layers_are_those_of_torch(name, size):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees(torch, getattr(nn, name)(size), getattr(torch.nn, name)(size), (2, 3, 7, 6))


def test_one_share_is_all():
    x = noise((2, 3, 4, 5))
    assert np.array_equal(nn.GlobalAvgPool2d()(x), nn.AdaptiveAvgPool2d(1)(x))
    assert np.array_equal(nn.GlobalMaxPool2d()(x)[..., 0, 0], x.max((2, 3)))


def test_printed_form():
    assert repr(nn.AdaptiveMaxPool2d(3)) == "AdaptiveMaxPool2d(output_size=(3, 3))"
