"""Large cheap values are made again on the way back: less memory, the same numbers, and only where that pays."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, check, ops
from chainrule.compiler import arrange as arranging
from chainrule.compiler import remake as module

from ..kernels.machines import caught, plant

RNG = np.random.default_rng(0)
SHAPE = (4, 32, 48, 48)
BYTES = 4 * 4 * 32 * 48 * 48
DEPTH = 4


def real(*shape, size=1.0):
    return (RNG.normal(size=shape) * size).astype("f4")


X = real(*SHAPE)
WEIGHTS = [
    array
    for _ in range(DEPTH)
    for array in (real(32, 32, 3, 3, size=0.1), real(1, 32, 1, 1), real(1, 32, 1, 1))
]


def layer(x, w, scale, shift):
    """A convolution, a scale and a shift for each channel, relu: the convolution's results are read on the way back."""
    return ops.relu(cr.conv2d(x, w, padding=1) * scale + shift)


def slopes(network):
    """A step: the gradients to all weights."""

    def step(x, *weights):
        return cr.grad(lambda *ws: (network(x, *ws) ** 2).mean(), tuple(range(len(weights))))(*weights)

    return step


def plainly(x, *weights):
    for k in range(0, len(weights), 3):
        x = layer(x, *weights[k : k + 3])
    return x


def residual(x, *weights):
    for k in range(0, len(weights), 3):
        w, scale, shift = weights[k : k + 3]
        x = ops.relu(cr.conv2d(x, w, padding=1) * scale + x + shift)
    return x


def compiled(network, data=(X, *WEIGHTS)):
    step = cr.compile(slopes(network), fallback="error")
    return step, step.ready(*data).plan


def kept(monkeypatch):
    """Everything as it would be without the pass."""
    monkeypatch.setattr(arranging, "remake", lambda flow, returned: None)


def test_nothing_is_kept_but_what_it_is_made_of(monkeypatch):
    peak = compiled(plainly)[1].peak
    kept(monkeypatch)
    assert compiled(plainly)[1].peak - peak > 1.5 * BYTES  # of three, one is there while it is read


def test_gradients_are_what_they_would_be(monkeypatch):
    """But for roundings: a sum may be made where its terms are."""
    again = compiled(plainly)[0](X, *WEIGHTS)
    assert check.compiled(compiled(plainly)[0], X, *WEIGHTS).worst.worst <= 1
    kept(monkeypatch)
    for got, want in zip(again, compiled(plainly)[0](X, *WEIGHTS), strict=True):
        assert abs(got.numpy() - want.numpy()).max() < 1e-5 * abs(want.numpy()).max()


def again(network, data=(X, *WEIGHTS)):
    """How many values are made again."""
    return len(compiled(network, data)[1].groups.flow.again)


def test_what_is_made_of_two_large_values_is_kept():
    assert again(plainly) > 0 and again(residual) <= 4  # the first layer's x is no value of the step


def test_small_values_are_kept():
    assert again(plainly, (X[:1, :, :8, :8], *WEIGHTS)) == 0


def test_what_the_way_back_reads_in_another_way_is_kept():
    def network(x, w, scale, shift):
        y = layer(x, w, scale, shift)
        turned = ops.reshape(ops.permute_dims(y, (0, 2, 3, 1)), (-1, 32))
        return turned @ ops.reshape(ops.permute_dims(w, (0, 2, 3, 1)), (32, -1))

    assert again(network, (X, *WEIGHTS[:3])) == 0


def test_it_can_be_watched():
    step, _ = compiled(plainly)
    before = [a.numpy().tobytes() for a in step(X, *WEIGHTS)]
    with step.watch("relu") as seen:
        assert [a.numpy().tobytes() for a in step(X, *WEIGHTS)] == before
    first = layer(*map(Tensor, (X, *WEIGHTS[:3]))).numpy()
    assert seen["relu"][0] == pytest.approx(first, rel=1e-4, abs=1e-4)


def test_planted_values_made_of_those_that_should_go(monkeypatch):
    plant(monkeypatch, module.Remaking, "copies", "new.get(n, n) for n in op.inputs", "n for n in op.inputs")
    with caught():
        test_nothing_is_kept_but_what_it_is_made_of(monkeypatch)


def test_planted_readers_that_stay_with_what_was(monkeypatch):
    plant(monkeypatch, module.Remaking, "instead", "now.get(n, n)", "n")
    with caught():
        test_nothing_is_kept_but_what_it_is_made_of(monkeypatch)


def test_what_is_returned_is_kept_anyway():
    def step(x, *weights):
        held = []

        def loss(*weights):
            held.append(plainly(x, *weights[:3]))
            return (plainly(held[-1], *weights[3:]) ** 2).mean()

        return held, cr.grad(loss, tuple(range(len(weights))))(*weights)

    plan = cr.compile(step, fallback="error").ready(X, *WEIGHTS).plan
    other = cr.compile(lambda *xs: step(*xs)[1], fallback="error").ready(X, *WEIGHTS).plan
    assert len(plan.groups.flow.again) < len(other.groups.flow.again)
