"""Layer, group and instance norm against PyTorch, compiled too, and what they refuse."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import SettingError, ShapeError

from .peers import agrees_with_torch, refused


@pytest.fixture
def f():
    reason = "compares with PyTorch: pip install torch==2.13.0"
    return pytest.importorskip("torch", reason=reason).nn.functional


@pytest.mark.parametrize(("shape", "tail"), [((6, 5), (5,)), ((3, 4, 5), (4, 5)), ((2, 3, 4, 5), (5,))])
def test_layer_norm_is_that_of_torch(f, shape, tail):
    agrees_with_torch(
        lambda x, w, b: cr.layer_norm(x, tail, w, b, eps=1e-3),
        lambda x, w, b: f.layer_norm(x, tail, w, b, eps=1e-3),
        *(shape, tail, tail),
    )


@pytest.mark.parametrize(
    ("shape", "groups"), [((4, 6), 3), ((2, 6, 5), 2), ((3, 4, 2, 5), 1), ((2, 4, 3, 2), 4)]
)
def test_group_norm_is_that_of_torch(f, shape, groups):
    agrees_with_torch(
        lambda x, w, b: cr.group_norm(x, groups, w, b, eps=1e-3),
        lambda x, w, b: f.group_norm(x, groups, w, b, eps=1e-3),
        *(shape, shape[1:2], shape[1:2]),
    )


@pytest.mark.parametrize("shape", [(2, 3, 5), (2, 3, 4, 5)])
def test_instance_norm_is_that_of_torch(f, shape):
    agrees_with_torch(
        lambda x, w, b: cr.instance_norm(x, w, b, eps=1e-3),
        lambda x, w, b: f.instance_norm(x, weight=w, bias=b, eps=1e-3),
        *(shape, shape[1:2], shape[1:2]),
    )


def test_scale_and_shift_are_optional():
    x = np.random.default_rng(0).normal(3, 2, (4, 6))
    for out in (cr.layer_norm(x, 6), cr.group_norm(x, 1), cr.standardize(x)[0]):
        np.testing.assert_allclose(
            out, (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
        )
    np.testing.assert_allclose(cr.layer_norm(x, 6, b=np.ones(6)) - 1, cr.layer_norm(x, 6), atol=1e-12)


def test_far_from_zero_nothing_is_lost():
    """A mean 400,000 times the deviation: E[x²] - mean² would leave nothing, the mean alone is rounded."""
    apart = np.random.default_rng(0).integers(-4, 5, (3, 64)).astype("float32")
    x = apart + np.float32(2**20)
    expected = (apart - apart.mean(1, keepdims=True)) / np.sqrt(apart.var(1, keepdims=True) + 1e-5)
    norm = lambda x: cr.layer_norm(x, 64)  # noqa: E731
    for run in (norm, cr.compile(norm, fallback="error")):
        np.testing.assert_allclose(np.asarray(run(x)), expected, atol=0.05)


def test_gradients_flow_through_the_deviation_too():
    x = Tensor([[1.0, 3.0]], requires_grad=True)
    out, deviation = cr.standardize(x, eps=1e-12)
    deviation.sum().backward()
    np.testing.assert_allclose(x.grad, [[-0.5, 0.5]], rtol=1e-6)


def test_what_does_not_fit():
    x = np.ones((4, 6), "float32")
    refused(ShapeError, lambda: cr.layer_norm(x, 5), "layer_norm", "(…, 5)", "normalized_shape=(6,)")
    refused(SettingError, lambda: cr.group_norm(x, 4), "group_norm", "a divisor of 6 channels")
    refused(ShapeError, lambda: cr.instance_norm(x), "instance_norm", "(N, C, L, …)")
    refused(ShapeError, lambda: cr.standardize(x, axis=()), "standardize", "at least two")
