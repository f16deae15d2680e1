"""Activation functions: known numbers, what happens far out and at 0, and PyTorch."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError

from .peers import agrees_with_torch, refused


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (cr.sigmoid, [0, 0.5, 1]),
        (cr.tanh, [-1, 0, 1]),
        (cr.relu, [0, 0, 1000]),
        (cr.silu, [0, 0, 1000]),
        (cr.gelu, [0, 0, 1000]),
        (lambda x: cr.gelu(x, approximate="tanh"), [0, 0, 1000]),
        (cr.softplus, [0, np.log(np.float32(2)), 1000]),
        (cr.log_sigmoid, [-1000, -np.log(np.float32(2)), 0]),
    ],
)
def test_far_out_and_at_zero(function, values):
    x = Tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
    out = function(x)
    assert out.numpy() == pytest.approx(values, rel=1e-7, abs=0)
    out.sum().backward()
    assert np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (cr.sigmoid, 0.25),
        (cr.tanh, 1.0),
        (cr.silu, 0.5),
        (cr.gelu, 0.5),
        (lambda x: cr.gelu(x, approximate="tanh"), 0.5),
        (cr.softplus, 0.5),
        (lambda x: cr.softplus(x, beta=3.0), 0.5),
    ],
)
def test_the_slope_at_zero_is_that_of_the_parts(function, slope):
    """Also of those that a max and an absolute value would spoil there."""
    program = cr.trace(function, np.zeros(1))
    for run in (function, program.lines[-1].gate.parts):
        assert cr.grad(lambda x, run=run: run(x))(0.0).item() == pytest.approx(slope, rel=1e-12)


def test_gelu_far_below_is_the_tail_of_the_normal_distribution():
    assert cr.gelu(np.array([-5.0])).item() == pytest.approx(-5 * 2.866515718791939e-07, rel=1e-9)


def test_both_forms_of_gelu_are_near():
    x = np.linspace(-6, 6, 1001)
    assert 1e-4 < np.abs(cr.gelu(x) - cr.gelu(x, approximate="tanh")).max() < 5e-4


def test_softplus_nears_relu_as_beta_grows():
    x = np.linspace(-3, 3, 101)
    assert np.abs(cr.softplus(x, beta=50.0) - cr.relu(x)).max() == pytest.approx(np.log(2) / 50)
    assert np.isfinite(cr.softplus(np.array([1e308, -1e308]), beta=10.0)).all()


def test_sigmoid_of_the_notes():
    # the circuit of the notes: w0 = 2, x0 = -1, w1 = -3, x1 = -2, w2 = -3 gives 0.73 with slopes 0.2 …
    w = Tensor([2.0, -3.0, -3.0], requires_grad=True)
    x = Tensor([-1.0, -2.0, 1.0], requires_grad=True)
    out = cr.sigmoid((w * x).sum())
    out.backward()
    assert round(out.item(), 2) == 0.73
    assert np.round(w.grad.numpy(), 2).tolist() == [np.float32(-0.2), np.float32(-0.39), np.float32(0.2)]
    assert np.round(x.grad.numpy()[:2], 2).tolist() == [np.float32(0.39), np.float32(-0.59)]


def test_relu_has_slope_zero_at_zero_and_passes_nan_on():
    x = Tensor([0.0, 1.0, np.nan], requires_grad=True)
    out = cr.relu(x)
    assert np.isnan(out.numpy()[2])
    out.sum().backward()
    assert x.grad.tolist()[:2] == [0, 1]


def test_torch():
    agrees_with_torch(cr.sigmoid, lambda x: x.sigmoid(), (3, 4))
    agrees_with_torch(cr.tanh, lambda x: x.tanh(), (3, 4))
    agrees_with_torch(cr.relu, lambda x: x.relu(), (3, 4))


def test_torch_functional():
    torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch==2.13.0")
    peer = torch.nn.functional
    agrees_with_torch(cr.silu, peer.silu, (3, 4))
    agrees_with_torch(cr.log_sigmoid, peer.logsigmoid, (3, 4))
    for approximate in ("none", "tanh"):
        form = {"approximate": approximate}
        agrees_with_torch(
            lambda x, form=form: cr.gelu(x, **form), lambda x, form=form: peer.gelu(x, **form), (3, 4)
        )
    for beta in (0.5, 1, 3):
        agrees_with_torch(
            lambda x, beta=beta: cr.softplus(x, beta=beta),
            lambda x, beta=beta: peer.softplus(x, beta),
            (3, 4),
        )


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "silu", "gelu", "softplus"])
def test_integers_are_refused(name):
    refused(DTypeError, lambda: getattr(cr, name)(Tensor([1])), name, "i64[1]", "astype")
