"""The arena over a step: each value from when to when, no two in one place, the sum known."""

import numpy as np

import chainrule as cr

from ..check.learning import Learning, batch
from ..zoo.trial import Trial


def test_no_two_values_are_in_one_place_at_a_time():
    trial = Trial("resnet20")
    plan = trial.step.plan(*trial.batch())
    used = plan.memory()
    assert used.arena + used.kept == plan.peak and len(used.kernels) == len(plan.schedule.steps)
    for value in used.held:
        assert 0 <= value.first <= value.last < len(used.kernels)
        assert value.offset + value.bytes <= used.arena
    for kernel in range(len(used.kernels)):
        there = sorted(used.at(kernel), key=lambda value: value.offset)
        assert sum(value.bytes for value in there) == used.alive()[kernel]
        assert all(a.offset + a.bytes <= b.offset for a, b in zip(there, there[1:], strict=False))
    assert used.alive()[used.fullest] == max(used.alive()) <= used.arena


def test_values_have_the_names_of_the_program():
    trial = Trial("resnet20")
    used = trial.step.plan(*trial.batch()).memory()
    paths = {value.path for value in used.held}
    assert "conv1/conv2d" in paths and "stages.0.bn1/relu with a border" in paths
    parts = [path for path in paths if path.startswith("a part of")]
    assert len(parts) < len(paths) / 3, parts
    assert {"guard", "loss", "conv1.weight.new"} <= set(used.kernels)


def test_the_printed_form():
    learning = Learning("three-layer")
    text = str(learning.step.plan(*batch()).memory())
    head, *rest = text.splitlines()
    assert head.startswith("learn: ") and "take turns in an arena of" in head
    assert rest[1].split() == ["kernels", "alive", "begins", "with"]
    assert max(map(len, rest)) <= 110 and any(line.startswith("fullest at kernel") for line in rest)
    assert "█" in text


def test_a_step_that_needs_no_memory_and_one_for_numpy():
    assert "0.00 MB" in str(cr.compile(lambda x: x, fallback="error").plan(np.ones(3, "float32")).memory())
    dropout = Learning("dropout")
    assert dropout.step.plan(*batch()).memory().held
