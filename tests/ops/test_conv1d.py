"""Convolution along one axis, against PyTorch and compiled."""

import numpy as np
import pytest

import chainrule as cr

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, functional

SETTINGS = [{}, {"stride": 2, "padding": 1}, {"groups": 2, "dilation": 2, "padding": 3}]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_it_is_that_of_torch(settings):
    f, depth = functional(), 4 // settings.get("groups", 1)
    agrees_with_torch(
        lambda x, w, b: cr.conv1d(x, w, b, **settings),
        lambda x, w, b: f.conv1d(x, w, b, **settings),
        *((2, 4, 9), (6, depth, 3), (6,)),
    )


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_it_compiles(settings):
    depth = 4 // settings.get("groups", 1)
    compiles_natively(
        lambda x, w, b: cr.conv1d(x, w, b, **settings), normal(2, 4, 9), normal(6, depth, 3), normal(6)
    )


def test_differences_of_neighbours():
    x = np.array([[[1.0, 4.0, 9.0, 16.0]]])
    assert cr.conv1d(x, np.array([[[-1.0, 1.0]]])).tolist() == [[[3, 5, 7]]]
