"""Comparisons, masks, and the gates that choose: ties, NaN, dtypes."""

import operator

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, ShapeError

from .peers import agrees_with_torch, refused

COMPARISONS = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons(name):
    x, y = np.array([1.0, 2.0, np.nan, 3.0]), np.array([2.0, 2.0, np.nan, 1.0])
    out = getattr(cr, name)(x, y)
    assert out.dtype == np.bool_
    assert np.array_equal(out, COMPARISONS[name](x, y))
    assert getattr(cr, name)(Tensor([2]), 2).tolist() == [COMPARISONS[name](2, 2)]


def test_masks():
    a, b = Tensor([True, True, False]), Tensor([True, False, False])
    assert (a & b).tolist() == [True, False, False]
    assert (a | b).tolist() == [True, True, False]
    assert (~a).tolist() == [False, False, True]
    assert cr.equal(a, b).tolist() == [True, False, True]


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_tie_goes_to_x(name):
    x, y = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    getattr(cr, name)(x, y).sum().backward()
    assert x.grad.tolist() == [1] and y.grad.tolist() == [0]


def test_clip_passes_the_gradient_inside_and_on_the_bounds():
    x = Tensor([-2.0, -1.0, 0.5, 1.0, 7.0], requires_grad=True)
    low = Tensor([-1.0], requires_grad=True)
    out = cr.clip(x, low, 1.0)
    assert out.tolist() == [-1, -1, 0.5, 1, 1]
    out.sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 0] and low.grad.tolist() == [1]


def test_clip_on_one_side_and_of_integers():
    x = np.array([-2, 0, 7])
    assert cr.clip(x, 0).tolist() == [0, 0, 7] and cr.clip(x, max=3).tolist() == [-2, 0, 3]
    assert cr.clip(x, np.array([1, -1, 0]), 5).tolist() == [1, 0, 5]
    assert Tensor([0.2, 9.0]).clip(max=1.0).tolist() == [np.float32(0.2), 1]
    assert np.isnan(cr.clip(Tensor([np.nan]), 0.0, 1.0).item())


def test_clip_compiled():
    step = cr.compile(lambda x: cr.clip(x, -1.0, 1.0), fallback="error")
    assert step(np.array([-3.0, 0.5, 3.0])).tolist() == [-1, 0.5, 1]


def test_nan_is_passed_on():
    for function in (cr.maximum, cr.minimum):
        assert np.isnan(function(Tensor([1.0]), np.nan).item())


def test_torch():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees_with_torch(cr.maximum, torch.maximum, (3, 1), (4,))
    agrees_with_torch(cr.minimum, torch.minimum, (3, 1), (4,))
    agrees_with_torch(lambda x: cr.clip(x, -0.5, 0.7), lambda x: x.clip(-0.5, 0.7), (3, 4))
    agrees_with_torch(
        lambda x, y: cr.where(x > y, x * 2, y), lambda x, y: torch.where(x > y, x * 2, y), (3, 4), (4,)
    )


def test_where_hides_what_it_does_not_choose():
    x = Tensor([-1.0, 4.0], requires_grad=True)
    out = cr.where(x > 0, cr.sqrt(cr.maximum(x, 1e-9)), 0.0)
    assert out.tolist() == [0, 2]
    out.sum().backward()
    assert x.grad.tolist() == [0, 0.25]


def test_what_does_not_fit():
    x, mask = Tensor([1.0, 2.0]), Tensor([True, False])
    refused(DTypeError, lambda: cr.where(x, x, x), "where", "condition f32[2]", "bool, as comparisons give")
    refused(ShapeError, lambda: cr.where(mask, x, Tensor([1.0, 2.0, 3.0])), "where", "y f32[3]")
    refused(DTypeError, lambda: cr.where(mask, x, Tensor([1, 2])), "where", "one dtype")
    refused(DTypeError, lambda: cr.logical_and(x, mask), "logical_and", "bool")
    refused(DTypeError, lambda: cr.less(mask, mask), "less", "a float or integer dtype")
    refused(DTypeError, lambda: cr.maximum(x, Tensor([1, 2])), "maximum", "one dtype")
