"""When a product that only the guard looks at is made: never for numbers of usual size."""

from itertools import accumulate

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, optim
from chainrule.compiler import doubt as module
from chainrule.compiler import memory, update
from chainrule.compiler.doubt import growth
from chainrule.kernels.doubt import InDoubt
from chainrule.kernels.language.types import F32, F64

ROWS = 7


def learner(dtype):
    """A step whose gradient is a product of what comes in, twice; the weights."""
    w = Tensor(np.zeros((20, 33), dtype), requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = (x @ w * y).sum()
        loss.backward()
        optimizer.step()
        return loss

    return cr.compile(step, fallback="error"), w


def doubtful(x, y):
    """Whether the product is made for a pair of factors: the byte after a step."""
    step, _ = learner(x.dtype)
    plan = step.plan(x, y)
    (row,) = [row for row in plan.rows if isinstance(row.task.kernel, InDoubt)]
    assert row.task.name == "guard" and not row.task.writes
    place = plan.room.offsets[row.task.reads[-1]]
    step(x, y)
    return bool(plan.room.arena[place])


@pytest.fixture(autouse=True)
def every_size(monkeypatch):
    """Matrices of any size count as large, and no value takes the place of another."""
    monkeypatch.setattr(update, "LARGE", 1)
    monkeypatch.setattr(memory, "place", apart)


def apart(lives):
    """Offsets one behind the other, so that each value can be looked at after the step."""
    ends = list(accumulate((memory.padded(life.bytes) for life in lives), initial=0))
    return {life.number: start for life, start in zip(lives, ends, strict=False)}, ends[-1]


def factors(dtype, high, low=1.0):
    """Factors with one number of some size each."""
    x, y = np.ones((ROWS, 20), dtype), np.ones((ROWS, 33), dtype)
    x[-1, -1], y[0, -1] = high, low
    return x, y


@pytest.mark.parametrize(("dtype", "power"), [(F32, 48), (F64, 384)])
def test_the_bound(dtype, power):
    limit = 2.0**power
    assert not doubtful(*factors(dtype, limit * 0.99, -limit * 0.99))
    assert doubtful(*factors(dtype, limit))
    assert doubtful(*factors(dtype, 1.0, -limit))


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_sums_of_numbers_below_the_bound_are_finite(dtype):
    info = np.finfo(dtype)
    bound, most = float(info.max) / growth(dtype), 2.0 ** (info.maxexp // 4 - 2)
    assert bound * bound * most < float(info.max)


def test_a_doubt_is_over_with_the_step():
    step, w = learner(F32)
    x, y = factors(F32, 1.0)
    plan = step.plan(x, y)
    (row,) = [row for row in plan.rows if isinstance(row.task.kernel, InDoubt)]
    place = plan.room.offsets[row.task.reads[-1]]
    for high, expected in ((1.0, False), (1e20, True), (1.0, False)):
        x[0, 0] = high
        step(x, y)
        assert bool(plan.room.arena[place]) == expected
    assert np.isfinite(w.numpy()).all()


def test_a_watched_gradient_is_made_anyway():
    step, _ = learner(F32)
    x, y = factors(F32, 1.0)
    (gradient,) = [n for _, n in step.program(x, y).gradients]
    path = step.program(x, y).names()[gradient]
    with step.watch(path) as seen:
        step(x, y)
    assert seen[path][0] == pytest.approx(x.T @ y)


def test_planted_bound_that_is_too_high(monkeypatch):
    monkeypatch.setattr(module, "growth", lambda dtype: 2.0)
    with pytest.raises(AssertionError):
        test_the_bound(F32, 48)
