"""A step is of before or of after, never between: signals in the middle of native code, forks."""

from __future__ import annotations

import signal
import subprocess
import sys

import numpy as np

import chainrule as cr
from chainrule import nn, optim, zoo

X = np.random.default_rng(0).normal(size=(64, 1, 12, 12)).astype("f4")
Y = np.random.default_rng(1).integers(0, 10, 64)


class Stop(Exception):
    """What the signal handler raises."""


def learner():
    """A compiled step, and a function that gives all of its state as bytes."""
    model = zoo.two_layer((1, 12, 12), 10, hidden=256, rng=cr.random.Generator(3))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    loss_of = nn.CrossEntropyLoss()

    @cr.compile(fallback="error")
    def step(x, y):
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    def state():
        cells = [*model.parameters(), *optimizer._state.values()]
        return b"".join(cell.numpy().tobytes() for cell in cells)

    return step, state


def test_a_signal_leaves_the_state_of_before_or_after():
    step, state = learner()
    twin, expected = learner()
    step(X, Y)
    twin(X, Y)
    reached = [expected()]

    def stop(*_):
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    stopped = 0
    try:
        for delay in np.linspace(5e-5, 4e-3, 60):
            try:
                signal.setitimer(signal.ITIMER_REAL, float(delay))
                while True:
                    step(X, Y)
            except Stop:
                stopped += 1
            now = state()
            while now != reached[-1]:
                twin(X, Y)
                reached.append(expected())
                assert len(reached) < 20_000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert stopped == 60 and len(reached) > 60


def test_after_a_fork_both_go_on():
    code = """
import os, sys, numpy as np
sys.path.insert(0, ".")
import chainrule as cr
cr.set_threads(2)
from tests.compiler.test_atomic import X, Y, learner
step, state = learner()
step(X, Y)
child = os.fork()
loss = float(step(X, Y))
digest = hash((loss, state()))
if child == 0:
    os._exit(0 if np.isfinite(loss) else 1)
_, status = os.waitpid(child, 0)
step(X, Y)
sys.exit(os.waitstatus_to_exitcode(status))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
