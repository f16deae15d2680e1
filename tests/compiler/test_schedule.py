"""Schedules: the guard stands before every change of state; panels of weights that stay are laid out ahead."""

import numpy as np

from chainrule import Tensor, ops
from chainrule.compiler.plan import Plan
from chainrule.compiler.schedule import Check, awake, schedule, stored, touched
from chainrule.compiler.tasks import Task

from .steps import Learner, X, arranged


def test_the_guard_stands_before_whatever_changes_state():
    made = arranged(Learner().step, X)
    steps = [step for step, _ in schedule(made, frozenset()).steps]
    guard = steps.index(Check(0))
    writing = [
        k for k, s in enumerate(steps) if isinstance(s, Task) and not made.targets.keys().isdisjoint(s.writes)
    ]
    assert writing and min(writing) > guard


def test_panels_of_weights_that_stay_are_laid_out_ahead():
    w = Tensor(np.ones((300, 700), "f4"), requires_grad=True)
    x = np.ones((64, 700), "f4")
    found = schedule(arranged(lambda x: x @ w.mT, x), frozenset())
    ahead = [step for step, _ in found.steps[: found.ahead]]
    assert [step.name for step in ahead] == ["pack"] and found.kept() == set(ahead[0].writes)


def test_what_is_watched_is_stored():
    made = arranged(lambda x: ops.exp(x * 2).sum(), X)
    inside = {n for group in made.groups.groups for n in group.makes()} - stored(
        made, awake(made, frozenset())
    )
    assert inside
    written = {n for step, _ in schedule(made, frozenset(inside)).steps for n in step.writes}
    assert inside <= written


def test_what_a_step_touches():
    made = arranged(lambda x: x * 2, X)
    ((step, _),) = schedule(made, frozenset()).steps
    assert (
        set(touched(made.groups, step)) == {*step.reads, *step.writes}
        and touched(made.groups, Check(0)) == ()
    )
    assert Plan(made).ahead == 0
