"""Pooling by a norm, against PyTorch, compiled, and where all is zero."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor

from .compiled import compiles_natively, normal
from .peers import agrees_with_torch, functional


def positive(rng, shape):
    return rng.uniform(0.1, 2, shape)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(("p", "make"), [(1, None), (2, None), (2.0, positive), (3.5, positive), (4, None)])
def test_it_is_that_of_torch(p, make, ceil_mode):
    f, settings = functional(), {"stride": 2, "ceil_mode": ceil_mode}
    agrees_with_torch(
        lambda x: cr.lp_pool2d(x, p, (2, 3), **settings),
        lambda x: f.lp_pool2d(x, p, (2, 3), **settings),
        (1, 2, 7, 8),
        make=make,
    )


@pytest.mark.parametrize("p", [1, 2, 3.5])
def test_a_window_of_zeros_has_no_slope(p):
    x = Tensor(np.zeros((1, 1, 2, 4)), requires_grad=True)
    out = cr.lp_pool2d(x, p, 2)
    out.sum().backward()
    assert out.tolist() == [[[[0, 0]]]]
    assert x.grad.tolist() == np.zeros((1, 1, 2, 4)).tolist()


def test_it_compiles():
    compiles_natively(lambda x: cr.lp_pool2d(x, 2, 3, stride=2, ceil_mode=True), normal(2, 3, 6, 8))
    compiles_natively(lambda x: cr.lp_pool2d(cr.relu(x - 1.0), 2, 2), normal(2, 3, 6, 8))


def test_from_the_mean_towards_the_largest():
    x = np.abs(normal(1, 1, 4, 4)).astype("float64")
    assert np.allclose(cr.lp_pool2d(x, 1, 2), 4 * cr.avg_pool2d(x, 2))
    assert np.allclose(cr.lp_pool2d(x, 200, 2), cr.max_pool2d(x, 2), rtol=0.01)
