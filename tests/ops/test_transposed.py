"""Transposed convolution against PyTorch, compiled, and as the gradient of convolution."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, functional

SETTINGS = [
    {},
    {"stride": 2, "padding": 1, "output_padding": 1},
    {"stride": (3, 2), "groups": 2, "dilation": (1, 2), "padding": (1, 0), "output_padding": (2, 0)},
]
LINES = [{}, {"stride": 3, "padding": 1, "output_padding": 2, "dilation": 2, "groups": 2}]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_conv_transpose2d_is_that_of_torch(settings):
    f, filters = functional(), 6 // settings.get("groups", 1)
    agrees_with_torch(
        lambda x, w, b: cr.conv_transpose2d(x, w, b, **settings),
        lambda x, w, b: f.conv_transpose2d(x, w, b, **settings),
        *((2, 4, 5, 3), (4, filters, 3, 2), (6,)),
    )


@pytest.mark.parametrize("settings", LINES, ids=str)
def test_conv_transpose1d_is_that_of_torch(settings):
    f, filters = functional(), 6 // settings.get("groups", 1)
    agrees_with_torch(
        lambda x, w, b: cr.conv_transpose1d(x, w, b, **settings),
        lambda x, w, b: f.conv_transpose1d(x, w, b, **settings),
        *((2, 4, 5), (4, filters, 3), (6,)),
    )


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_they_compile(settings):
    w = normal(4, 6 // settings.get("groups", 1), 3, 2)
    compiles_natively(
        lambda x, w, b: cr.conv_transpose2d(x, w, b, **settings), normal(2, 4, 5, 3), w, normal(6)
    )
    compiles_natively(
        lambda x, w, b: cr.conv_transpose1d(x, w, b, **LINES[1]), normal(2, 4, 5), normal(4, 3, 3), normal(6)
    )


def test_it_is_the_gradient_of_convolution():
    y, w = normal(2, 3, 4, 5), normal(3, 2, 3, 3)
    x = Tensor(np.zeros((2, 2, 8, 10), "float32"), requires_grad=True)
    cr.conv2d(x, w, stride=2, padding=1).backward(Tensor(y))
    made = cr.conv_transpose2d(y, w, stride=2, padding=1, output_padding=1)
    assert np.array_equal(made, x.grad.numpy())


@pytest.mark.parametrize("more", [(0, 0), (1, 0), (1, 2)])
def test_convolution_of_the_result_has_the_size_of_the_input(more):
    x, w = normal(1, 2, 4, 5), normal(2, 3, 3, 2)
    out = cr.conv_transpose2d(x, w, stride=(2, 3), output_padding=more)
    assert cr.conv2d(out, w, stride=(2, 3)).shape == x.shape
