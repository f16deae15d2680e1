"""A training that is broken off and gone on with is the one that never stopped, bit by bit."""

import math
import os
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest

from chainrule import data, nn, optim
from chainrule.data import Batches
from chainrule.errors import DataError, FileError, ResourceError, SettingError, StateError, UsageError
from chainrule.random import Generator
from chainrule.train import Checkpoint, Checkpoints, EpochEnd, FitStop, StepEnd, Trainer

from .runs import small_data, toy

SCHEDULES = {
    "one-cycle": lambda o: optim.OneCycleLR(o, 0.05, 12),
    "plateau": lambda o: optim.ReduceLROnPlateau(o, patience=0, threshold=0.5),
}


class Training:
    """Dropout, batch norm, crops and flips; everything drawn from the seed."""

    def __init__(self, folder, schedule="one-cycle", plain=True, seed=0, **settings):
        rng, (clothes, held) = Generator(seed), small_data()
        self.model = nn.Sequential(
            *(
                nn.Conv2d(1, 4, 5, stride=3, rng=rng),
                nn.BatchNorm2d(4),
                nn.ReLU(),
                nn.Dropout2d(0.2, rng=rng),
            ),
            *(nn.Flatten(), nn.Linear(4 * 8 * 8, 10, rng=rng), nn.Dropout(0.3, rng=rng)),
        )
        optimizer = optim.SGD(self.model.parameters(), lr=0.05, momentum=0.9, dampening=0.1)
        self.trainer = Trainer(
            self.model,
            nn.CrossEntropyLoss(),
            optimizer,
            schedule=SCHEDULES[schedule](optimizer),
            penalty=nn.L2(1e-3),
            max_norm=2.0,
            plain=plain,
        )
        self.average = optim.AveragedWeights(self.model.parameters())
        normalize = data.Normalize.fit(clothes)
        augment = data.Compose((data.RandomCrop(2), data.RandomFlip(), normalize))
        self.batches = Batches(clothes[:100], 32, Generator(seed), shuffle=True, transform=augment)
        self.held = Batches(held[:20], 20, Generator(0), transform=normalize)
        self.rows, self.epochs = [], []
        self.trainer.on(StepEnd, self.rows.append)
        self.trainer.on(StepEnd, lambda event: self.average.update())
        self.trainer.on(EpochEnd, lambda event: self.epochs.append(replace(event, seconds=0.0)))
        also = {"average": self.average}
        self.checkpoints = Checkpoints(folder, also=also, **{"seconds": math.inf, **settings})
        self.checkpoints.follow(self.trainer)

    def stop_at(self, *place):
        stop = self.trainer.stop
        self.trainer.on(StepEnd, lambda event: stop() if (event.epoch, event.step) == place else None)

    def fit(self, epochs=3):
        start = self.checkpoints.restore(self.trainer)
        self.trainer.fit(self.batches, self.held, epochs=epochs, start=start)
        return self

    def bits(self):
        state = self.trainer.state_dict() | self.average.state_dict()
        return {name: array.tobytes() for name, array in state.items()}


@pytest.fixture(scope="module", params=[(s, p) for s in SCHEDULES for p in (True, False)], ids=str)
def uninterrupted(request, tmp_path_factory):
    how = dict(zip(("schedule", "plain"), request.param, strict=True))
    return how, Training(tmp_path_factory.mktemp("whole"), **how).fit()


@pytest.mark.parametrize("place", [(1, 1), (2, 2), (2, 4)], ids=str)
def test_the_same_bits(uninterrupted, place, tmp_path):
    """In the middle of an epoch, and at its last step, before the validation; even from other seeds."""
    how, whole = uninterrupted
    first = Training(tmp_path, **how)
    first.stop_at(*place)
    first.fit()
    assert (first.rows[-1].epoch, first.rows[-1].step) == place
    second = Training(tmp_path, **how, seed=1).fit()
    assert first.rows + second.rows == whole.rows
    assert first.epochs + second.epochs == whole.epochs
    assert second.bits() == whole.bits()


