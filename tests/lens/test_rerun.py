"""A recorded run beside the same training once more."""

from dataclasses import replace

import pytest

from chainrule.errors import DivergedError
from chainrule.lens import Rerun
from chainrule.lens.rerun import Stray, unlike
from chainrule.train import Config, StepEnd

from ..train.runs import run_of

STEP = StepEnd(1, 1, 0.5, 0.75, 0.1)


@pytest.fixture
def rerun(tmp_path):
    run, _ = run_of(tmp_path / "run", Config(model="linear", epochs=1, batch_size=100))
    return Rerun.of(run)


def test_what_a_folder_says(rerun):
    assert len(rerun.rows) == 3 and rerun.job is None
    facts = rerun.facts()
    assert (facts["model"], facts["started from"], facts["steps run"]) == ("linear", "the seed", "compiled")
    (rerun.run.path / "start.json").unlink()
    old = Rerun.of(rerun.run).facts()
    assert old == {key: facts[key] for key in old} and "steps run" not in old


def test_the_first_step_that_is_not_as_recorded_is_remembered(rerun):
    rerun.hold(0, rerun.rows[0])
    rerun.hold(3, STEP)
    assert rerun.stray is None, "of a fourth step there is no record"
    rerun.hold(1, replace(rerun.rows[1], lr=7.0))
    rerun.hold(2, replace(rerun.rows[2], loss=7.0))
    assert rerun.stray == Stray(1, 2, "lr", rerun.rows[1].lr, 7.0)


def test_a_loss_that_ran_away_only_here(rerun):
    rerun.hold(0, DivergedError("fit", "NaN", "a number", "less"))
    assert rerun.stray == Stray(1, 1, "loss", rerun.rows[0].loss, None)


@pytest.mark.parametrize("name", ["loss", "accuracy", "lr", "epoch", "step"])
def test_what_two_steps_differ_in(name):
    assert unlike(STEP, replace(STEP)) == ""
    assert unlike(STEP, replace(STEP, **{name: 9})) == name
