"""The layer with filters of its own at every place."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.random import Generator

from .layers import Layer, check_layer, noise

ROWS = {
    "plain": Layer(
        lambda rng: nn.LocallyConnected2d(2, 3, (5, 4), 2, rng=rng),
        (2, 2, 5, 4),
        (2, 3, 4, 3),
        {"weight": (4, 3, 3, 2, 2, 2), "bias": (3, 4, 3)},
    ),
    "with settings": Layer(
        lambda rng: nn.LocallyConnected2d(2, 3, 5, (2, 1), (2, 3), (1, 0), (2, 1), False, rng=rng),
        (2, 2, 5, 5),
        (2, 3, 3, 2),
        {"weight": (3, 2, 3, 2, 2, 1)},
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_layer(row):
    check_layer(row)


@pytest.mark.parametrize("compiled", [False, True])
def test_with_one_filter_everywhere_it_is_convolution(compiled):
    layer, x, w = (
        nn.LocallyConnected2d(2, 3, (5, 6), 3, 2, 1, bias=False),
        noise((2, 2, 5, 6)),
        noise((3, 2, 3, 3), 4),
    )
    layer.weight.assign(np.broadcast_to(w, layer.weight.shape).copy())
    run = cr.compile(lambda x: layer(x), fallback="error") if compiled else layer
    np.testing.assert_allclose(np.asarray(run(x)), cr.conv2d(x, w, stride=2, padding=1), 1e-5, 1e-5)


def test_every_place_begins_as_a_convolution_does():
    weight = nn.LocallyConnected2d(50, 4, (3, 3), 2, rng=Generator(0)).weight.numpy()
    assert weight.std() ** 2 * 50 * 4 == pytest.approx(2, rel=0.05)


def test_printed_form_and_sum_of_parameters():
    layer = nn.LocallyConnected2d(2, 3, (5, 4), 2, dilation=2, bias=False)
    text = "2, 3, input_size=(5, 4), kernel_size=(2, 2), stride=(1, 1), padding=(0, 0), dilation=(2, 2), bias=False"
    assert repr(layer) == f"LocallyConnected2d({text})"
    assert layer.parameter_sum() == "3·2·3·(2·2·2)"
    assert nn.LocallyConnected2d(2, 3, (5, 4), 2).parameter_sum() == "4·3·3·(2·2·2+1)"
