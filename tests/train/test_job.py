"""What a configuration asks for: data, loss, optimizer and schedule by their names."""

from dataclasses import replace

import pytest

from chainrule import nn, optim, zoo
from chainrule.errors import DataError, UsageError
from chainrule.random import Generator
from chainrule.train import Config
from chainrule.train.config import OPTIMIZERS, SCHEDULES
from chainrule.train.job import make_trainer, prepared

from .runs import AUGMENTED, MIXED, small_data


def test_the_same_job_twice_is_the_same():
    batches = []
    for _ in range(2):
        job = prepared(zoo.build("linear", rng=Generator(0)), AUGMENTED, small_data()[0])
        assert (len(job.batches), len(job.held)) == (5, 30)
        batches.append(next(iter(job.batches)))
    (images, labels), (others, same) = batches
    assert (images == others).all() and (labels == same).all()


@pytest.mark.parametrize("setting", ["crop", "flip", "rotate", "erase", "mixup"])
def test_each_kind_of_augmentation_reaches_the_batches(setting):
    def first_batch(**given):
        config = Config(model="lenet5", batch_size=32, **given)
        images, labels = next(iter(prepared(zoo.build("lenet5"), config, small_data()[0]).batches))
        return images.tobytes() + labels.tobytes()

    assert first_batch(**{setting: getattr(MIXED, setting)}) != first_batch()


def test_workers_reach_the_batches():
    job = prepared(zoo.build("lenet5"), replace(MIXED, workers=2), small_data()[0])
    assert job.batches.workers == 2


def test_settings_reach_the_trainer():
    config = AUGMENTED
    trainer = make_trainer(nn.Linear(2, 2), config, 10)
    assert isinstance(trainer.optimizer, optim.SGD)
    assert trainer.optimizer.param_groups[0]["momentum"] == 0.9
    assert isinstance(trainer.loss, nn.MulticlassHingeLoss)
    assert isinstance(trainer.schedule, optim.CosineAnnealingLR)
    assert trainer.penalty.strength == 1e-3
    trainer = make_trainer(
        nn.Linear(2, 2), Config(optimizer="adamw", weight_decay=0.01, schedule="constant"), 10
    )
    assert (type(trainer.optimizer), trainer.schedule, trainer.penalty) == (optim.AdamW, None, None)
    assert isinstance(make_trainer(nn.Linear(2, 2), Config(), 10).schedule, optim.OneCycleLR)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_with_every_schedule(name):
    rules = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad"}
    for schedule in SCHEDULES:
        config = Config(optimizer=name, schedule=schedule, lr=0.5, momentum=0.25)
        trainer = make_trainer(nn.Linear(2, 2), config, 10)
        group = trainer.optimizer.param_groups[0]
        assert type(trainer.optimizer).__name__ == rules.get(name, "Adadelta")
        assert "momentum" not in group or schedule == "one-cycle" or group["momentum"] == 0.25
        assert (trainer.schedule is None) == (schedule == "constant")


def test_where_the_schedules_end():
    ends = {"cosine": 0.0, "exponential": 0.005, "inverse-time": 0.05, "polynomial": 0.0}
    for name, end in ends.items():
        schedule = make_trainer(nn.Linear(2, 2), Config(schedule=name, lr=0.5), 10).schedule
        assert (schedule.rate(0), schedule.rate(10)) == (0.5, pytest.approx(end, abs=1e-12)), name
    plateau = make_trainer(nn.Linear(2, 2), Config(schedule="plateau"), 10).schedule
    assert isinstance(plateau, optim.ReduceLROnPlateau) and plateau.patience == 1


def test_pictures_of_one_class_are_refused():
    train, _ = small_data()
    with pytest.raises(DataError, match=r"fashion-6k.*: pictures of one class, 'Bag'; expected two classes"):
        prepared(zoo.build("linear"), Config(model="linear"), train[train.labels == 8])


def test_a_shift_out_of_the_picture_is_refused():
    train, _ = small_data()
    with pytest.raises(UsageError, match=r"crop: 28 pixels of pictures of 28×28; expected fewer than 28"):
        prepared(zoo.build("linear"), Config(model="linear", crop=28), train)
    assert prepared(zoo.build("linear"), Config(model="linear", crop=27), train)


def test_a_part_that_would_be_empty_is_refused():
    train, _ = small_data()
    with pytest.raises(UsageError, match="validation: 0.99999, which leaves nothing of .* pictures"):
        prepared(zoo.build("linear"), Config(model="linear", validation=0.99999), train)
