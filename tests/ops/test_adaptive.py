"""Pooling to a size that is asked for, against PyTorch and compiled."""

import numpy as np
import pytest

import chainrule as cr

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, functional

SIZES = [1, (2, 3), (5, 4), (None, 3), (7, None), 9]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
def test_they_are_those_of_torch(name, size):
    ours, theirs = getattr(cr, name), getattr(functional(), name)
    for high in (1, 3, 7):
        agrees_with_torch(lambda x: ours(x, size), lambda x: theirs(x, size), (2, 3, high, 6))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ["adaptive_avg_pool2d", "adaptive_max_pool2d"])
def test_they_compile(name, size):
    compiles_natively(lambda x: getattr(cr, name)(x, size), normal(2, 3, 7, 6))
    after = lambda x, w: getattr(cr, name)(cr.conv2d(x, w, padding=1), size)  # noqa: E731
    compiles_natively(after, normal(2, 3, 7, 6), normal(17, 3, 3, 3))


@pytest.mark.parametrize("name", ["global_avg_pool2d", "global_max_pool2d"])
def test_all_pixels_at_once(name):
    reduced = {"global_avg_pool2d": np.mean, "global_max_pool2d": np.max}[name]
    x = normal(2, 3, 7, 6)
    assert np.allclose(getattr(cr, name)(x), reduced(x, axis=(2, 3), keepdims=True), atol=1e-6)
    compiles_natively(lambda x: getattr(cr, name)(x), x)


def test_the_first_of_equals_wins():
    x = cr.Tensor(np.ones((1, 1, 3, 3)), requires_grad=True)
    cr.adaptive_max_pool2d(x, 2).sum().backward()
    assert x.grad.tolist() == [[[[1, 1, 0], [1, 1, 0], [0, 0, 0]]]]


def test_infinity_reaches_its_shares_alone():
    x = np.zeros((1, 1, 5, 5))
    x[0, 0, 0, 0] = np.inf
    out = cr.adaptive_avg_pool2d(x, 3)
    assert np.isposinf(out[0, 0, 0, 0]) and np.isfinite(out.ravel()[1:]).all()
