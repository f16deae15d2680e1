"""The circuits that the course works out by hand: forward, then backward, one gate after the other."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.ops.activation import Sigmoid


def leaves(*numbers):
    return [Tensor(n, dtype="float64", requires_grad=True) for n in numbers]


def gradients(*values):
    return [float(value.grad) for value in values]


def test_x_plus_y_times_z():
    """f = (x + y) · z at −2, 5, −4."""
    x, y, z = leaves(-2.0, 5.0, -4.0)
    q = x + y
    f = q * z
    assert (float(q), float(f)) == (3.0, -12.0)
    f.backward()
    assert gradients(x, y, z) == [-4.0, -4.0, 3.0]


def test_add_hands_max_routes_mul_switches():
    """f = 2 · (x·y + max(z, w)) at 3, −4, 2, −1: the three patterns in one circuit."""
    x, y, z, w = leaves(3.0, -4.0, 2.0, -1.0)
    f = (x * y + cr.maximum(z, w)) * 2
    assert float(f) == -20.0
    f.backward()
    assert gradients(x, y) == [-8.0, 6.0]  # each by the other
    assert gradients(z, w) == [2.0, 0.0]  # to the one that won


def test_a_fork_adds():
    """What goes out by two ways comes back as a sum: f = x·y + x."""
    x, y = leaves(3.0, -4.0)
    (x * y + x).backward()
    assert gradients(x) == [-4.0 + 1.0]


W, X = (2.0, -3.0, -3.0), (-1.0, -2.0)


def score(w0, x0, w1, x1, w2):
    return w0 * x0 + w1 * x1 + w2


def in_four_gates(s):
    """The sigmoid as the course takes it apart: times −1, exp, plus 1, one over."""
    return 1 / (cr.exp(s * -1) + 1)


def neuron(sigmoid):
    w0, w1, w2, x0, x1 = leaves(*W, *X)
    f = sigmoid(score(w0, x0, w1, x1, w2))
    f.backward()
    return float(f), gradients(w0, x0, w1, x1, w2)


@pytest.mark.parametrize("sigmoid", [cr.sigmoid, in_four_gates, Sigmoid().parts])
def test_the_sigmoid_neuron(sigmoid):
    """f = σ(w₀x₀ + w₁x₁ + w₂) at w = (2, −3, −3), x = (−1, −2): one gate or four, the same numbers."""
    f, (w0, x0, w1, x1, w2) = neuron(sigmoid)
    assert round(f, 2) == 0.73
    assert [round(g, 1) for g in (w0, x0, w1, x1, w2)] == [-0.2, 0.4, -0.4, -0.6, 0.2]
    assert [round(g, 2) for g in (w0, x0, w1, x1, w2)] == [-0.20, 0.39, -0.39, -0.59, 0.20]


def test_the_sigmoid_neuron_exactly():
    """dσ/ds = σ · (1 − σ), and mul switches: each weight gets its input, each input its weight."""
    f, found = neuron(cr.sigmoid)
    sigma = 1 / (1 + math.exp(-1.0))  # the score is −2 + 6 − 3 = 1
    slope = sigma * (1 - sigma)
    assert f == pytest.approx(sigma, rel=1e-15)
    assert found == pytest.approx([slope * factor for factor in (X[0], W[0], X[1], W[1], 1)], rel=1e-14)


def test_the_sigmoid_neuron_gate_by_gate():
    """The way back through the parts, to the two digits that are printed in the course."""

    def step(w0, x0, w1, x1, w2):
        (1 / (cr.exp(score(w0, x0, w1, x1, w2) * -1) + 1)).backward()

    debugger = cr.debug(step, *leaves(W[0], X[0], W[1], X[1], W[2]))
    made = {path: float(debugger.value(path)) for path in ("multiply", "multiply:2", "add", "add:2")}
    assert made == {"multiply": -2.0, "multiply:2": 6.0, "add": 4.0, "add:2": 1.0}
    after = {path: round(float(debugger.value(path)), 2) for path in ("multiply:3", "exp", "add:3", "loss")}
    assert after == {"multiply:3": -1.0, "exp": 0.37, "add:3": 1.37, "loss": 0.73}
    back = {
        path: round(float(debugger.upstream(path)), 2) for path in ("add:3", "exp", "multiply:3", "add:2")
    }
    assert back == {"add:3": -0.53, "exp": -0.53, "multiply:3": -0.20, "add:2": 0.20}


def test_staged_computation():
    """f = (x + σ(y)) / (σ(x) + (x + y)²) at 3, −4: nobody writes that gradient down whole, the stages do it."""

    def f(x, y):
        return (x + cr.sigmoid(y)) / (cr.sigmoid(x) + (x + y) ** 2)

    x, y = leaves(3.0, -4.0)
    out = f(x, y)
    out.backward()
    s = {n: 1 / (1 + math.exp(-n)) for n in (3.0, -4.0)}
    num, den = 3 + s[-4.0], s[3.0] + 1
    assert float(out) == pytest.approx(num / den, rel=1e-15)
    dx = 1 / den - num / den**2 * (s[3.0] * (1 - s[3.0]) + 2 * (3 - 4))
    dy = s[-4.0] * (1 - s[-4.0]) / den - num / den**2 * 2 * (3 - 4)
    assert gradients(x, y) == pytest.approx([dx, dy], rel=1e-14)


def test_sums_of_squares_of_a_product():
    """f(x, W) = ‖W·x‖²: q = W·x, the gradient to q is 2q, to W it is 2q·xᵀ, to x it is 2·Wᵀ·q."""
    w, x = leaves([[0.1, 0.5], [-0.3, 0.8]], [0.2, 0.4])
    q = w @ x
    f = (q * q).sum()
    assert q.numpy() == pytest.approx([0.22, 0.26], rel=1e-14)
    assert float(f) == pytest.approx(0.116, rel=1e-14)
    f.backward()
    assert w.grad.numpy() == pytest.approx(np.array([[0.088, 0.176], [0.104, 0.208]]), rel=1e-14)
    assert x.grad.numpy() == pytest.approx([-0.112, 0.636], rel=1e-14)
    assert (w.grad.shape, x.grad.shape) == (w.shape, x.shape)  # always


def test_the_gradient_to_q_is_twice_q():
    q = leaves([0.22, 0.26])[0]
    (q * q).sum().backward()
    assert q.grad.numpy() == pytest.approx([0.44, 0.52], rel=1e-15)


def test_the_jacobian_of_an_elementwise_gate_is_diagonal():
    """max(0, x) of 4,096 numbers has a Jacobian of 4,096 × 4,096; nobody forms it, a mask does its work."""
    x = leaves([1.0, -2.0, 3.0, -1.0])[0]
    rows = [cr.grad(lambda x, k=k: cr.relu(x)[k])(x).numpy() for k in range(4)]
    assert np.array_equal(rows, np.diag([1.0, 0.0, 1.0, 0.0]))
    upstream = np.array([4.0, -1.0, 5.0, 9.0])
    cr.relu(x).backward(Tensor(upstream))
    assert np.array_equal(x.grad.numpy(), rows @ upstream)
    assert x.grad.tolist() == [4.0, 0.0, 5.0, 0.0]


def test_the_numeric_gradient_is_approximate_and_the_analytic_one_exact():
    """(f(x + h) − f(x − h)) / 2h: the error falls with h² until the digits run out."""
    exact = float(cr.grad(lambda x: x**3)(Tensor(2.0, dtype="float64")))
    assert exact == 12.0
    errors = [abs(((2 + h) ** 3 - (2 - h) ** 3) / (2 * h) - exact) for h in (1e-1, 1e-2, 1e-3)]
    assert errors == pytest.approx([1e-2, 1e-4, 1e-6], rel=1e-3)  # exactly h² for a cube
    one_sided = [abs(((2 + h) ** 3 - 2**3) / h - exact) for h in (1e-1, 1e-2, 1e-3)]
    assert one_sided == pytest.approx([0.61, 0.0601, 0.006001], rel=1e-3)  # only 3·x·h
