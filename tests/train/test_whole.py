"""A whole run, end to end, on a slice of the embedded pictures."""

import json
from dataclasses import replace

import numpy as np
import pytest

from chainrule import nn, zoo
from chainrule.errors import DataError, DivergedError, FileError, StateError, UsageError
from chainrule.random import Generator
from chainrule.train import (
    Config,
    EpochEnd,
    RunFolder,
    StepEnd,
    evaluate_run,
    last_whole,
    resume_run,
    train_run,
)
from chainrule.train.job import prepared
from chainrule.train.start import digest_of

from .runs import AUGMENTED, MIXED, coloured_data, run_of, small_data

TWO_LAYER = Config(model="two-layer", epochs=2, batch_size=32, lr=5e-3)
FILES = [
    "checkpoints",
    "config.toml",
    "metrics.jsonl",
    "model.json",
    "report.html",
    "result.json",
    "start.json",
    "weights.safetensors",
]


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    return run_of(tmp_path_factory.mktemp("runs") / "first", TWO_LAYER)


def without_seconds(lines):
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def test_every_file_is_there(first):
    run, _ = first
    assert sorted(path.name for path in run.path.iterdir()) == FILES
    assert run.config() == TWO_LAYER
    assert run.sight().input_shape == (1, 28, 28)
    assert run.sight().classes[:2] == ("T-shirt/top", "Trouser")


