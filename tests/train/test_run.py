"""The run folder: every file whole or not there, and what is said of damaged ones."""

import builtins
import errno
import json
import os

import numpy as np
import pytest
from safetensors.numpy import save_file

from chainrule import nn
from chainrule.data import Normalize
from chainrule.errors import FileError, ResourceError, StateError, UsageError
from chainrule.random import Generator
from chainrule.train import Config, EpochEnd, RunFolder, Sight, Start, StepEnd

SIGHT = Sight((1, 4, 4), ("T-shirt", "größe ☃"), Normalize((0.25,), (0.5,)))
STEP, EPOCH = StepEnd(1, 1, 0.5, 0.75, 0.1), EpochEnd(1, 0.5, 0.75, None, None, 0.1, 2.0)


@pytest.fixture
def run(tmp_path):
    run = RunFolder.create(tmp_path / "runs" / "first")
    run.begin(Config(epochs=3), SIGHT)
    run.save_weights(model().state_dict())
    return run


def model(seed=0):
    return nn.Sequential(nn.Linear(16, 2, rng=Generator(seed)), nn.BatchNorm1d(2))


def names(run):
    return sorted(path.name for path in run.path.iterdir())


def test_what_is_written_is_read_back(run):
    assert run.config() == Config(epochs=3)
    assert run.sight() == SIGHT
    found = model(1).load_state_dict(run.weights()).state_dict()
    assert all(np.array_equal(found[name], array) for name, array in model().state_dict().items())
    assert found["1.num_batches_tracked"].dtype == np.int64
    run.finish({"test_accuracy": 0.5})
    assert json.loads((run.path / "result.json").read_text()) == {"test_accuracy": 0.5}
    assert names(run) == ["config.toml", "model.json", "result.json", "weights.safetensors"]
    assert RunFolder.open(run.path).path == run.path


def test_metrics_are_lines_of_json(run):
    run.append([STEP, EPOCH])
    run.append([STEP])
    assert len((run.path / "metrics.jsonl").read_text().splitlines()) == 3
    assert (
        run.metrics("step")
        == [{"kind": "step", "epoch": 1, "step": 1, "loss": 0.5, "accuracy": 0.75, "lr": 0.1}] * 2
    )
    assert run.metrics("epoch")[0]["validation_loss"] is None


