"""Looks at values while a step runs: when each runs, and that a copy is the value."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.looks import FIRST, LAST, delivery

from ..check.learning import Learning, batch
from ..zoo.trial import Trial


def test_a_look_follows_the_group_that_makes_its_value():
    learning, data = Learning("three-layer"), batch()
    ready = learning.step.ready(*data)
    numbers = frozenset(
        n for path, n in ready.values.items() if path.endswith(("/relu", "/relu.grad", ".weight"))
    )
    plan = ready.watching(numbers, frozenset())
    places: dict[int, list[str]] = {}
    for step, group in plan.schedule.steps:
        places.setdefault(group, []).append(getattr(step, "name", "check"))
    looks = [group for group, names in places.items() if "look" in names]
    assert LAST in looks and len(looks) > 3
    for group in looks:
        names = places[group]
        assert names[-1] == "look" and names.index("look") == len(names) - names.count("look")
    assert [name for _, names in [*places.items()][-1:] for name in names] == ["look"] * 3  # the weights


def test_arguments_and_views_of_state_come_first():
    learning, data = Learning(), batch()
    ready = learning.step.ready(*data)
    groups, values = ready.made.groups, ready.values
    assert delivery(groups, values["images"]).behind == LAST  # an argument does not change
    assert delivery(groups, values["linear2/permute_dims.back"]).behind == FIRST
    assert delivery(groups, values["linear2.weight"]).behind == LAST


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "lstm"])
def test_copies_are_what_stays_in_memory(name):
    """Delivered while the step runs, or kept until its end: the same bits, in the order of the program."""
    trial = Trial(name)
    plan, kept = trial.step.replay(*trial.batch())
    names = plan.program.names()
    with trial.step.watch("*") as seen:
        trial.step(*trial.batch())
    cells = {names[n] for n in plan.program.cells}
    for number, array in kept.values.items():
        path = names[number]
        if path in seen and path not in cells and not path.endswith(".new"):
            assert seen[path][0].tobytes() == array.tobytes(), path
            assert seen[path][0].flags.c_contiguous


def test_two_who_watch_have_copies_of_their_own():
    w = Tensor([1.0, 2.0], name="w")
    step = cr.compile(lambda x: (w * x).sum(), fallback="error")
    with step.watch("multiply") as one, step.watch("m*") as other:
        step(np.ones(2, "float32"))
    one["multiply"][0][:] = 0
    assert other["multiply"][0].tolist() == [1, 2]


def test_arrays_of_earlier_steps_stay():
    step = cr.compile(lambda x: cr.exp(x).sum(), fallback="error")
    with step.watch("exp") as seen:
        for number in range(3):
            step(np.full((300, 300), number, "float32"))
    assert [array[0, 0] for array in seen["exp"]] == pytest.approx(np.exp([0, 1, 2]))
