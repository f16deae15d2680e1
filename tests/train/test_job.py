"""What a configuration asks for: data, loss, optimizer and schedule by their names."""

from dataclasses import replace

import pytest

from chainrule import nn, optim, zoo
from chainrule.random import Generator
from chainrule.train import Config
from chainrule.train.config import OPTIMIZERS, SCHEDULES
from chainrule.train.job import make_trainer, prepared

from .runs import small_data

AUGMENTED = Config(
    model="linear",
    epochs=1,
    lr=0.01,
    optimizer="sgd",
    loss="hinge",
    l2=1e-3,
    crop=2,
    flip=True,
    schedule="cosine",
)


def test_the_same_job_twice_is_the_same():
    batches = []
    for _ in range(2):
        job = prepared(zoo.build("linear", rng=Generator(0)), AUGMENTED, small_data()[0])
        assert (len(job.batches), len(job.held)) == (5, 30)
        batches.append(next(iter(job.batches)))
    (images, labels), (others, same) = batches
    assert (images == others).all() and (labels == same).all()


MIXED = Config(model="lenet5", epochs=1, batch_size=32, crop=2, flip=True, rotate=10.0, erase=0.5, mixup=0.3)


@pytest.mark.parametrize("setting", ["crop", "flip", "rotate", "erase", "mixup"])
def test_each_kind_of_augmentation_reaches_the_batches(setting):
    def first_batch(**given):
        config = Config(model="lenet5", batch_size=32, **given)
        images, labels = next(iter(prepared(zoo.build("lenet5"), config, small_data()[0]).batches))
        return images.tobytes() + labels.tobytes()

<<<<<<< ours
    assert first_batch(MIXED) != first_batch(replace(MIXED, **setting))
=======
    assert first_batch(**{setting: getattr(AUGMENTED, setting)}) != first_batch()


def test_workers_reach_the_batches():
    job = prepared(zoo.build("lenet5"), replace(AUGMENTED, workers=2), small_data()[0])
    assert job.batches.workers == 2


def test_mixed_pictures_are_called_by_their_larger_share(tmp_path):
    run, _ = run_of(tmp_path / "run", replace(AUGMENTED, epochs=2))
    assert all(0 <= row["accuracy"] <= 1 for row in run.metrics("step"))
    assert all(0 <= row["validation_accuracy"] <= 1 for row in run.metrics("epoch"))


SETTINGS = {
    "sgd, hinge, l2, augmentation": Config(
        model="linear",
        epochs=1,
        lr=0.01,
        optimizer="sgd",
        loss="hinge",
        l2=1e-3,
        crop=2,
        flip=True,
        schedule="cosine",
    ),
    "adamw, constant, no validation": Config(
        model="linear", epochs=1, optimizer="adamw", weight_decay=0.01, schedule="constant", validation=0.0
    ),
    "one step": Config(model="linear", epochs=1, batch_size=1000),
}


@pytest.mark.parametrize("config", SETTINGS.values(), ids=SETTINGS)
def test_other_settings(config, tmp_path):
    run, result = run_of(tmp_path / "run", config, coloured_data())
    assert np.isfinite(result.test_loss)
    assert sorted(path.name for path in run.path.iterdir()) == FILES
    assert (run.metrics("epoch")[0]["validation_loss"] is None) == (config.validation == 0)


def test_a_prepared_job_is_the_run(first):
    run, _ = first
    job = prepared(network(), TWO_LAYER, small_data()[0])
    job.trainer.begin_epoch()
    taken = [job.trainer.take(1, k, *batch) for k, batch in zip((1, 2, 3), job.batches, strict=False)]
    assert taken == run.steps()[:3]
    assert (job.sight, len(job.held)) == (run.sight(), 30)


def test_how_a_run_began_is_recorded(first, tmp_path):
    run, _ = first
    start = run.start()
    assert (start.weights, start.run, start.plain) == (digest_of(network()), "", False)
    train, test = small_data()
    other = RunFolder.create(tmp_path / "other")
    config = Config(model="two-layer", epochs=1, batch_size=300)
    train_run(network().load_state_dict(run.weights()), config, train, test, other, plain=True, start="first")
    assert (other.start().run, other.start().plain) == ("first", True)
    assert other.start().weights != start.weights


def network():
    return zoo.build("two-layer", rng=Generator(TWO_LAYER.seed).split("weights"))
>>>>>>> theirs


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
