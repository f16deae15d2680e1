"""Sums, means, variances, maxima: NumPy, PyTorch, ties, empties."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError
from chainrule.ops.reduction import Max, Min

from .peers import agrees_with_torch, refused

A = np.random.default_rng(0).normal(size=(2, 3, 4))


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (2, 1), ()])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "max", "min"])
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
    agrees_with_torch(lambda x: cr.min(x, axis=axis), lambda x: torch.amin(x, dims), A.shape)
    agrees_with_torch(lambda x: cr.std(x, axis=axis, correction=1), lambda x: x.std(dims), A.shape)
    agrees_with_torch(lambda x: cr.mean(x, axis=axis), lambda x: x.mean(dims), A.shape)


def test_a_tie_goes_to_the_first():
    x = Tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], requires_grad=True)
    x.max(axis=1).sum().backward()
    assert x.grad.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert x.argmax(axis=1).tolist() == [1, 0]
    y = Tensor([[4.0, 3.0, 3.0], [2.0, 2.0, 2.0]], requires_grad=True)
    y.min(axis=1).sum().backward()
    assert y.grad.tolist() == [[0, 1, 0], [1, 0, 0]]
    assert y.argmin(axis=1).tolist() == [1, 0]


def test_nan_wins():
    x = Tensor([1.0, np.nan, 5.0, -1.0])
    assert np.isnan(x.max().item()) and x.argmax().item() == 1
    assert np.isnan(x.min().item()) and x.argmin().item() == 1


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_where_the_winner_stands(name):
    ours, theirs = getattr(cr, name), getattr(np, name)
    assert ours(A).item() == theirs(A)
    assert np.array_equal(ours(A, axis=-1, keepdims=True), theirs(A, -1, keepdims=True))
    assert ours(A, axis=0).dtype == np.int64


def test_the_smallest_of_unsigned_integers():
    x = np.array([[3, 0, 255], [7, 9, 7]], "uint8")
    step = cr.compile(lambda x: (cr.min(x, axis=1), cr.argmin(x, axis=1)), fallback="error")
    for made in (step(x), (Tensor(x).min(axis=1), Tensor(x).argmin(axis=1))):
        assert [v.tolist() for v in made] == [[0, 7], [1, 0]]


def test_std_has_a_slope_where_numbers_differ():
    x = Tensor([[1.0, 3.0], [2.0, 2.0]], requires_grad=True)
    x.std(axis=1).sum().backward()
    assert x.grad[0].tolist() == [-0.5, 0.5] and np.isnan(x.grad[1].numpy()).all()


def test_sums_keep_the_dtype():
    assert cr.sum(np.ones(3, "int32")).dtype == np.int32
    assert cr.sum(np.ones(3, "float32")).dtype == np.float32


def test_of_nothing():
    assert cr.sum(Tensor(np.zeros((0, 2), "float32"))).item() == 0
    assert np.isnan(cr.mean(Tensor(np.zeros(0, "float32"))).item())
    assert np.isnan(cr.var(Tensor(np.zeros(0, "float32"))).item())


def test_what_does_not_fit():
    x, empty = Tensor(A), Tensor(np.zeros((2, 0), "float32"))
    for name in ("sum", "mean", "var", "std", "max", "min"):
        refused(IndexingError, lambda name=name: getattr(cr, name)(x, axis=3), name, "axis 3 of 3 axes")
        refused(IndexingError, lambda name=name: getattr(cr, name)(x, axis=(0, 0)), name, "different axes")
    refused(ShapeError, lambda: cr.max(empty, axis=1), "max", "no element along axis")
    refused(ShapeError, lambda: cr.argmax(empty, axis=1), "argmax", "no element along axis")
    refused(ShapeError, lambda: cr.min(empty, axis=1), "min", "no element along axis")
    refused(ShapeError, lambda: cr.argmin(empty, axis=1), "argmin", "no element along axis")
    refused(ShapeError, lambda: cr.var(x[0, 0, :1], correction=1), "var", "more numbers than the correction")
    refused(SettingError, lambda: cr.var(x, correction="one"), "var", "correction 'one'")
    refused(SettingError, lambda: cr.std(x, correction=-1), "std", "a number ≥ 0")
    refused(IndexingError, lambda: cr.argmax(x, axis=(0, 1)), "argmax", "axis (0, 1)", "one whole number")
    refused(SettingError, lambda: cr.argmax(x, keepdims=True), "argmax", "an axis")
    refused(DTypeError, lambda: cr.mean(Tensor([1, 2])), "mean", "float32 or float64")
    refused(DTypeError, lambda: cr.sum(Tensor([True])), "sum", "a float or integer dtype")
    refused(SettingError, lambda: cr.apply(Max((0, 1)), x), "max", "one axis")
    refused(SettingError, lambda: cr.apply(Min(()), x), "min", "one axis", "min()")
