"""Cheap values computed again: no store for them, the same numbers, and only where it moves fewer bytes."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, ops
from chainrule.compiler import recompute as module
from chainrule.compiler.schedule import awake, stored

from .steps import arranged

WIDE = np.random.default_rng(1).normal(size=(64, 32)).astype("f4")


def centred(x):
    """A difference that two loops read: before a mean of squares, and after it."""
    apart = x - x.mean(axis=0)
    return apart * (1 / ops.sqrt((apart * apart).mean(axis=0) + 1))


def values_of(made, label):
    return [op.outputs[0] for g in made.groups.groups for op in g.ops if op.gate.label == label]


def test_what_is_cheap_is_not_stored():
    made = arranged(centred, WIDE)
    assert len(values_of(made, "subtract")) == 2  # one for each loop
    assert not stored(made, awake(made, frozenset())).intersection(values_of(made, "subtract"))


def test_the_numbers_are_those_of_the_plain_step():
    compiled = cr.compile(centred, fallback="error")
    assert compiled(WIDE).numpy() == pytest.approx(centred(Tensor(WIDE)).numpy(), rel=1e-5, abs=1e-6)


def test_what_is_dear_is_stored():
    def step(x):
        slow = ops.exp(x) - x.mean(axis=0)
        return slow * (1 / ops.sqrt((slow * slow).mean(axis=0) + 1))

    made = arranged(step, WIDE)
    assert len(values_of(made, "exp")) == 1


def test_what_would_read_more_is_stored():
    def step(a, b, c, d, e):
        far = a - b - c - d - e
        return far * far.mean(axis=0)

    made = arranged(step, *[WIDE + k for k in range(5)])
    assert len(values_of(made, "subtract")) == 4


def test_what_is_returned_is_stored_and_read():
    made = arranged(lambda x: (apart := x - x.mean(axis=0), apart * (apart * apart).mean(axis=0)), WIDE)
    assert len(values_of(made, "subtract")) == 1


def test_it_can_still_be_watched():
    compiled = cr.compile(centred, fallback="error")
    before = compiled(WIDE).numpy()
    with compiled.watch("*") as seen:
        after = compiled(WIDE).numpy()
    assert np.array_equal(before, after)
    (path,) = [path for path in seen if "subtract" in path]
    assert seen[path][0] == pytest.approx(WIDE - WIDE.mean(0), abs=1e-6)


def test_a_planted_fault_is_caught(monkeypatch):
    """A value that is taken for another one."""
    monkeypatch.setattr(module, "instead", lambda groups, number, new: next(iter(new.values()), number))
    with pytest.raises(Exception):  # noqa: B017, PT011  another number, or ops in a circle
        test_the_numbers_are_those_of_the_plain_step()
