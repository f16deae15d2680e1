"""Convolution in two steps, against PyTorch's convolution and compiled."""

import numpy as np

import chainrule as cr

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, functional


def test_they_are_torchs_convolution_with_fixed_settings():
    f = functional()
    agrees_with_torch(
        lambda x, w, b: cr.depthwise_conv2d(x, w, b, stride=2, padding=1, dilation=(1, 2)),
        lambda x, w, b: f.conv2d(x, w, b, stride=2, padding=1, dilation=(1, 2), groups=3),
        *((2, 3, 6, 7), (6, 1, 3, 2), (6,)),
    )
    agrees_with_torch(
        lambda x, w, b: cr.pointwise_conv2d(x, w, b),
        lambda x, w, b: f.conv2d(x, w, b),
        *((2, 3, 4, 5), (6, 3, 1, 1), (6,)),
    )


def test_they_compile():
    compiles_natively(
        lambda x, w, v: cr.pointwise_conv2d(cr.depthwise_conv2d(x, w, padding=1), v),
        *(normal(2, 4, 5, 6), normal(4, 1, 3, 3), normal(8, 4, 1, 1)),
    )


def test_together_they_are_a_convolution_of_products():
    x, w, v = normal(2, 3, 5, 6), normal(3, 1, 3, 3), normal(4, 3, 1, 1)
    both = cr.pointwise_conv2d(cr.depthwise_conv2d(x, w), v)
    assert np.allclose(both, cr.conv2d(x, v * w[:, 0]), atol=1e-5)
