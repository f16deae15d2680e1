"""Pooling layers."""

import numpy as np
import pytest

from chainrule import nn

from .layers import Layer, check_layer, noise
from .twins import agrees

ROWS = {
    "max": Layer(lambda rng: nn.MaxPool2d(2), (2, 3, 6, 4), (2, 3, 3, 2)),
    "max overlapping": Layer(lambda rng: nn.MaxPool2d(3, stride=2), (2, 3, 7, 5), (2, 3, 3, 2)),
    "max padded": Layer(lambda rng: nn.MaxPool2d((3, 2), (2, 1), (1, 0)), (2, 3, 6, 4), (2, 3, 3, 3)),
    "average": Layer(lambda rng: nn.AvgPool2d(2), (2, 3, 6, 4), (2, 3, 3, 2)),
    "max, cut off": Layer(lambda rng: nn.MaxPool2d(3, 2, ceil_mode=True), (2, 3, 6, 5), (2, 3, 3, 2)),
    "average, cut off": Layer(lambda rng: nn.AvgPool2d(3, 2, 1, True, False), (2, 3, 6, 5), (2, 3, 4, 3)),
    "norm": Layer(lambda rng: nn.LPPool2d(2, (2, 3), 1), (2, 3, 6, 5), (2, 3, 5, 3)),
    "max of lines": Layer(lambda rng: nn.MaxPool1d(3, 2, 1), (2, 3, 8), (2, 3, 4)),
    "average of lines": Layer(lambda rng: nn.AvgPool1d(3, 2, 1), (2, 3, 8), (2, 3, 4)),
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


PEERS = {
    "MaxPool2d": [
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
        {"kernel_size": (2, 3), "dilation": (3, 1), "padding": (1, 0)},
    ],
    "AvgPool2d": [
        {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}
    ],
    "LPPool2d": [{"norm_type": 2, "kernel_size": 3, "stride": 2, "ceil_mode": True}],
    "MaxPool1d": [{"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True}],
    "AvgPool1d": [{"kernel_size": 3, "padding": 1, "ceil_mode": True, "count_include_pad": False}],
}


@pytest.mark.parametrize("name", PEERS)
def test_layers_are_those_of_torch(name):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    for settings in PEERS[name]:
        ours, theirs = getattr(nn, name)(**settings), getattr(torch.nn, name)(**settings)
        agrees(torch, ours, theirs, (2, 3, 8) if "1d" in name else (2, 3, 8, 7))


def test_unpooling_undoes_pooling_but_for_what_was_thrown_away():
    pool, unpool, x = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2), noise((1, 2, 5, 4))
    out, indices = pool(x)
    back = unpool(out, indices, (5, 4))
    assert back.shape == x.shape
    assert np.array_equal(back[back != 0], x[back != 0]) and (back != 0).sum() == out.size
    assert unpool(out, indices).shape == (1, 2, 4, 4)


def test_printed_form():
    assert repr(nn.AvgPool1d(3, ceil_mode=True, count_include_pad=False)) == (
        "AvgPool1d(kernel_size=3, stride=3, padding=0, ceil_mode=True, count_include_pad=False)"
    )
    assert repr(nn.MaxPool2d(2, return_indices=True)) == (
        "MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0), return_indices=True)"
    )
    assert repr(nn.MaxPool2d(2, 1, dilation=3)).endswith("padding=(0, 0), dilation=(3, 3))")
    assert repr(nn.MaxPool1d(3, 2, dilation=3)).endswith("padding=0, dilation=3)")
    assert repr(nn.MaxPool1d(3, 2)) == "MaxPool1d(kernel_size=3, stride=2, padding=0)"
    assert repr(nn.LPPool2d(2, 3)) == "LPPool2d(norm_type=2, kernel_size=(3, 3), stride=(3, 3))"
    assert repr(nn.AvgPool2d((2, 3), 1)) == "AvgPool2d(kernel_size=(2, 3), stride=(1, 1), padding=(0, 0))"
