"""How far a step moves a weight, and what learning by heart takes."""

import numpy as np
import pytest

from chainrule import nn, optim
from chainrule.check.look import looked
from chainrule.check.trial import Ratio, by_heart, odd_ratios, rates_of, ratios, step_of
from chainrule.random import Generator

from .sick import batch, network, trainer


def test_ratios_are_lengths_of_steps_over_lengths_of_weights():
    made = trainer(network(), optimizer=None, lr=0.1)
    look, before = looked(made, *batch()), made.model.first.weight.numpy().copy()
    found = {r.path: r.ratio for r in ratios(look, step_of(made))}
    assert list(found) == ["first.weight", "last.weight"]
    moved = np.linalg.norm(made.model.first.weight.numpy() - before) / np.linalg.norm(before)
    assert found["first.weight"] == pytest.approx(moved, rel=1e-5)


@pytest.mark.parametrize(
    ("numbers", "where", "words"),
    [
        ([1e-3, 5e-2, 1e-4], None, ""),
        ([1e-3, 0.5], "w1", "one step moves it by 5.0e-01 of its length"),
        ([0.2, 0.5], "w1", "; 2 of 2 weights are above 1e-01"),
        ([1e-7, 1e-6, 1e-3], "w0", "; 2 of 3 weights are below 1e-05"),
        ([0.0], "w0", "by 0.0e+00 of its length"),
    ],
)
def test_bounds(numbers, where, words):
    findings = list(odd_ratios([Ratio(f"w{k}", ratio) for k, ratio in enumerate(numbers)]))
    assert [finding.where for finding in findings] == ([] if where is None else [where])
    assert all(words in finding.measured for finding in findings)


@pytest.mark.parametrize(
    ("ratio", "hint"),
    [(0.5, "500 times smaller"), (1e-6, "1,000 times larger"), (0.0, "a learning rate above 0")],
)
def test_the_hint_says_by_how_much(ratio, hint):
    (finding,) = odd_ratios([Ratio("w", ratio)])
    assert hint in finding.hint


def test_learning_by_heart_stops_at_the_goal_and_tells_how_long_it_took():
    made, (images, labels) = trainer(network(), lr=0.1), batch()
    learned = by_heart(made, step_of(made), images, labels, 50, None)
    assert (
        learned.after <= learned.goal == learned.before / 2
        and 1 < learned.steps < 20
        and learned.examples == 8
    )
    assert str(learned).endswith(f" in {learned.steps} steps on 8 examples")


def test_a_schedule_begins_small_and_both_rates_are_tried():
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    made = trainer(model, optimizer=optimizer)
    assert rates_of(made) == [[0.1]]
    optimizer.param_groups[0].set("lr", 1e-6)
    assert rates_of(made) == [[1e-6], [0.1]]
    learned = by_heart(made, step_of(made), *batch(), 40, None)
    assert learned.after <= learned.goal and learned.steps > 40


def test_a_loss_that_runs_away_is_not_learned():
    made = trainer(network(), lr=1e30)
    assert by_heart(made, step_of(made), *batch(), 5, None).after > 1


@pytest.mark.parametrize("plain", [True, False])
def test_by_heart_nothing_is_dropped_and_nothing_is_paid(plain):
    made = trainer(network(nn.Dropout(0.9, rng=Generator(0))), plain=plain, penalty=nn.L2(100.0), lr=0.05)
    step = step_of(made, bare=True)
    assert made.penalty is None and made.model.middle0.p == 0
    learned = by_heart(made, step, *batch(), 50, None)
    assert learned.after <= learned.goal


def test_a_step_that_cannot_be_compiled_runs_plain():
    """Its gradient would be added to that of the step before: the optimizer does not have it."""
    model = network()
    made = trainer(model, optimizer=optim.SGD(model.last.parameters(), lr=0.1), plain=False)
    assert float(step_of(made)(*batch())[0]) > 0