def test_after_the_end_of_an_epoch_too(uninterrupted, tmp_path):
    how, whole = uninterrupted
    Training(tmp_path, **how).fit(epochs=1)
    second = Training(tmp_path, **how, seed=1).fit()
    assert second.rows == whole.rows[4:] and second.bits() == whole.bits()
    third = Training(tmp_path, **how, seed=2).fit()
    assert third.rows == [] and third.bits() == whole.bits(), "nothing is left to do"


def test_numbers_lie_in_memory_as_they_did(tmp_path):
    """Plain products of weights that lie otherwise may have other last digits; frozen ones stay as they were given."""

    def training(order):
        model = nn.Sequential(nn.Linear(300, 70, rng=Generator(0)), nn.Linear(70, 2, rng=Generator(0)))
        model[0].weight.data = np.array(model[0].weight.numpy(), order=order)
        model[0].requires_grad_(False)
        trainer = Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1), plain=True)
        checkpoints = Checkpoints(tmp_path)
        checkpoints.follow(trainer)
        return trainer, checkpoints

    trainer, _ = training("F")
    trainer.fit([(Generator(1).normal((3, 300)), np.array([0, 1, 0]))], epochs=1)
    other, checkpoints = training("C")
    assert checkpoints.restore(other).epoch == 2
    assert other.model[0].weight.numpy().strides == trainer.model[0].weight.numpy().strides == (4, 280)
    assert np.array_equal(other.model[0].weight.numpy(), trainer.model[0].weight.numpy())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_last_few_and_the_best_are_kept(tmp_path):
    training = Training(tmp_path, keep=2)
    accuracies = iter([0.1, 0.5, 0.5, 0.2, 0.3])
    training.trainer.schedule = None

    class Found:
        loss = 1.0

    def pretended(batches):
        found = Found()
        found.accuracy = next(accuracies)
        return found

    training.trainer.evaluate = pretended
    training.fit(epochs=5)
    assert names(tmp_path) == [f"epoch-0000{k}-step-0000000.safetensors" for k in (2, 4, 5)]
    assert training.checkpoints.best.name == names(tmp_path)[0], "the first of two that are as good"
    assert Checkpoint.read(tmp_path / names(tmp_path)[-1]).best == training.checkpoints.best


def test_the_best_is_remembered_by_who_goes_on(tmp_path):
    first = Training(tmp_path, keep=1)
    first.fit(epochs=1)
    first.checkpoints.best = first.checkpoints.best._replace(value=2.0)  # nothing is going to be better
    first.checkpoints.save()
    second = Training(tmp_path, keep=1).fit(epochs=3)
    assert second.checkpoints.best == first.checkpoints.best
    assert names(tmp_path) == [f"epoch-0000{k}-step-0000000.safetensors" for k in (1, 3)]


def test_every_step_where_no_second_may_pass(tmp_path):
    training = Training(tmp_path, seconds=0, keep=100).fit(epochs=1)
    assert names(tmp_path) == [f"epoch-00000-step-000000{k}.safetensors" for k in (1, 2, 3, 4)] + [
        "epoch-00001-step-0000000.safetensors"
    ]
    assert len(training.rows) == 4


