"""Dropout: the same mask for the same counter, the mean kept, and its settings."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, SettingError, ShapeError

from .peers import refused

ONES = np.ones((50, 40), "float32")


def test_numbers_are_dropped_or_scaled():
    out = cr.dropout(ONES, 1, p=0.2, seed=3)
    assert set(np.unique(out)) == {np.float32(0), np.float32(1.25)}
    assert abs((out == 0).mean() - 0.2) < 0.03
    assert np.array_equal(cr.dropout(ONES, 1, p=0.0, seed=3), ONES)


def test_the_mask_is_told_by_seed_layer_and_step():
    def mask(step=1, **settings):
        return cr.dropout(ONES, step, **{"seed": 3, "layer": 0, **settings}).tobytes()

    assert mask() == mask() == mask(np.asarray(1)) == mask(Tensor(1).data)
    assert len({mask(), mask(2), mask(seed=4), mask(layer=1)}) == 4


def test_backward_draws_the_same_mask():
    x = Tensor(ONES, requires_grad=True)
    out = cr.dropout(x, Tensor(7), seed=1)
    out.sum().backward()
    assert np.array_equal(x.grad.numpy(), out.numpy())


@pytest.mark.parametrize("p", [1.0, -0.1, 2])
def test_p(p):
    refused(SettingError, lambda: cr.dropout(ONES, 1, p=p, seed=0), "dropout", f"p {p}", "0 ≤ p < 1")


def test_steps():
    refused(ShapeError, lambda: cr.dropout(ONES, np.array([1]), seed=0), "dropout", "one number")
    refused(DTypeError, lambda: cr.dropout(ONES, 1.0, seed=0), "dropout", "an integer")
    refused(DTypeError, lambda: cr.dropout(np.ones(3, int), 1, seed=0), "dropout", "float32 or float64")
