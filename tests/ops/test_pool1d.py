"""Pooling along one axis, against PyTorch and compiled."""

import numpy as np
import pytest

import chainrule as cr

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, functional

SETTINGS = [{"kernel_size": 3}, {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("name", ["max_pool1d", "avg_pool1d"])
def test_they_are_those_of_torch(name, settings):
    ours, theirs = getattr(cr, name), getattr(functional(), name)
    more = [{}, {"count_include_pad": False}] if name == "avg_pool1d" else [{}]
    for some in more:
        agrees_with_torch(
            lambda x, some=some: ours(x, **settings, **some),
            lambda x, some=some: theirs(x, **settings, **some),
            (2, 3, 8),
        )
        compiles_natively(lambda x, some=some: ours(x, **settings, **some), normal(2, 3, 8))


def test_indices_are_places_of_the_line():
    x = normal(2, 3, 9)
    out, indices = cr.max_pool1d(x, 3, stride=2, padding=1, return_indices=True)
    assert np.array_equal(np.take_along_axis(x, indices, 2), out)