def test_seconds_are_counted_from_the_last_save(tmp_path, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    Training(tmp_path, seconds=15, keep=100).fit(epochs=1)
    assert len(names(tmp_path)) == 3  # of the steps every second one, and the epoch


def test_a_damaged_last_one_is_told_passed_over_and_replaced(tmp_path):
    whole = Training(tmp_path / "whole").fit()
    first = Training(tmp_path / "run", seconds=0, keep=1)
    first.checkpoints.keep = 2
    first.stop_at(2, 2)
    first.fit()
    last = sorted((tmp_path / "run").iterdir())[-1]
    last.write_bytes(last.read_bytes()[:-9])
    second = Training(tmp_path / "run", keep=1)
    second.checkpoints.keep = 1
    with pytest.warns(RuntimeWarning, match="epoch-00001-step-0000002.safetensors: damaged"):
        second.fit(epochs=3)
    assert second.bits() == whole.bits() and second.rows[0] == whole.rows[5]
    assert last.name not in names(tmp_path / "run")


def test_damaged_ones_do_not_count_among_the_last(tmp_path):
    """They come later in the training than what is saved next, and go once that is on the disk."""
    first = Training(tmp_path, seconds=0, keep=3)
    first.stop_at(1, 4)
    first.fit()
    for path in sorted(tmp_path.iterdir())[1:]:
        path.write_bytes(b"damaged")
    second = Training(tmp_path, seconds=0, keep=1)
    second.stop_at(1, 3)
    with pytest.warns(RuntimeWarning, match="damaged|no whole safetensors file"):
        second.fit()
    assert names(tmp_path) == ["epoch-00000-step-0000003.safetensors"]
    assert Checkpoint.read(tmp_path / names(tmp_path)[0]).position.step == 3


def test_what_a_killed_save_left_is_taken_away(tmp_path):
    mine = tmp_path / ".epoch-00000-step-0000001.safetensors.part"
    other = tmp_path / ".notes.part"
    mine.touch(), other.touch()
    Training(tmp_path).fit(epochs=1)
    assert not mine.exists() and other.exists()


def full(number):
    raise OSError(28, "No space left on device")


def test_a_full_disk_keeps_the_last_one_and_leaves_nothing_half_written(tmp_path, monkeypatch):
    training = Training(tmp_path, seconds=0, keep=1)
    training.trainer.on(
        StepEnd, lambda event: monkeypatch.setattr(os, "fsync", full) if event.step == 2 else None
    )
    with pytest.raises(ResourceError, match="room on the disk"):
        training.fit()
    monkeypatch.undo()
    assert names(tmp_path) == ["epoch-00000-step-0000002.safetensors"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = Training(tmp_path).fit()
    assert again.bits() == Training(tmp_path / "whole").fit().bits()


def test_weights_that_ran_away_are_not_saved(tmp_path):
    trainer, batches = toy()
    checkpoints = Checkpoints(tmp_path, seconds=0)
    checkpoints.follow(trainer)

    def ruin(event):
        if event.step == 2:
            trainer.model.weight.assign(np.full((2, 2), np.inf, "float32"))

    trainer.events.listeners[StepEnd].insert(0, ruin)
    trainer.fit(batches, epochs=1)
    assert names(tmp_path) == ["epoch-00000-step-0000001.safetensors"]


def test_a_stop_is_told_and_saved_once(tmp_path):
    training = Training(tmp_path, seconds=0, keep=100)
    heard = []
    training.trainer.on(FitStop, heard.append)
    training.stop_at(1, 3)
    training.fit()
    assert heard == [FitStop(1, 3)] and len(names(tmp_path)) == 3
    assert training.epochs == []


def test_other_batches_than_it_began_with(tmp_path):
    Training(tmp_path).fit(epochs=1)
    training = Training(tmp_path)
    training.batches = Batches(small_data()[1], 32)
    with pytest.raises(DataError, match="pictures with the fingerprint"):
        training.fit()


def test_another_model_and_other_things_beside(tmp_path):
    Training(tmp_path).fit(epochs=1)
    trainer, _ = toy()
    with pytest.raises(StateError, match="also"):
        Checkpoints(tmp_path).restore(trainer)
    with pytest.raises(StateError, match="Trainer"):
        Checkpoints(tmp_path, also={"average": None}).restore(trainer)
    (tmp_path / "epoch-00001-step-0000000.safetensors").write_bytes(b"no")
    with pytest.raises(FileError, match="epoch-00001"):
        Checkpoints(tmp_path).restore(trainer)


@pytest.mark.parametrize(
    "settings", [{"keep": 0}, {"keep": True}, {"seconds": -1}, {"seconds": "x"}, {"seconds": math.nan}]
)
def test_settings_that_cannot_be(settings, tmp_path):
    with pytest.raises(SettingError, match=f"Checkpoints: {next(iter(settings))}"):
        Checkpoints(tmp_path, **settings)


def test_there_is_nothing_to_save_before_a_training(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    with pytest.raises(UsageError, match="before a training"):
        checkpoints.save()
    assert checkpoints.restore(toy()[0]) is None
