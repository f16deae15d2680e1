"""Rectifiers beside relu: their kinks, what is learned, and PyTorch."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import IndexingError, SettingError, ShapeError

from .peers import agrees_with_torch, refused

KINKS = {
    "leaky_relu": (lambda x: cr.leaky_relu(x, negative_slope=0.25), 0.25),
    "prelu": (lambda x: cr.prelu(x, 0.25), 0.25),
    "elu": (lambda x: cr.elu(x, alpha=0.7), 0.7),
    "selu": (cr.selu, 1.0507009873554805 * 1.6732632423543772),
}


@pytest.mark.parametrize("name", KINKS)
def test_the_slope_at_zero_is_that_from_below(name):
    function, slope = KINKS[name]
    assert cr.grad(function)(0.0).item() == pytest.approx(slope, rel=1e-6)
    gate = cr.trace(function, np.zeros(1)).lines[-1].gate
    if hasattr(gate, "parts"):
        assert cr.grad(lambda x: gate.parts(x))(0.0).item() == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("name", KINKS)
def test_far_out_and_nan(name):
    x = Tensor([-1e30, 1e30, np.nan], requires_grad=True)
    out = KINKS[name][0](x)
    assert np.isfinite(out.numpy()[:2]).all() and np.isnan(out.numpy()[2])
    out.sum().backward()
    assert np.isfinite(x.grad.numpy()[:2]).all()


def test_selu_keeps_mean_and_variance():
    out = cr.selu(np.random.default_rng(0).normal(size=1_000_000))
    assert abs(out.mean()) < 0.005 and abs(out.var() - 1) < 0.01


def test_prelu_learns_a_slope_for_each_channel():
    x = Tensor(-np.ones((2, 3, 4, 4)), requires_grad=True)
    w = Tensor([0.1, 0.2, 0.3], dtype="float64", requires_grad=True)
    cr.prelu(x, w).sum().backward()
    assert w.grad.tolist() == [-32, -32, -32]
    np.testing.assert_allclose(x.grad.numpy()[1, :, 2, 2], [0.1, 0.2, 0.3])


def test_prelu_with_one_slope_takes_any_shape():
    for shape in ((), (3,), (2, 3), (2, 3, 4, 5)):
        w = Tensor([0.5], requires_grad=True)
        out = cr.prelu(Tensor(np.full(shape, -2.0, "float32")), w)
        assert out.shape == shape and np.all(out.numpy() == -1)
        out.sum().backward()
        assert w.grad.tolist() == [-2 * np.prod(shape)]


def test_torch():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    peer = torch.nn.functional
    agrees_with_torch(
        lambda x: cr.leaky_relu(x, negative_slope=0.2), lambda x: peer.leaky_relu(x, 0.2), (3, 4)
    )
    agrees_with_torch(lambda x: cr.elu(x, alpha=1.3), lambda x: peer.elu(x, 1.3), (3, 4))
    agrees_with_torch(cr.selu, peer.selu, (3, 4))
    agrees_with_torch(cr.prelu, peer.prelu, (2, 3, 4, 5), (3,))
    agrees_with_torch(cr.prelu, peer.prelu, (2, 3), (1,))


@pytest.mark.parametrize(
    ("shape", "axis"), [((2, 6), 1), ((2, 6, 3, 5), 1), ((4, 3, 6), -1), ((6,), 0), ((0, 6), 1)]
)
def test_maxout_is_the_largest_of_neighbours(shape, axis):
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")

    def theirs(x):
        pieces = [torch.narrow(x, axis, k, 3) for k in (0, 3)]
        return torch.cat([p.amax(axis, keepdim=True) for p in pieces], axis)

    agrees_with_torch(lambda x: cr.maxout(x, 3, axis=axis), theirs, shape)


def test_maxout_compiled():
    rng = np.random.default_rng(0)
    x, weights = (
        rng.normal(size=(3, 6, 5, 7)).astype("float32"),
        rng.normal(size=(3, 2, 5, 7)).astype("float32"),
    )

    def step(x, weights):
        return cr.value_and_grad(lambda x: (cr.maxout(x, 3) * weights).sum())(x)

    step_of_native = cr.compile(step, fallback="error")
    for came, plain in zip(step_of_native(x, weights), step(Tensor(x), Tensor(weights)), strict=True):
        np.testing.assert_allclose(came.numpy(), plain.numpy(), rtol=1e-5)


def test_maxout_of_one_piece_is_the_input():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(cr.maxout(x, 1), x)


def test_errors():
    x = np.zeros((2, 6), np.float32)
    refused(
        ShapeError,
        lambda: cr.prelu(x, np.zeros(5, np.float32)),
        "prelu",
        "w of shape (5,)",
        "x of shape (2, 6)",
    )
    refused(
        ShapeError, lambda: cr.maxout(x, 4), "maxout", "(2, 6) in pieces of 4", "divide axis 1, of size 6"
    )
    refused(SettingError, lambda: cr.maxout(x, 0), "maxout", "pieces 0", "≥ 1")
    refused(IndexingError, lambda: cr.maxout(x, 2, axis=2), "maxout", "axis 2 of 2 axes")
    refused(SettingError, lambda: cr.elu(x, alpha=-1), "elu", "alpha -1", "a finite number ≥ 0")
    refused(
        SettingError, lambda: cr.leaky_relu(x, negative_slope=np.nan), "leaky_relu", "nan", "a finite number"
    )