def test_a_folder_that_is_there_already(run, tmp_path):
    with pytest.raises(
        UsageError, match=r"exists already; expected a new or empty folder; try: --out .*first-2"
    ):
        RunFolder.create(run.path)
    empty = tmp_path / "empty"
    empty.mkdir()
    RunFolder.create(empty)
    with pytest.raises(UsageError, match="exists already"):
        RunFolder.create(run.path / "config.toml")
    with pytest.raises(FileError, match="expected a place that can be written"):
        RunFolder.create(run.path / "config.toml" / "below")


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FullFile:
    """A file on a full disk: opened, but nothing goes in."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def __getattr__(self, name):
        return full if name == "write" else getattr(self.file, name)


def full_at_write(patch):
    real = builtins.open
    patch.setattr(builtins, "open", lambda *args, **kwargs: FullFile(real(*args, **kwargs)))


FULL = {
    "write": full_at_write,
    "fsync": lambda patch: patch.setattr(os, "fsync", full),
    "replace": lambda patch: patch.setattr(os, "replace", full),
}


@pytest.mark.parametrize("moment", FULL)
def test_a_full_disk_leaves_the_old_file_and_nothing_else(run, moment, monkeypatch):
    before, there = (run.path / "weights.safetensors").read_bytes(), names(run)
    with monkeypatch.context() as patch:
        FULL[moment](patch)
        with pytest.raises(ResourceError) as caught:
            run.save_weights(model(1).state_dict())
    assert caught.value.who == str(run.path / "weights.safetensors")
    assert caught.value.came == os.strerror(errno.ENOSPC)
    assert (caught.value.expected, "--out" in caught.value.hint) == ("room on the disk", True)
    assert (run.path / "weights.safetensors").read_bytes() == before
    assert names(run) == there


@pytest.mark.parametrize("moment", FULL)
def test_a_full_disk_leaves_no_part_of_a_new_file(run, moment, monkeypatch):
    there = names(run)
    with monkeypatch.context() as patch:
        FULL[moment](patch)
        with pytest.raises(ResourceError):
            run.finish({"seconds": 1})
    assert names(run) == there


def test_an_interrupt_leaves_no_part_either(run, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run.finish({})
    assert not [name for name in names(run) if name.endswith(".part")]


class ShortFile(FullFile):
    """A file on a disk with room for ten bytes more."""

    def __getattr__(self, name):
        return (
            (lambda content: self.file.write(content[:10])) if name == "write" else getattr(self.file, name)
        )


@pytest.mark.parametrize("kind", [FullFile, ShortFile])
def test_metrics_are_appended_whole_or_not_at_all(run, kind, monkeypatch):
    run.append([STEP])
    before, real = (run.path / "metrics.jsonl").read_bytes(), builtins.open
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "open", lambda *args, **kwargs: kind(real(*args, **kwargs)))
        with pytest.raises(ResourceError, match=r"metrics\.jsonl"):
            run.append([STEP, EPOCH])
    assert (run.path / "metrics.jsonl").read_bytes() == before
    run.append([EPOCH])
    assert len(run.metrics("step")) == len(run.metrics("epoch")) == 1


def test_another_failure_of_the_disk_is_a_file_error(run, monkeypatch):
    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", denied)
        with pytest.raises(FileError, match="Permission denied; expected a place that can be written"):
            run.finish({})


def spoil(run, name, content):
    (run.path / name).write_bytes(content)


@pytest.mark.parametrize("keep", [0, 5, 40, -1])
def test_truncated_weights(run, keep):
    whole = (run.path / "weights.safetensors").read_bytes()
    spoil(run, "weights.safetensors", whole[:keep])
    with pytest.raises(FileError, match="whole safetensors file; try: another run, or train|truncated"):
        run.weights()


@pytest.mark.parametrize("number", range(0, 1000, 7))
def test_weights_of_which_a_bit_is_another(run, number):
    whole = bytearray((run.path / "weights.safetensors").read_bytes())
    before = {name: array.copy() for name, array in run.weights().items()}
    whole[number % len(whole)] ^= 1 << number % 8
    spoil(run, "weights.safetensors", whole)
    try:
        found = run.weights()
    except FileError:
        return
    # the name of what is stated is another one: then it is a file of another maker
    assert b'"chainrule.weights":' not in whole
    assert all(found[name].tobytes() == array.tobytes() for name, array in before.items())


def test_weights_of_another_maker_state_no_checksum(run):
    save_file(dict(run.weights()), run.path / "weights.safetensors")
    assert set(run.weights()) == set(model().state_dict())


@pytest.mark.parametrize("content", [b"\x80\x04K\x01.", b"PK\x03\x04" * 40, b"{}" * 300, bytes(1000)])
def test_foreign_weights(run, content):
    spoil(run, "weights.safetensors", content)
    with pytest.raises(FileError, match=r"weights\.safetensors: .+; expected a whole safetensors file"):
        run.weights()


def test_weights_of_another_model(run):
    with pytest.raises(StateError, match="1.weight is unknown"):
        nn.Sequential(nn.Linear(16, 2)).load_state_dict(run.weights())


FACTS = SIGHT.as_dict()
DAMAGED = {
    "empty": b"",
    "cut off": json.dumps(FACTS).encode()[:-5],
    "no text": b"\xff\xfe\x00",
    "a list": b"[1, 2]",
    "a key missing": json.dumps({"input_shape": [1, 4, 4]}).encode(),
    "a shape of two": json.dumps({**FACTS, "input_shape": [4, 4]}).encode(),
    "a shape of words": json.dumps({**FACTS, "input_shape": ["a", "b", "c"]}).encode(),
    "no pixels": json.dumps({**FACTS, "input_shape": [1, 0, 4]}).encode(),
    "no classes": json.dumps({**FACTS, "classes": []}).encode(),
    "no normalization": json.dumps({**FACTS, "normalize": 5}).encode(),
    "a deviation of zero": json.dumps({**FACTS, "normalize": {"mean": [0.5], "std": [0]}}).encode(),
    "an endless shape": json.dumps({**FACTS, "input_shape": [1, 1 << 20, 1 << 20]}).encode(),
    "fractions": json.dumps({**FACTS, "input_shape": [1, 4.0, 4]}).encode(),
    "a text as classes": json.dumps({**FACTS, "classes": "ab"}).encode(),
    "numbers as classes": json.dumps({**FACTS, "classes": [1, 2]}).encode(),
    "a key twice": b'{"classes": [], ' + json.dumps(FACTS).encode()[1:],
    "depth": b"[" * 5000,
    "a number too large": json.dumps({**FACTS, "normalize": {"mean": [10**400], "std": [1]}}).encode(),
    "NaN": b'{"input_shape": NaN}',
    "other channels": json.dumps({**FACTS, "normalize": {"mean": [0.5] * 3, "std": [1] * 3}}).encode(),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_model_json(run, content):
    spoil(run, "model.json", content)
    with pytest.raises(FileError) as caught:
        run.sight()
    error = caught.value
    assert error.who == str(run.path / "model.json")
    assert error.came.startswith("damaged: ")
    assert len(error.came) > len("damaged: ") + 3
    assert (error.expected, error.hint) == (
        "input_shape, classes and normalize",
        "another run, or train again",
    )


@pytest.mark.parametrize("content", [b"{", b"[]\n", b'{"loss": 1}\n', b"\xff\n"])
def test_damaged_metrics(run, content):
    spoil(run, "metrics.jsonl", content)
    with pytest.raises(FileError, match=r"metrics\.jsonl: damaged: "):
        run.metrics("step")


def test_missing_files(run, tmp_path):
    with pytest.raises(FileError, match=r"metrics\.jsonl: damaged: No such file"):
        run.metrics("step")
    with pytest.raises(FileError, match="no such folder; expected the folder of a run"):
        RunFolder.open(tmp_path / "nothing")
    (run.path / "weights.safetensors").unlink()
    (run.path / "model.json").unlink()
    with pytest.raises(FileError, match=r"a folder without model\.json, weights\.safetensors"):
        RunFolder.open(run.path)
    with pytest.raises(FileError):
        run.weights()
    with pytest.raises(FileError):
        run.sight()


def test_the_beginning_is_written_and_read_back(run):
    assert run.start() is None, "an older folder does not say"
    start = Start("0f", "runs/first", True, {"numpy": "2"})
    run.begin(Config(epochs=3), SIGHT, start)
    assert run.start() == start
    (run.path / "start.json").write_text("[]")
    with pytest.raises(FileError, match="start.json: damaged"):
        run.start()


def test_recorded_steps_are_the_events(run):
    run.append([STEP, EPOCH, STEP])
    assert run.steps() == [STEP, STEP]
    (run.path / "metrics.jsonl").write_text('{"kind": "step", "epoch": 1}\n')
    with pytest.raises(FileError, match="damaged: no 'step'; expected epoch, step, loss"):
        run.steps()


def test_metrics_are_taken_back_to_a_length(run):
    length = run.append([STEP])
    assert length == run.append([]) == (run.path / "metrics.jsonl").stat().st_size
    run.append([STEP, EPOCH])
    run.cut(length)
    assert len(run.metrics("step")) == 1 and run.metrics("epoch") == []
    run.cut(length)
    with pytest.raises(FileError, match="metrics.jsonl: .* and its checkpoint was saved with"):
        run.cut(length + 1)
    (run.path / "metrics.jsonl").unlink()
    run.cut(0)
    with pytest.raises(FileError, match="0 bytes"):
        run.cut(1)


def test_how_it_ended(run):
    assert not run.finished
    with pytest.raises(FileError, match="result.json: damaged: No such file"):
        run.result()
    run.finish({"seconds": 1.5})
    assert run.finished and run.result() == {"seconds": 1.5}
    spoil(run, "result.json", b"5")
    with pytest.raises(FileError, match="result.json: damaged"):
        run.result()


def test_names_of_classes_steer_no_terminal(run):
    spoil(run, "model.json", json.dumps({**FACTS, "classes": ["\x1b[2J", "b"]}).encode())
    assert run.sight().classes == ("?[2J", "b")


def test_an_endless_line_of_metrics_is_not_read(run):
    spoil(run, "metrics.jsonl", b'{"kind": "step"' + b" " * 10_000 + b"}\n")
    with pytest.raises(FileError, match=r"metrics\.jsonl: damaged: "):
        run.metrics("step")


def test_messages_are_short_and_steer_no_terminal(run):
    spoil(run, "result.json", b'["\\u001b[2J", ' + b'"x",' * 300 + b"1]")
    with pytest.raises(FileError) as caught:
        run.result()
    assert str(caught.value).isprintable() and len(caught.value.came) < 140


@pytest.mark.parametrize(
    "change",
    [{"weights": 5}, {"run": None}, {"plain": 1}, {"versions": []}, {"versions": {"numpy": 2}}],
)
def test_a_damaged_start(run, change):
    start = {"weights": "0123", "run": "", "plain": False, "versions": {"numpy": "2"}}
    spoil(run, "start.json", json.dumps(start).encode())
    assert run.start().versions == {"numpy": "2"}
    spoil(run, "start.json", json.dumps({**start, **change}).encode())
    with pytest.raises(FileError, match="expected weights, run, plain and versions"):
        run.start()
