"""The state of a training by name: everything is in it, and all or nothing is put back."""

import numpy as np
import pytest

from chainrule import nn, optim
from chainrule.errors import SettingError, StateError
from chainrule.random import Generator
from chainrule.train import Trainer
from chainrule.train.state import axes_of, laid


class Weighted(nn.Module):
    """A loss that learns how much it weighs, and counts its calls."""

    def __init__(self):
        self.inner, self.scale = nn.CrossEntropyLoss(), nn.Parameter(1.0)
        self.calls = nn.Buffer(np.zeros((), np.int64), persistent=False)

    def forward(self, scores, labels):
        self.calls.assign(self.calls + 1)
        return self.inner(scores, labels) * self.scale


def trainer(seed=0, width=3, schedule=optim.ReduceLROnPlateau, rule=None):
    rng = Generator(seed)
    first = nn.Linear(2, width, rng=rng)
    model = nn.Sequential(
        first, nn.BatchNorm1d(width), nn.Dropout(0.5, rng=rng), nn.Linear(width, 2, rng=rng)
    )
    loss = Weighted()
    parameters = [*model.parameters(), *loss.parameters()]
    optimizer = (rule or (lambda p: optim.Adam(p, lr=0.1)))(parameters)
    return Trainer(model, loss, optimizer, schedule=schedule and schedule(optimizer), plain=True)


BATCHES = [(np.array([[1, 0], [0, 1], [2, 1]], np.float32), np.array([0, 1, 0]))] * 3


def test_everything_that_a_step_changes_is_in_it():
    one = trainer()
    before = one.state_dict()
    one.fit(BATCHES, epochs=2)
    after = one.state_dict()
    changed = {name for name in after if after[name].tobytes() != before[name].tobytes()}
    assert {n for n in after if n not in changed and not n.startswith(("optimizer/group0", "schedule"))} <= {
        "model/0.bias"  # batch norm takes it out again
    }
    assert {"buffers/2.counter", "loss/scale", "loss/calls", "model/1.num_batches_tracked"} <= changed
    assert {"model/1.running_mean", "optimizer/#6/exp_avg", "schedule/best"} <= {
        *changed,
        "optimizer/#6/exp_avg",
    }
    state = {id(value) for value in one.state()}
    assert state <= {id(cell) for cell in one.training_state().cells().values()}


def test_state_that_is_put_back_goes_on_alike():
    one, other = trainer(), trainer(seed=1)
    one.fit(BATCHES, epochs=1)
    other.load_state_dict(one.state_dict())
    other.training_state().load_seeds(one.training_state().seeds())
    ends = [(t.fit(BATCHES, epochs=2)[-1].loss, t.state_dict()) for t in (one, other)]
    assert ends[0][0] == ends[1][0]
    assert all(ends[0][1][name].tobytes() == array.tobytes() for name, array in ends[1][1].items())


def test_copies_do_not_change_with_the_training():
    one = trainer()
    kept = one.state_dict()
    bits = {name: array.tobytes() for name, array in kept.items()}
    one.fit(BATCHES, epochs=1)
    assert {name: array.tobytes() for name, array in kept.items()} == bits


def wrong(state):
    return {
        "a name missing": {n: a for n, a in state.items() if n != "model/0.weight"},
        "a name too many": {**state, "model/x": np.zeros(2)},
        "another shape": {**state, "model/0.weight": np.zeros((3, 3), "float32")},
        "another dtype": {**state, "loss/calls": np.zeros((), np.int32)},
        "a rate that cannot be": {**state, "optimizer/group0/lr": np.asarray(-1.0)},
        "a schedule that cannot be": {**state, "schedule/bad": np.asarray(-1)},
    }


@pytest.mark.parametrize("what", wrong(trainer().state_dict()))
def test_all_or_nothing(what):
    one = trainer(seed=1)
    one.fit(BATCHES, epochs=1)
    before = one.state_dict()
    with pytest.raises(StateError):
        one.load_state_dict(wrong(trainer().state_dict())[what])
    assert all(before[name].tobytes() == array.tobytes() for name, array in one.state_dict().items())


def test_another_optimizer_is_refused():
    with pytest.raises(StateError, match="Trainer"):
        trainer(rule=lambda p: optim.SGD(p, lr=0.1)).load_state_dict(trainer().state_dict())


def test_a_schedule_of_ones_own_has_to_say_its_state():
    class Halves:
        def step(self):
            pass

    one = Trainer(nn.Linear(2, 2), nn.CrossEntropyLoss(), trainer().optimizer, schedule=Halves())
    with pytest.raises(SettingError, match="Halves without state_dict"):
        one.state_dict()


def test_seeds_of_dropout_are_state():
    one, other = trainer(), trainer(seed=1)
    assert set(one.training_state().seeds()) == {"model/2"}
    other.training_state().load_seeds(one.training_state().seeds())
    assert other.training_state().seeds() == one.training_state().seeds()


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_how_numbers_lie_in_memory_is_kept(axes):
    numbers = np.arange(24.0).reshape(2, 3, 4)
    lying = laid(numbers, list(axes))
    assert np.array_equal(lying, numbers) and axes_of(lying) == list(axes)
    assert lying.base is not numbers


def test_axes_that_are_none():
    with pytest.raises(ValueError, match="axes"):
        laid(np.zeros((2, 3)), [0, 0])
