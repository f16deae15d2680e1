"""Batch norm and local response norm against PyTorch, and what they refuse."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, SettingError, ShapeError

from .peers import agrees_with_torch, refused


def functional():
    return pytest.importorskip(
        "torch", reason="compares with PyTorch: pip install torch==2.13.0"
    ).nn.functional


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (2, 3, 4, 5)])
def test_batch_norm_is_that_of_torch(shape):
    f = functional()
    agrees_with_torch(
        lambda x, w, b: cr.batch_norm(x, w, b, eps=1e-3)[0],
        lambda x, w, b: f.batch_norm(x, None, None, w, b, training=True, eps=1e-3),
        shape,
        (3,),
        (3,),
    )


def test_batch_norm_gives_the_statistics():
    x = np.random.default_rng(0).normal(3, 2, (50, 2, 4))
    out, mean, var = cr.batch_norm(x, np.ones(2), np.zeros(2))
    assert np.allclose(mean, x.mean((0, 2))) and np.allclose(var, x.var((0, 2)))
    assert np.allclose(out.mean((0, 2)), 0) and np.allclose(out.std((0, 2)), 1, atol=1e-4)


def test_gradients_flow_through_the_statistics_too():
    x = Tensor([[1.0], [3.0]], requires_grad=True)
    _, mean, var = cr.batch_norm(x, np.ones(1, "float32"), np.zeros(1, "float32"))
    (mean + var).sum().backward()
    assert x.grad.tolist() == [[0.5 - 1], [0.5 + 1]]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 9])
def test_local_response_norm_is_that_of_torch(size):
    f = functional()
    agrees_with_torch(
        lambda x: cr.local_response_norm(x, size, alpha=0.3, beta=0.6, k=2.0),
        lambda x: f.local_response_norm(x, size, alpha=0.3, beta=0.6, k=2.0),
        (2, 6, 3, 4),
    )


def test_what_does_not_fit():
    x, one = np.ones((4, 3), "float32"), np.ones(3, "float32")
    refused(ShapeError, lambda: cr.batch_norm(x, one[:2], one), "batch_norm", "3 channels in w and b")
    refused(ShapeError, lambda: cr.batch_norm(x[:1], one, one), "batch_norm", "at least two", "eval()")
    refused(ShapeError, lambda: cr.batch_norm(one, one, one), "batch_norm", "x (N, C, …)")
    refused(DTypeError, lambda: cr.batch_norm(x, one.astype("float64"), one), "batch_norm", "one dtype")
    refused(SettingError, lambda: cr.batch_norm(x, one, one, eps=0), "batch_norm", "eps 0", "> 0")
    refused(SettingError, lambda: cr.local_response_norm(x, 0), "local_response_norm", "size 0")
    refused(ShapeError, lambda: cr.local_response_norm(one, 3), "local_response_norm", "(N, C, …)")


@pytest.mark.parametrize("size", [12, 2**31, 10**30])
def test_more_neighbours_than_there_are_channels(size):
    """Each channel has all as its neighbours; alpha is a mean's, over the size that was said."""
    x = np.arange(12, dtype="float64").reshape(1, 6, 2, 1)
    expected = x / (1 + 0.3 / size * (x * x).sum(1, keepdims=True)) ** 0.75
    norm = lambda x: cr.local_response_norm(x, size, alpha=0.3)  # noqa: E731
    for run in (norm, cr.compile(norm, fallback="error")):
        np.testing.assert_allclose(np.asarray(run(x)), expected, rtol=1e-12)
