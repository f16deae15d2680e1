"""One step of an LSTM and of a GRU: PyTorch's numbers, each output alone and both, saturation, refusals."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import DTypeError, ShapeError

from .peers import agrees_with_torch, refused


def torch_lstm(gates, c):
    """PyTorch's formula, in its order i, f, g, o."""
    i, f, g, o = gates.chunk(4, dim=1)
    c_next = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c_next.tanh(), c_next


def torch_gru(x, h_gates, h):
    """PyTorch's formula, in its order r, z, n."""
    (x_r, x_z, x_n), (h_r, h_z, h_n) = x.chunk(3, dim=1), h_gates.chunk(3, dim=1)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    return (1 - z) * (x_n + r * h_n).tanh() + z * h


USES = {
    "only h": lambda h, c: h * h,
    "h and c": lambda h, c: h * c + c,
    "c, and h beside it": lambda h, c: c * 2 + 0 * h,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize(("n", "h"), [(3, 4), (1, 1), (5, 7)])
def test_lstm_cell_against_torch(use, n, h):
    ours, theirs = (lambda *v: use(*cr.lstm_cell(*v))), (lambda *v: use(*torch_lstm(*v)))
    agrees_with_torch(ours, theirs, (n, 4 * h), (n, h), tolerance=1e-12)


@pytest.mark.parametrize(("n", "h"), [(3, 4), (1, 1), (5, 7)])
def test_gru_cell_against_torch(n, h):
    agrees_with_torch(cr.gru_cell, torch_gru, (n, 3 * h), (n, 3 * h), (n, h), tolerance=1e-12)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_rnn_cell_against_torch(nonlinearity):
    theirs = lambda x, h: getattr(x + h, nonlinearity)()  # noqa: E731
    agrees_with_torch(
        lambda *v: cr.rnn_cell(*v, nonlinearity=nonlinearity), theirs, (3, 4), (3, 4), tolerance=1e-12
    )


def test_only_the_cell_is_used():
    rng = np.random.default_rng(0)
    gates = Tensor(rng.normal(size=(2, 12)), requires_grad=True)
    c = Tensor(rng.normal(size=(2, 3)), requires_grad=True)
    cr.lstm_cell(gates, c)[1].sum().backward()
    i, f, g, _ = np.split(gates.numpy(), 4, axis=1)
    np.testing.assert_allclose(c.grad, 1 / (1 + np.exp(-f)), rtol=1e-14)
    np.testing.assert_allclose(gates.grad[:, 6:9], (1 - np.tanh(g) ** 2) / (1 + np.exp(-i)), rtol=1e-13)
    assert not gates.grad.numpy()[:, 9:].any()


@pytest.mark.parametrize("size", [50.0, 1e4, np.inf])
def test_saturated_gates_are_open_or_shut(size):
    c = Tensor([[3.0]], requires_grad=True)
    gates = Tensor([[-size, size, 1.0, size]], requires_grad=True)  # forget nothing, let nothing in
    h, kept = cr.lstm_cell(gates, c)
    h.sum().backward()
    assert kept.item() == 3.0
    assert h.item() == np.float32(np.tanh(np.float32(3.0)))
    assert np.isfinite(gates.grad.numpy()).all()
    z = Tensor([[0.0, size, 1.0]])
    assert cr.gru_cell(z, Tensor(np.zeros((1, 3), np.float32)), c).item() == 3.0


def test_the_same_sigmoid_as_everywhere():
    x = np.random.default_rng(0).normal(size=(1, 50)).astype(np.float32) * 4
    open_gates = np.concatenate([np.full_like(x, -np.inf), x, x, x], axis=1)
    _, c = cr.lstm_cell(open_gates, np.ones_like(x))
    assert np.array_equal(c, cr.sigmoid(x))


def test_what_does_not_fit():
    two = np.ones((2, 3))
    refused(ShapeError, lambda: cr.lstm_cell(np.ones((2, 9)), two), "lstm_cell", "gates (N, 4·H)", "[2,9]")
    refused(ShapeError, lambda: cr.lstm_cell(np.ones((3, 12)), two), "lstm_cell", "c (N, H)")
    refused(ShapeError, lambda: cr.gru_cell(np.ones((2, 9)), np.ones((2, 12)), two), "gru_cell", "[2,12]")
    refused(DTypeError, lambda: cr.lstm_cell(np.ones((2, 12), np.float32), two), "lstm_cell", "one dtype")