def test_metrics_tell_each_step_and_each_epoch(first):
    run, _ = first
    steps, epochs = run.metrics("step"), run.metrics("epoch")
    assert [(row["epoch"], row["step"]) for row in steps] == [(e, s) for e in (1, 2) for s in range(1, 10)]
    assert [row["epoch"] for row in epochs] == [1, 2]
    assert epochs[1]["loss"] < epochs[0]["loss"] < 2.5
    assert all(0 <= row["validation_accuracy"] <= 1 and row["validation_loss"] > 0 for row in epochs)
    kinds = [json.loads(line)["kind"] for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert kinds == [*["step"] * 9, "epoch"] * 2


def test_the_result_is_that_of_the_saved_weights(first):
    run, result = first
    told = json.loads((run.path / "result.json").read_text())
    assert told == {
        "test_accuracy": result.test_accuracy,
        "test_loss": result.test_loss,
        "parameters": 79_510,
        "seconds": result.seconds,
        "run": str(run.path),
    }
    model = zoo.build("two-layer").load_state_dict(run.weights())
    found = evaluate_run(model, run.config(), run.sight(), small_data()[1])
    assert (found.accuracy, found.loss) == (result.test_accuracy, result.test_loss)
    assert result.test_accuracy > 0.4


def test_the_same_seed_gives_the_same_bits(first, tmp_path):
    run, result = first
    again, second = run_of(tmp_path / "again", TWO_LAYER)
    assert (run.path / "weights.safetensors").read_bytes() == (
        again.path / "weights.safetensors"
    ).read_bytes()
    for kind in ("step", "epoch"):
        assert without_seconds(run.metrics(kind)) == without_seconds(again.metrics(kind))
    assert (result.test_accuracy, result.test_loss) == (second.test_accuracy, second.test_loss)


def test_another_seed_does_not(first, tmp_path):
    run, result = first
    other, second = run_of(tmp_path / "other", Config(**{**vars(TWO_LAYER), "seed": 1}))
    assert (run.path / "weights.safetensors").read_bytes() != (
        other.path / "weights.safetensors"
    ).read_bytes()
    assert [row["loss"] for row in run.metrics("step")] != [row["loss"] for row in other.metrics("step")]
    assert result.test_loss != second.test_loss


def test_the_seed_decides_the_order_and_the_held_out_part_too(tmp_path):
    train, test = small_data()
    losses = []
    for seed in (0, 1):
        config = Config(model="linear", epochs=1, batch_size=32, seed=seed)
        run = RunFolder.create(tmp_path / str(seed))
        train_run(zoo.build("linear", rng=Generator(5)), config, train, test, run)
        losses.append((run.metrics("step")[0]["loss"], run.metrics("epoch")[0]["validation_loss"]))
    assert losses[0][0] != losses[1][0]
    assert losses[0][1] != losses[1][1]


def test_the_only_step_of_a_one_cycle_is_taken_at_a_rate_that_teaches(tmp_path):
    run, _ = run_of(tmp_path / "run", SETTINGS["one step"], coloured_data())
    assert [row["lr"] > 0.1 * Config.lr for row in run.metrics("step")] == [True]


SETTINGS = {
    "sgd, hinge, l2, augmentation": AUGMENTED,
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


def test_the_held_out_part_and_the_test_pictures_are_not_learned_from(tmp_path):
    train, test = coloured_data()
    config = Config(model="linear", epochs=1, validation=0.25, schedule="constant")
    seen = []
    model = zoo.build("linear", train.shape, 3)
    run = RunFolder.create(tmp_path / "run")

    def listen(trainer):
        step = trainer.step
        trainer.step = lambda images, labels: seen.append(len(labels)) or step(images, labels)

    train_run(model, config, train, test, run, listen)
    assert sum(seen) == 33  # a quarter of each class of 15 is 4, held out


def test_a_run_that_is_stopped_keeps_its_last_whole_epoch(tmp_path):
    train, test = small_data()
    run, model = RunFolder.create(tmp_path / "run"), zoo.build("linear")

    def stop(event):
        if (event.epoch, event.step) == (2, 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        config = Config(model="linear", epochs=3, batch_size=32)
        train_run(model, config, train, test, run, lambda trainer: trainer.on(StepEnd, stop))
    assert sorted(path.name for path in run.path.iterdir()) == [
        "checkpoints",
        "config.toml",
        "metrics.jsonl",
        "model.json",
        "start.json",
        "weights.safetensors",
    ]
    assert len(run.metrics("epoch")) == 1
    zoo.build("linear").load_state_dict(RunFolder.open(run.path).weights())


def test_a_run_that_diverges_leaves_no_result(tmp_path):
    with pytest.raises(DivergedError):
        run_of(tmp_path / "run", Config(model="two-layer", epochs=1, lr=1e30, optimizer="sgd", batch_size=32))
    assert not (tmp_path / "run" / "result.json").exists()


DROPPED = Config(
    epochs=3, batch_size=60, lr=0.01, optimizer="sgd", crop=2, flip=True, checkpoint_seconds=0, keep=2
)


def dropped(seed=0):
    rng = Generator(seed)
    layers = nn.Linear(784, 12, rng=rng), nn.ReLU(), nn.Dropout(0.3, rng=rng), nn.Linear(12, 10, rng=rng)
    return nn.Sequential(nn.Flatten(), *layers)


@pytest.fixture(scope="module", params=[("one-cycle", True), ("plateau", False)], ids=str)
def uninterrupted(request, tmp_path_factory):
    schedule, plain = request.param
    config, place = replace(DROPPED, schedule=schedule), tmp_path_factory.mktemp("whole") / "run"
    run = RunFolder.create(place)
    return config, plain, run, train_run(dropped(), config, *small_data(), run, plain=plain)


def broken_off(place, config, plain, at, moment=StepEnd):
    """A run that ends behind this step, or within what is written at the end of an epoch."""
    run = RunFolder.create(place)

    def stop(event):
        if (event.epoch, getattr(event, "step", 0)) == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_run(dropped(), config, *small_data(), run, lambda t: t.on(moment, stop), plain=plain)
    return run


def gone_on(run, config, plain):
    found, _ = last_whole(run.checkpoints)
    return resume_run(dropped(1), found, config, *small_data(), run, plain=plain)


@pytest.mark.parametrize("at", [(1, 1), (2, 3), (3, 5)], ids=str)
def test_a_run_that_goes_on_is_the_one_that_was_never_broken_off(uninterrupted, at, tmp_path):
    config, plain, whole, ended = uninterrupted
    run = broken_off(tmp_path / "run", config, plain, at)
    run.append([StepEnd(9, 9, 0.0, 0.0, 0.0)])  # written, and then killed before the checkpoint
    result = gone_on(run, config, plain)
    for kind in ("step", "epoch"):
        assert without_seconds(run.metrics(kind)) == without_seconds(whole.metrics(kind))
    assert (run.path / "weights.safetensors").read_bytes() == (
        whole.path / "weights.safetensors"
    ).read_bytes()
    assert (result.test_accuracy, result.test_loss) == (ended.test_accuracy, ended.test_loss)
    assert run.finished and run.result()["test_loss"] == ended.test_loss
    assert sorted(path.name for path in run.path.iterdir()) == FILES


@pytest.mark.parametrize(("workers", "after"), [(2, 2), (0, 3), (1, 0)])
def test_batches_made_ahead_are_not_those_taken(workers, after, tmp_path):
    """Every kind of augmentation, broken off in the middle of an epoch, gone on with other workers: the same bits."""
    every = replace(DROPPED, epochs=2, rotate=15.0, erase=0.5, mixup=0.4)
    whole = RunFolder.create(tmp_path / "whole")
    train_run(dropped(), every, *small_data(), whole)
    run = broken_off(tmp_path / "run", replace(every, workers=workers), False, (2, 2))
    gone_on(run, replace(every, workers=after), False)
    for kind in ("step", "epoch"):
        assert without_seconds(run.metrics(kind)) == without_seconds(whole.metrics(kind))
    weights = [(r.path / "weights.safetensors").read_bytes() for r in (whole, run)]
    assert weights[0] == weights[1]


def test_seconds_are_those_of_all_parts(uninterrupted, tmp_path):
    config, plain, _, _ = uninterrupted
    run = broken_off(tmp_path / "run", config, plain, (2, 3))
    found, _ = last_whole(run.checkpoints)
    assert found.noted["seconds"] > 0
    found.noted["seconds"] = 1000.0
    assert resume_run(dropped(), found, config, *small_data(), run, plain=plain).seconds > 1000


def test_a_run_broken_off_in_its_last_words_goes_on(uninterrupted, tmp_path):
    config, plain, whole, _ = uninterrupted
    run = broken_off(tmp_path / "run", config, plain, (3, 0), EpochEnd)
    gone_on(run, config, plain)
    assert without_seconds(run.metrics("epoch")) == without_seconds(whole.metrics("epoch"))
    assert (run.path / "report.html").exists()


def test_what_does_not_belong_to_the_run_is_refused(uninterrupted, tmp_path):
    config, plain, _, _ = uninterrupted
    run = broken_off(tmp_path / "run", config, plain, (2, 3))
    found, _ = last_whole(run.checkpoints)
    (train, test), before = small_data(), (run.path / "metrics.jsonl").read_bytes()
    length = found.noted["metrics"]
    with pytest.raises(UsageError, match=r"epochs 4 in config.toml, and 3 in its checkpoint"):
        resume_run(dropped(), found, replace(config, epochs=4), train, test, run, plain=plain)
    with pytest.raises(DataError, match="other training pictures in fashion-6k"):
        resume_run(dropped(), found, config, train[:299], test, run, plain=plain)
    with pytest.raises(DataError, match="other test pictures"):
        resume_run(dropped(), found, config, train, test[:99], run, plain=plain)
    with pytest.raises(StateError, match="Trainer"):
        resume_run(zoo.build("linear"), found, config, train, test, run, plain=plain)
    assert (run.path / "metrics.jsonl").read_bytes() == before
    strange = replace(found, noted={key: x for key, x in found.noted.items() if key != "metrics"})
    with pytest.raises(StateError, match="a checkpoint without what a run notes"):
        resume_run(dropped(), strange, config, train, test, run, plain=plain)
    with pytest.raises(FileError, match="that no run of chainrule wrote"):
        resume_run(dropped(), replace(found, noted={}), config, train, test, run, plain=plain)
    (run.path / "metrics.jsonl").write_bytes(before[: length - 1])
    with pytest.raises(FileError, match=f"saved with {length:,}"):
        resume_run(dropped(), found, config, train, test, run, plain=plain)


def test_settings_of_saving_may_change(uninterrupted, tmp_path):
    config, plain, whole, _ = uninterrupted
    run = broken_off(tmp_path / "run", config, plain, (2, 3))
    gone_on(run, replace(config, keep=1, checkpoint_seconds=100.0), plain)
    assert run.weights()["1.weight"].tobytes() == whole.weights()["1.weight"].tobytes()
    assert len(list(run.checkpoints.iterdir())) in (1, 2)


def test_a_run_without_a_whole_epoch_has_the_weights_of_its_checkpoint(tmp_path):
    run = broken_off(tmp_path / "run", DROPPED, True, (1, 2))
    assert not (run.path / "weights.safetensors").exists()
    weights = dropped(1).load_state_dict(RunFolder.open(run.path).weights()).state_dict()
    assert weights["1.weight"].tobytes() != dropped().state_dict()["1.weight"].tobytes()


def test_the_number_of_workers_changes_no_bit(tmp_path):
    made = [run_of(tmp_path / str(n), replace(MIXED, workers=n))[0] for n in (0, 1, 3)]
    weights = [(run.path / "weights.safetensors").read_bytes() for run in made]
    assert weights[0] == weights[1] == weights[2]
    steps = [without_seconds(run.metrics("step")) for run in made]
    assert steps[0] == steps[1] == steps[2]


def test_mixed_pictures_are_called_by_their_larger_share(tmp_path):
    run, _ = run_of(tmp_path / "run", replace(MIXED, epochs=2))
    assert all(0 <= row["accuracy"] <= 1 for row in run.metrics("step"))
    assert all(0 <= row["validation_accuracy"] <= 1 for row in run.metrics("epoch"))
