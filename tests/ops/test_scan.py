"""Running totals: NumPy, PyTorch, the array API's first zero."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError, SettingError

from .peers import agrees_with_torch, refused

A = np.random.default_rng(0).normal(size=(2, 3, 4))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_torch(axis):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    agrees_with_torch(lambda x: cr.cumulative_sum(x, axis=axis), lambda x: torch.cumsum(x, axis), A.shape)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_initial_total_is_zero(axis):
    total = np.cumsum(A, axis)
    expected = np.concatenate([np.zeros_like(total.take([0], axis)), total], axis)
    assert np.allclose(cr.cumulative_sum(A, axis=axis, include_initial=True), expected)
    step = cr.compile(lambda x: cr.cumulative_sum(x, axis=axis, include_initial=True), fallback="error")
    assert np.allclose(step(A), expected)


def test_the_one_axis_need_not_be_named():
    assert Tensor([1.0, 2.0, 4.0]).cumulative_sum().tolist() == [1, 3, 7]
    assert cr.cumulative_sum(np.zeros(0, "float32"), include_initial=True).tolist() == [0]


def test_the_dtype_stays():
    made = cr.cumulative_sum(np.array([200, 100], "uint8"))
    assert made.dtype == np.uint8 and made.tolist() == [200, 44]


def test_the_gradient_is_the_total_from_the_other_end():
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    (x.cumulative_sum() * np.array([1.0, 10.0, 100.0], "float32")).sum().backward()
    assert x.grad.tolist() == [111, 110, 100]


def test_explained():
    def step(x):
        cr.cumulative_sum(x).backward(Tensor([1.0, 2.0, 4.0]))

    debugger = cr.debug(step, Tensor([1.0, 2.0, 3.0], requires_grad=True))
    assert debugger.explain("cumulative_sum", 1) == (
        "cumulative_sum[1]: 3.00 is gathered from 2 numbers of x; spreads 2.00 to each of 2 elements of x"
    )


def test_what_does_not_fit():
    refused(SettingError, lambda: cr.cumulative_sum(A), "cumulative_sum", "x of 3 axes", "an axis")
    refused(IndexingError, lambda: cr.cumulative_sum(A, axis=3), "cumulative_sum", "axis 3 of 3 axes")
    refused(DTypeError, lambda: cr.cumulative_sum(A > 0, axis=0), "cumulative_sum", "float or integer")
