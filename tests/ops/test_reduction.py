"""Sums, means, variances, maxima: NumPy, PyTorch, ties, empties."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError
from chainrule.ops.reduction import Max

from .peers import agrees_with_torch, refused

A = np.random.default_rng(0).normal(size=(2, 3, 4))


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (2, 1), ()])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "var", "max"])
def test_numpy(name, axis, keepdims):
    out = getattr(cr, name)(A, axis=axis, keepdims=keepdims)
    expected = getattr(np, name)(A, axis=axis, keepdims=keepdims)
    assert np.shape(out) == np.shape(expected) and np.allclose(out, expected)


@pytest.mark.parametrize("axis", [None, 0, (0, 2)])
def test_torch(axis):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    dims = tuple(range(3)) if axis is None else axis
    agrees_with_torch(lambda x: cr.var(x, axis=axis, correction=1), lambda x: x.var(dims), A.shape)
    agrees_with_torch(lambda x: cr.max(x, axis=axis), lambda x: torch.amax(x, dims), A.shape)
    agrees_with_torch(lambda x: cr.mean(x, axis=axis), lambda x: x.mean(dims), A.shape)


def test_a_tie_goes_to_the_first():
    x = Tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], requires_grad=True)
    x.max(axis=1).sum().backward()
    assert x.grad.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert x.argmax(axis=1).tolist() == [1, 0]


def test_nan_counts_as_largest():
    x = Tensor([1.0, np.nan, 5.0])
    assert np.isnan(x.max().item()) and x.argmax().item() == 1


def test_argmax():
    assert cr.argmax(A).item() == A.argmax()
    assert np.array_equal(cr.argmax(A, axis=-1, keepdims=True), A.argmax(-1, keepdims=True))
    assert cr.argmax(A, axis=0).dtype == np.int64


def test_sums_keep_the_dtype():
    assert cr.sum(np.ones(3, "int32")).dtype == np.int32
    assert cr.sum(np.ones(3, "float32")).dtype == np.float32


def test_of_nothing():
    assert cr.sum(Tensor(np.zeros((0, 2), "float32"))).item() == 0
    assert np.isnan(cr.mean(Tensor(np.zeros(0, "float32"))).item())
    assert np.isnan(cr.var(Tensor(np.zeros(0, "float32"))).item())


def test_what_does_not_fit():
    x, empty = Tensor(A), Tensor(np.zeros((2, 0), "float32"))
    for name in ("sum", "mean", "var", "max"):
        refused(IndexingError, lambda name=name: getattr(cr, name)(x, axis=3), name, "axis 3 of 3 axes")
        refused(IndexingError, lambda name=name: getattr(cr, name)(x, axis=(0, 0)), name, "different axes")
    refused(ShapeError, lambda: cr.max(empty, axis=1), "max", "no element along axis")
    refused(ShapeError, lambda: cr.argmax(empty, axis=1), "argmax", "no element along axis")
    refused(ShapeError, lambda: cr.var(x[0, 0, :1], correction=1), "var", "more numbers than the correction")
    refused(SettingError, lambda: cr.argmax(x, keepdims=True), "argmax", "an axis")
    refused(DTypeError, lambda: cr.mean(Tensor([1, 2])), "mean", "float32 or float64")
    refused(DTypeError, lambda: cr.sum(Tensor([True])), "sum", "a float or integer dtype")
    refused(SettingError, lambda: cr.apply(Max((0, 1)), x), "max", "one axis")
