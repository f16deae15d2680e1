"""Depthwise convolutions are written down on pictures with their channels last, without a border."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.depthwise import DepthwiseFilters, DepthwiseInput, DepthwisePixels, is_depthwise
from chainrule.compiler.plan import Plan
from chainrule.ops.conv import Conv2d
from chainrule.ops.window import Window

from .slopes import agrees, arrays, with_slopes
from .steps import arranged


def test_which_ones_have_a_kernel():
    assert is_depthwise(Conv2d(groups=16), (16, 1, 3, 3))
    assert not is_depthwise(Conv2d(groups=15), (15, 1, 3, 3))  # too few for a vector
    assert not is_depthwise(Conv2d(groups=16), (32, 1, 3, 3))  # two filters for each
    assert not is_depthwise(Conv2d(groups=8), (16, 2, 3, 3))
    assert not is_depthwise(Conv2d(groups=16), (16, 1, 3, 17))
    assert not is_depthwise(Conv2d((2, 1), (0, 0), (2, 1), 16), (16, 1, 3, 3))


def names(function, *shapes):
    plan = Plan(arranged(function, *map(Tensor, arrays(*shapes))))
    return [row.task.name for row in plan.rows]


def test_nothing_is_turned_between_pointwise_and_depthwise():
    """As in a separable convolution: pictures keep their order, and no border is laid around them."""

    def step(x, a, d, b):
        return cr.conv2d(cr.relu(cr.conv2d(cr.conv2d(x, a), d, padding=1, groups=32)), b)

    made = names(step, (2, 16, 9, 9), (32, 16, 1, 1), (32, 1, 3, 3), (48, 32, 1, 1))
    assert made.count("depthwise") == 1
    assert "fill" not in made
    assert made.count("turn") + made.count("copy") <= 5  # the pictures, the result, and filters


@pytest.mark.parametrize(
    "settings", [{}, {"padding": 1}, {"stride": 2}, {"stride": (3, 2), "padding": (2, 0)}, {"dilation": 2}]
)
def test_gradients_agree(settings):
    agrees(lambda x, w: cr.conv2d(x, w, groups=18, **settings), *arrays((2, 18, 9, 8), (18, 1, 3, 2)))


def test_what_follows_and_precedes():
    agrees(
        lambda x, w, b: cr.max_pool2d(cr.relu(cr.conv2d(cr.tanh(x), w, b, padding=1, groups=16)), 2),
        *arrays((3, 16, 6, 6), (16, 1, 3, 3), (16,)),
    )


@pytest.mark.parametrize("shape", [(0, 16, 5, 5), (1, 16, 1, 1)])
def test_no_pictures_and_one_pixel(shape):
    names(with_slopes(lambda x, w: cr.conv2d(x, w, padding=1, groups=16)), shape, (16, 1, 3, 3))


def test_the_gates_compute_what_their_kernels_do():
    """Constants are computed with them while compiling."""
    window = Window((3, 2), (2, 1), (1, 0))
    x, w = (
        np.random.default_rng(0).normal(size=(2, 7, 6, 16)),
        np.random.default_rng(1).normal(size=(3, 2, 16)),
    )
    out = DepthwisePixels(window).forward(x, w)
    y = np.ones_like(out)
    assert DepthwiseInput(window, (7, 6)).forward(y, w).shape == x.shape
    sums = DepthwiseFilters(window, 4).forward(x, y)
    assert sums.shape == (4, 3, 2, 16)
    assert (out * y).sum() == pytest.approx((sums.sum(0) * w).sum())
    assert (out * y).sum() == pytest.approx((DepthwiseInput(window, (7, 6)).forward(y, w) * x).sum())
