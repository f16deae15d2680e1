"""A number that is not finite, planted at every layer of every network of the zoo, forward and backward: the step is
refused, no bit of state has changed, the place is named, and the next step is that of a twin that never met one.
"""

from contextlib import nullcontext

import numpy as np
import pytest

from chainrule import check
from chainrule.errors import NonFiniteError

from .planting import Plant, learned_so_far, narrow, one_plan_for_looking, planted, spoiled
from .trial import LARGE, SHAPES, Trial

WAYS = ("forward", "backward")
LINE = Plant.grown.__code__.co_firstlineno + 3
"""Where both divide: a backward line inherits the forward's."""


@pytest.fixture(scope="module", params=SHAPES)
def trial(request):
    """A network with plants in it."""
    with narrow() if request.param in LARGE else nullcontext():
        made = Trial(request.param)
    made.plants = planted(made.learning.model, made.dtype)
    with one_plan_for_looking():
        yield made


@pytest.fixture
def start(trial):
    """The state that a test begins with, and that the next one finds again."""
    state = trial.state()
    yield state
    trial.set(state)


def refused(trial):
    """The step is refused and changes nothing, nor does asking why; returns the blame."""
    before, batch = trial.state(), trial.batch()
    with pytest.raises(NonFiniteError, match="no state was changed"):
        trial.step(*batch)
    assert trial.is_in(before)
    culprit = check.blame(trial.step, *batch)
    assert trial.is_in(before)
    return culprit


def test_planted_at_every_layer(trial, start):
    twin = [trial.step(*trial.batch()).numpy().tobytes() for _ in trial.plants]
    end = trial.state()
    trial.set(start)
    reached = learned_so_far(trial.learning.model)
    for (path, plant), loss in zip(trial.plants.items(), twin, strict=True):
        for way in WAYS if reached[path] else WAYS[:1]:
            with spoiled(getattr(plant, way), 0.0):
                culprit = refused(trial)
            place = culprit.place
            assert (place.layer, place.gate, place.phase) == (path, "divide", way), f"{path} {way}: {culprit}"
            assert f"planting.py:{LINE} in grown" in place.line
            assert not np.isfinite(culprit.value) and culprit.operands[-1][1] == 0, culprit
            assert (
                culprit.passed[-1:] == ["loss"] if way == "forward" else culprit.passed[-1].endswith("grad")
            )
        # a slope that nobody asks for harms nobody
        with spoiled(plant.backward, 1.0 if reached[path] else 0.0):
            assert reached[path] or check.blame(trial.step, *trial.batch()) is None
            assert trial.step(*trial.batch()).numpy().tobytes() == loss
    assert trial.is_in(end)


def test_planted_in_every_parameter(trial, start):
    for name, parameter in trial.learning.model.named_parameters():
        with spoiled(parameter, np.nan):
            culprit = refused(trial)
        assert (culprit.path, culprit.place, culprit.came_in) == (name, None, "state")
        assert culprit.count == culprit.size == parameter.numpy().size
        assert culprit.passed[-1] == "loss" and not culprit.also
    after = trial.step(*trial.batch()).numpy().tobytes()
    trial.set(start)
    assert trial.step(*trial.batch()).numpy().tobytes() == after


def test_planted_in_what_a_step_only_carries_on(trial, start):
    """Running statistics and an optimizer's slots reach what a step assigns, and neither its loss nor a gradient."""
    parameters = dict(trial.learning.model.named_parameters())
    carried = {
        name: cell for name, cell in trial.cells.items() if name not in parameters and cell.dtype.kind == "f"
    }
    for name, cell in carried.items():
        with spoiled(cell, np.nan):
            before = trial.state()
            culprit = check.blame(trial.step, *trial.batch())
            assert trial.is_in(before)
        assert (culprit.path.removeprefix("optimizer/"), culprit.came_in) == (name, "state")
        assert culprit.passed[-1].endswith(".new")
    assert trial.is_in(start)
