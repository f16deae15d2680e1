"""Convolution layers in two steps."""

import numpy as np
import pytest

from chainrule import nn
from chainrule.random import Generator

from .layers import Layer, check_layer
from .twins import agrees

ROWS = {
    "depthwise": Layer(
        lambda rng: nn.DepthwiseConv2d(4, 3, 2, 1, rng=rng),
        (2, 4, 5, 6),
        (2, 4, 3, 3),
        {"weight": (4, 1, 3, 3), "bias": (4,)},
    ),
    "several filters a channel": Layer(
        lambda rng: nn.DepthwiseConv2d(3, (1, 2), multiplier=2, bias=False, rng=rng),
        (2, 3, 5, 6),
        (2, 6, 5, 5),
        {"weight": (6, 1, 1, 2)},
    ),
    "pointwise": Layer(
        lambda rng: nn.PointwiseConv2d(3, 4, rng=rng),
        (2, 3, 5, 6),
        (2, 4, 5, 6),
        {"weight": (4, 3, 1, 1), "bias": (4,)},
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


def test_they_are_torchs_convolutions_with_fixed_settings():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    depthwise = torch.nn.Conv2d(4, 8, 3, 2, 1, groups=4)
    agrees(torch, nn.DepthwiseConv2d(4, 3, 2, 1, multiplier=2), depthwise, (2, 4, 7, 6))
    agrees(torch, nn.PointwiseConv2d(4, 3, False), torch.nn.Conv2d(4, 3, 1, bias=False), (2, 4, 5, 6))


def test_they_begin_as_conv2d_does():
    one = nn.DepthwiseConv2d(4, 3, rng=Generator(0)).weight.numpy()
    other = nn.Conv2d(4, 4, 3, groups=4, rng=Generator(0)).weight.numpy()
    assert np.array_equal(one, other)
    assert repr(nn.PointwiseConv2d(3, 4)) == (
        "PointwiseConv2d(3, 4, kernel_size=(1, 1), stride=(1, 1), padding=(0, 0))"
    )
