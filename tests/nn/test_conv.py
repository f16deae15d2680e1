"""Convolution layers."""

import numpy as np
import pytest

from chainrule import nn, ops
from chainrule.random import Generator

from .layers import Layer, check_layer, noise
from .twins import agrees


def conv(*settings, **options):
    return lambda rng: nn.Conv2d(*settings, rng=rng, **options)


ROWS = {
    "plain": Layer(conv(3, 4, 3), (2, 3, 7, 6), (2, 4, 5, 4), {"weight": (4, 3, 3, 3), "bias": (4,)}),
    "strided": Layer(conv(3, 4, 3, 2, 1), (2, 3, 7, 6), (2, 4, 4, 3), {"weight": (4, 3, 3, 3), "bias": (4,)}),
    "oblong": Layer(
        conv(2, 4, (1, 3), (2, 1), (0, 2)),
        (2, 2, 5, 6),
        (2, 4, 3, 8),
        {"weight": (4, 2, 1, 3), "bias": (4,)},
    ),
    "dilated": Layer(
        conv(2, 3, 3, dilation=2), (2, 2, 7, 8), (2, 3, 3, 4), {"weight": (3, 2, 3, 3), "bias": (3,)}
    ),
    "grouped": Layer(
        conv(4, 6, 3, groups=2), (2, 4, 5, 5), (2, 6, 3, 3), {"weight": (6, 2, 3, 3), "bias": (6,)}
    ),
    "depthwise": Layer(
        conv(4, 4, 3, groups=4, bias=False), (2, 4, 5, 5), (2, 4, 3, 3), {"weight": (4, 1, 3, 3)}
    ),
}


LINES = {
    "one axis": Layer(
        lambda rng: nn.Conv1d(3, 4, 3, rng=rng), (2, 3, 7), (2, 4, 5), {"weight": (4, 3, 3), "bias": (4,)}
    ),
    "one axis with settings": Layer(
        lambda rng: nn.Conv1d(4, 6, 2, 2, 1, 3, 2, bias=False, rng=rng),
        (2, 4, 9),
        (2, 6, 4),
        {"weight": (6, 2, 2)},
    ),
}


@pytest.mark.parametrize("row", (ROWS | LINES).values(), ids=ROWS | LINES)
def test_layer(row):
    check_layer(row)


@pytest.mark.parametrize(
    "settings", [(3, 4, 3), (4, 6, 2, 2, 1, 3, 2), (4, 4, 3, 1, 2, 1, 4, False)], ids=str
)
def test_conv1d_is_that_of_torch(settings):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees(torch, nn.Conv1d(*settings), torch.nn.Conv1d(*settings), (2, settings[0], 11))


def test_each_setting_reaches_the_gate():
    layer = nn.Conv2d(4, 6, (3, 2), (2, 1), (1, 2), (1, 2), 2, rng=Generator(0))
    layer.bias.assign(np.arange(6, dtype="float32"))
    x, weight, bias = noise((2, 4, 9, 8)), layer.weight.numpy(), layer.bias.numpy()
    settings = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}
    np.testing.assert_array_equal(layer(x), ops.conv2d(x, weight, bias, **settings))


def test_printed_form_and_sum_of_parameters():
    layer = nn.Conv2d(4, 6, 3, dilation=2, groups=2, bias=False)
    text = "4, 6, kernel_size=(3, 3), stride=(1, 1), padding=(0, 0), dilation=(2, 2), groups=2, bias=False"
    assert repr(layer) == f"Conv2d({text})"
    assert layer.parameter_sum() == "6·(3·3·2)"
    assert nn.Conv2d(3, 10, 5).parameter_sum() == "10·(5·5·3+1)"
    line = nn.Conv1d(4, 6, 3, dilation=2, groups=2, bias=False)
    text = "4, 6, kernel_size=(3,), stride=(1,), padding=(0,), dilation=(2,), groups=2, bias=False"
    assert repr(line) == f"Conv1d({text})"
    assert (line.parameter_sum(), nn.Conv1d(3, 8, 5).parameter_sum()) == ("6·(3·2)", "8·(5·3+1)")


def test_weights_are_drawn_from_the_generator_given():
    first, again, other = (nn.Conv2d(3, 4, 3, rng=Generator(seed)).weight.numpy() for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
