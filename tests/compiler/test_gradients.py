"""Gradients to filters to tasks: from shares of sums, or slice by slice of the channels from all tiles."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, check, nn, optim
from chainrule.compiler import gradients as module
from chainrule.compiler.plan import Plan
from chainrule.errors import NonFiniteError
from chainrule.kernels.gradients import DirectGradient, TransformedGradient

from .slopes import arrays
from .steps import arranged

SHARED, AHEAD, DIRECT = (32, 32, 3), (128, 160, 3), (6, 18, 5)
"""Channels, filters, taps: sums over tiles in shares, over tiles transformed ahead, and over windows."""


def slope(x, w, y):
    """The gradient to filters."""
    return cr.grad(lambda w: (cr.conv2d(x, w, padding=1) * y).sum())(w)


def given(kind, n=2, size=(13, 9)):
    c, f, taps = kind
    edge = 3 - taps
    return arrays((n, c, *size), (f, c, taps, taps), (n, f, size[0] + edge, size[1] + edge))


def rows(kind):
    return Plan(arranged(slope, *map(Tensor, given(kind)))).rows


def names(kind):
    return [row.task.name for row in rows(kind) if row.task.name != "copy"]


@pytest.mark.parametrize("kind", [SHARED, AHEAD, DIRECT], ids=str)
def test_the_gradient_is_plain(kind):
    data = given(kind)
    step = cr.compile(slope, fallback="error")
    exact = slope(*(Tensor(a.astype("f8")) for a in data)).data
    assert abs(step(*data).data - exact).max() < 1e-5 * abs(exact).max()
    assert check.compiled(step, *data).worst.worst <= 1


@pytest.mark.parametrize(
    ("kind", "kernel"),
    [(SHARED, TransformedGradient), (AHEAD, TransformedGradient), (DIRECT, DirectGradient)],
    ids=str,
)
def test_one_kernel_brings_sums_to_where_filters_lie(kind, kernel):
    last = rows(kind)[-1].task
    assert isinstance(last.kernel, kernel) and "turn" in names(kind)


def test_many_channels_go_slice_by_slice(monkeypatch):
    assert names(AHEAD)[-2:] == ["product", "turn"] and names(AHEAD).count("tiles") == 2
    whole = cr.compile(slope, fallback="error")(*given(AHEAD)).data
    monkeypatch.setattr(module, "SUMS_BYTES", 36 * 160 * 4 * 48)
    assert names(AHEAD)[-6:] == ["product", "turn"] * 3
    slices = cr.compile(slope, fallback="error")(*given(AHEAD)).data
    assert slices.tobytes() == whole.tobytes()


def test_flops_of_slices_are_those_of_all_tiles(monkeypatch):
    def flops():
        return sum(row.task.flops for row in rows(AHEAD) if row.task.name == "product")

    whole = flops()
    monkeypatch.setattr(module, "SUMS_BYTES", 36 * 160 * 4 * 48)
    assert flops() == whole > 0


@pytest.mark.parametrize("kind", [SHARED, AHEAD, DIRECT], ids=str)
def test_the_guard_sees_a_gradient_that_is_not_finite(kind):
    x, w, y = given(kind)
    filters = nn.Parameter(w)
    optimizer = optim.SGD([filters], lr=0.1)

    def learn(x, y):
        optimizer.zero_grad()
        (cr.conv2d(x, filters, padding=1) * y).sum().backward()
        optimizer.step()

    step = cr.compile(learn, fallback="error")
    step(x, y)
    before = filters.numpy().copy()
    y[-1, -1, -1, -1] = np.inf
    with pytest.raises(NonFiniteError):
        step(x, y)
    assert (filters.numpy() == before).all() and np.isfinite(before).all()
