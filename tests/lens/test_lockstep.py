"""Two trainings in lockstep: where they part is named, and nothing before it."""

import numpy as np
import pytest

from chainrule.errors import DivergedError
from chainrule.lens import part
from chainrule.train import StepEnd

from .jobs import job


def test_the_same_training():
    ends = []
    assert part(job(), job(), listen=lambda *both: ends.append(both)) is None
    assert len(ends) == 6 and all(one == other for one, other in ends)
    assert part(job(plain=True), job(plain=True)) is None


def test_only_so_many_steps():
    ends = []
    assert part(job(), job(), steps=2, listen=lambda *both: ends.append(both)) is None
    assert [one.step for one, _ in ends] == [1, 2]


def test_other_weights():
    found = part(job(), job(weights=1))
    assert (found.kind, found.epoch, found.step, found.gap.path) == ("state", 1, 1, "linear1.weight")


def test_another_network():
    found = part(job(), job(model="two-layer"))
    assert found.kind == "state" and found.gap[:4] == ("linear1.weight", (), "f32[3,768]", "f32[100,768]")
    found = part(job(model="lenet5"), job(model="linear"))
    assert found.gap[:4] == ("conv1.weight", (), "f32[6,3,5,5]", "none")


@pytest.mark.parametrize(("settings", "first"), [({"seed": 1}, "images"), ({"flip": True}, "images")])
def test_other_pictures(settings, first):
    found = part(job(), job(**settings))
    assert (found.kind, found.gap.path, len(found.gap.at)) == ("batch", first, 4)


def test_other_sizes_of_batches():
    found = part(job(), job(batch_size=15))
    assert found.kind == "batch" and found.gap[2:4] == ("f32[16,3,16,16]", "f32[15,3,16,16]")


def test_another_rate():
    found = part(job(), job(lr=0.02))
    assert (found.kind, found.epoch, found.step) == ("line", 1, 1)
    assert (found.place.gate, found.place.phase, found.kernels) == ("astype", "update", ("loop", "loop"))
    assert [(read.path, read.first, read.second) for read in found.reads] == [
        ("optimizer/group0/lr", 0.01, 0.02)
    ]
    assert found.state.path == "linear1.weight" and found.state.differ == found.state.size == 3 * 768


def test_a_rate_that_moves_apart_later():
    """A cosine begins with the constant rate: the first step is the same."""
    found = part(job(), job(schedule="cosine"))
    assert (found.kind, found.epoch, found.step, found.reads[0].path) == ("line", 1, 2, "optimizer/group0/lr")


def test_a_setting_that_tells_only_in_the_second_step():
    """The first velocity is 0, whatever it is multiplied by."""
    found = part(job(), job(momentum=0.8))
    assert (found.kind, found.step) == ("line", 2) and found.reads[0].path == "optimizer/group0/momentum"


def test_another_step():
    found = part(job(), job(l2=0.1))
    assert found.kind == "program" and "sum_of_squares(linear1.weight" in found.lines[1]
    assert found.lines[0].split(" <- ")[0] != found.lines[1].split(" <- ")[0]
    assert found.state.path == "linear1.weight"
    found = part(job(l2=0.1), job(l2=0.2))
    assert found.kind == "program" and "0.1" in found.lines[0] and "0.2" in found.lines[1]
    found = part(job(), job(optimizer="adam"))
    assert found.kind == "program" and "# update" in found.lines[0] and "# update" in found.lines[1]


def test_another_loss_that_leaves_the_same_state():
    other = job()
    other.trainer.penalty = lambda parameters: np.float32(1)
    found = part(job(), other)
    assert (found.kind, found.step, found.state) == ("program", 1, None)
    assert "add(mean, 1." in found.lines[1]


def test_compiled_and_plain():
    found = part(job(), job(plain=True))
    assert found.kind == "line" and found.place.phase == "forward" and found.reads == ()
    assert found.place.path == found.gap.path == "linear1/linear"
    assert found.kernels == ("pack + product", "numpy")
    assert found.gap.first == pytest.approx(found.gap.second, rel=1e-3)
    assert "in test_compiled_and_plain" in found.place.line, "the line of the user's"


def test_state_that_somebody_changes_between_two_steps():
    one, other = job(), job()
    calls = []

    def meddle(*ends):
        calls.append(ends)
        if len(calls) == 3:
            bias = other.trainer.model[1].bias
            bias.assign(bias.numpy() + np.float32(1))

    found = part(one, other, listen=meddle)
    assert (found.epoch, found.step, found.kind) == (1, 3, "after")
    assert found.gap.path == "linear1.bias" and found.gap.differ == 3


def test_one_runs_away():
    with np.errstate(all="ignore"):
        found = part(job(), job(lr=1e38))
        assert found.kind == "line" and found.step == 1
        with pytest.raises(DivergedError):
            part(job(lr=1e38), job(lr=1e38))


def test_a_loss_that_is_not_finite_at_once():
    bad = job(plain=True)
    bad.trainer.loss = lambda scores, labels: (scores * np.float32(np.inf)).sum()
    ends = []
    with np.errstate(all="ignore"):
        found = part(job(plain=True), bad, listen=lambda *both: ends.append(both))
    assert isinstance(ends[0][0], StepEnd) and isinstance(ends[0][1], DivergedError)
    assert found.kind == "program" and found.step == 1
