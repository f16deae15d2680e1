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


def test_whole_channels_are_dropped_or_scaled():
    x = np.random.default_rng(0).normal(size=(30, 20, 2, 3)).astype("float32")
    factor = cr.channel_dropout(x, 1, p=0.2, seed=3) / x
    assert np.unique(factor.round(6)).tolist() == [0, 1.25]
    assert (factor == factor[:, :, :1, :1]).all() or np.allclose(factor, factor[:, :, :1, :1])
    assert abs((factor == 0).mean() - 0.2) < 0.05
    assert np.array_equal(
        cr.channel_dropout(x[:, :, 0, 0], 1, seed=3),
        cr.dropout(np.ones((30, 20), "float32"), 1, seed=3) * x[:, :, 0, 0],
    )


def test_a_gradient_goes_through_the_channels_that_are_left():
    x = Tensor(np.ones((5, 8, 3), "float32"), requires_grad=True)
    out = cr.channel_dropout(x, Tensor(7), seed=1)
    out.sum().backward()
    assert np.array_equal(x.grad.numpy(), out.numpy())


def test_steps_of_any_integer():
    masks = [cr.dropout(ONES, np.asarray(5, dtype), seed=0) for dtype in ("int64", "int32", "uint8")]
    assert all(np.array_equal(mask, masks[0]) for mask in masks)
    compiled = cr.compile(lambda x, step: cr.dropout(x, step, seed=0), fallback="error")
    assert np.array_equal(compiled(ONES, np.asarray(5, "int32")), masks[0])
