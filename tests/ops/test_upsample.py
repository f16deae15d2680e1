"""Larger and smaller pictures, against PyTorch and compiled."""

import numpy as np
import pytest

import chainrule as cr

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, functional

TARGETS = [
    {"size": (4, 7)},
    {"size": 1},
    {"scale_factor": 2},
    {"scale_factor": (3, 2)},
    {"scale_factor": (1.5, 2.4)},
    {"scale_factor": (1.0, 0.6)},
]
MODES = [{"mode": "nearest"}, {"mode": "bilinear"}, {"mode": "bilinear", "align_corners": True}]


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_it_is_that_of_torch(target, mode):
    f, settings = functional(), target | mode
    for high in (1, 2, 5):
        agrees_with_torch(
            lambda x: cr.upsample(x, **settings), lambda x: f.interpolate(x, **settings), (2, 3, high, 6)
        )


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_it_compiles(mode):
    compiles_natively(lambda x: cr.upsample(x, scale_factor=2, **mode), normal(2, 3, 6, 8))
    between = lambda x, w: cr.relu(cr.upsample(cr.conv2d(x, w), size=(9, 7), **mode))  # noqa: E731
    compiles_natively(between, normal(2, 3, 6, 8), normal(17, 3, 3, 3))


def test_the_same_size_is_the_same_picture():
    x = normal(1, 2, 3, 4)
    assert cr.upsample(x, size=(3, 4), mode="bilinear") is x


def test_infinity_stays_where_it_is_seen():
    x = np.zeros((1, 1, 1, 3))
    x[..., 2] = np.inf
    out = cr.upsample(x, size=(1, 6), mode="bilinear")
    assert np.isfinite(out[..., :3]).all() and np.isposinf(out[..., 3:]).all()


def test_shuffles_are_those_of_torch():
    f = functional()
    agrees_with_torch(lambda x: cr.pixel_shuffle(x, 3), lambda x: f.pixel_shuffle(x, 3), (2, 18, 2, 4))
    agrees_with_torch(lambda x: cr.pixel_unshuffle(x, 2), lambda x: f.pixel_unshuffle(x, 2), (2, 3, 2, 4))
    compiles_natively(lambda x: cr.pixel_shuffle(x, 2), normal(2, 8, 3, 4))
    compiles_natively(lambda x: cr.pixel_unshuffle(x, 2), normal(2, 3, 6, 4))
