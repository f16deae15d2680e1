"""Pooling layers."""

import numpy as np
import pytest

from chainrule import nn

from .layers import Layer, check_layer, noise

ROWS = {
    "max": Layer(lambda rng: nn.MaxPool2d(2), (2, 3, 6, 4), (2, 3, 3, 2)),
    "max overlapping": Layer(lambda rng: nn.MaxPool2d(3, stride=2), (2, 3, 7, 5), (2, 3, 3, 2)),
    "max padded": Layer(lambda rng: nn.MaxPool2d((3, 2), (2, 1), (1, 0)), (2, 3, 6, 4), (2, 3, 3, 3)),
    "average": Layer(lambda rng: nn.AvgPool2d(2), (2, 3, 6, 4), (2, 3, 3, 2)),
    "average padded": Layer(lambda rng: nn.AvgPool2d(3, 2, 1), (2, 3, 6, 5), (2, 3, 3, 3)),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


def test_the_stride_is_the_window_unless_told():
    x = noise((1, 1, 4, 4))
    blocks = x.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(2, 2, 4)
    np.testing.assert_array_equal(nn.MaxPool2d(2)(x)[0, 0], blocks.max(-1))
    np.testing.assert_allclose(nn.AvgPool2d(2)(x)[0, 0], blocks.mean(-1), rtol=1e-5)
    assert nn.MaxPool2d(2, stride=1)(x).shape == (1, 1, 3, 3)


def test_printed_form():
    assert repr(nn.AvgPool2d((2, 3), 1)) == "AvgPool2d(kernel_size=(2, 3), stride=(1, 1), padding=(0, 0))"
