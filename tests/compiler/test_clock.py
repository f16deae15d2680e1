"""Times of records, noted between them while the step runs on."""

import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler import clock
from chainrule.errors import NonFiniteError

from ..check.learning import Learning, batch

pytestmark = pytest.mark.skipif(not clock.there(), reason="needs a clock that never goes back")


@pytest.mark.parametrize("threads", [1, 2])
def test_records_add_up_to_the_step(threads):
    cr.set_threads(threads)
    try:
        w = Tensor(np.ones((700, 700), "float32"), name="w")
        step = cr.compile(lambda x: cr.exp(x @ w) @ w, fallback="error")
        x = np.zeros((900, 700), "float32")
        found = clock.clocked(step.plan(x), [x], 4)
    finally:
        cr.set_threads(None)
    assert len(found.records) == len(step.plan(x).rows) and min(found.records) >= 0
    assert 0.02 * found.step < sum(found.records[step.plan(x).ahead :]) <= found.step


def test_a_long_kernel_takes_longer():
    step = cr.compile(lambda x, y: (cr.exp(x).sum(), (y * 2).sum()), fallback="error")
    arrays = [np.zeros(1_000_000, "float32"), np.zeros(10, "float32")]
    plan = step.plan(*arrays)
    found = clock.clocked(plan, arrays, 5)
    assert max(found.records) > 20 * found.records[-1]


def test_what_is_laid_out_ahead_is_timed_too():
    w = Tensor(np.ones((600, 600), "float32"), name="w")
    step = cr.compile(lambda x: x @ w, fallback="error")
    x = np.ones((300, 600), "float32")
    plan = step.plan(x)
    assert plan.ahead == 1
    assert clock.clocked(plan, [x], 3).records[0] > 0


def test_segments_around_numpy_lines():
    learning, data = Learning("dropout"), batch()
    found = clock.clocked(learning.step.plan(*data), learning.step.ready(*data).arrays(data), 3)
    assert len(found.records) == sum(s[1] - s[0] for s in learning.step.plan(*data).segments)


def test_state_is_given_back_even_after_an_error(monkeypatch):
    learning, data = Learning(), batch()
    learning.step(*data)
    before, plan = learning.state(), learning.step.plan(*data)
    usual = type(plan).walk

    def ends(self, arrays, made, times=()):
        usual(self, arrays, made, times)
        if times:
            raise KeyboardInterrupt

    monkeypatch.setattr(type(plan), "walk", ends)
    with pytest.raises(KeyboardInterrupt):
        clock.clocked(plan, learning.step.ready(*data).arrays(data), 3)
    assert learning.state() == before


def test_who_times_a_plan_has_it_for_himself(monkeypatch):
    """Plans of one step share memory: none of them runs meanwhile on another thread."""
    step, x = cr.compile(lambda x: cr.exp(x) @ x, fallback="error"), np.ones((8, 8), "float32")
    plan, other = step.plan(x), step.plan(np.ones((8, 8), "float64"))
    met, usual = [], type(plan).walk

    def walk(self, arrays, made, times=()):
        worker = threading.Thread(target=lambda: met.append(other.lock.acquire(timeout=0.01)))
        worker.start()
        worker.join()
        return usual(self, arrays, made, times)

    monkeypatch.setattr(type(plan), "walk", walk)
    clock.clocked(plan, [x], 1)
    assert met == [False, False]


def test_each_time_is_that_of_the_first_step():
    """A step that goes on learning might run away; one that does so at once is told."""
    learning, data = Learning("two-layer"), batch()
    learning.rule.lr = 1e6
    before = learning.state()
    found = learning.step.table(*data)
    assert sum(entry.ms for entry in found.entries if entry.phase == "update") > 0
    assert learning.state() == before
    with pytest.raises(NonFiniteError):
        learning.step.table(data[0] * np.nan, data[1])
    assert learning.state() == before
