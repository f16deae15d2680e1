"""Each way to fail has its code, and a message with four parts; stdout stays one JSON object."""

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from chainrule import errors
from chainrule.cli import failures
from chainrule.train import RunFolder


def prepare(case: str, folder: Path, run: Path) -> Path:
    """The faulty file of a case."""
    place = folder / case
    if case == "toml":
        place.write_text("epochs = = 3")
    elif case == "key":
        place.write_text("epoch = 3")
    elif case == "type":
        place.write_text('epochs = "many"')
    elif case == "npz":
        np.savez(folder / "foreign.npz", apples=np.zeros(3))
        place = folder / "foreign.npz"
    elif case == "truncated":
        shutil.copytree(run, place)
        whole = (place / "weights.safetensors").read_bytes()
        (place / "weights.safetensors").write_bytes(whole[: len(whole) // 2])
    elif case in ("nan", "labels", "integers"):
        images, labels = np.zeros((20, 4, 4), "i4" if case == "integers" else "f4"), np.arange(20) % 2
        images[3, 0, 0] = np.nan if case == "nan" else 0
        place = folder / f"{case}.npz"
        np.savez(place, x=images, y=labels + 5 * (case == "labels"), classes=np.array(["a", "b"]))
    elif case in ("foreign", "damaged"):
        shutil.copytree(run, place)
        RunFolder(place).save_weights({"apples": np.zeros(3, "f4")})
        if case == "damaged":
            sight = RunFolder(run).sight().as_dict() | {"input_shape": [1]}
            (place / "model.json").write_text(json.dumps(sight))
    elif case == "exists":
        place.mkdir()
        (place / "file").touch()
    elif case == "file":
        place.touch()
        place = place / "run"
    elif case == "picture":
        place.write_bytes(b"no picture")
    return place


@pytest.mark.parametrize(
    ("code", "words", "case", "parts"),
    [
        (2, ["train", "lenet6"], "", ("no model named 'lenet6'", "lenet5")),
        (2, ["trian"], "", ("trian", "train")),
        (2, ["train", "--epoch", "3"], "", ("no option '--epoch'", "--epochs")),
        (2, ["train", "--epochs", "many"], "", ("--epochs", "a whole number")),
        (2, ["train", "--data", "fashion-7k"], "", ("fashion-7k", "fashion-6k")),
        (2, ["train", "--config", "{}"], "key", ("epoch", "epochs")),
        (2, ["train", "--config", "{}"], "type", ("epochs = 'many'", "a whole number")),
        (2, ["train", "--lr", "0"], "", ("lr", "above 0")),
        (2, ["train", "--optimizer", "adan"], "", ("'adan'", "adam")),
        (2, ["train", "linear", "--out", "{}"], "exists", ("exists already", "-2")),
        (2, ["train", "alexnet"], "", ("pictures of 1×28×28 do not fit into alexnet", "3×227×227")),
        (2, ["evaluate", "convnet"], "", ("the name of a model", "chainrule train convnet")),
        (2, ["predict", "{}"], "no-picture", ("no PICTURE",)),
        (2, ["summary", "vgg16", "--input", "3x"], "", ("'3x'", "3x227x227")),
        (4, ["train", "--config", "{}"], "toml", ("no TOML", "epochs = 8")),
        (4, ["train", "--config", "{}"], "missing", ("No such file", "a TOML file")),
        (4, ["train", "--data", "{}"], "npz", ("apples",)),
        (4, ["train", "--data", "{}"], "nan", ("NaN", "finite pixels")),
        (4, ["train", "--data", "{}"], "labels", ("labels from 5", "0 … 1")),
        (4, ["train", "--data", "{}"], "integers", ("int32", "uint8")),
        (4, ["evaluate", "{}"], "foreign", ("linear1.weight is missing", "build the model")),
        (4, ["evaluate", "{}"], "damaged", ("damaged", "input_shape")),
        (4, ["evaluate", "{}"], "nowhere", ("no such folder", "the folder of a run")),
        (4, ["evaluate", "{}"], "truncated", ("weights.safetensors", "a whole safetensors file")),
        (4, ["train", "linear", "--out", "{}"], "file", ("Not a directory",)),
        (4, ["predict", "RUN", "{}"], "picture", ("picture",)),
    ],
)
def test_bad_input(say, tmp_path: Path, run: Path, code, words, case, parts):
    place = prepare(case, tmp_path, run) if case else tmp_path
    before = sorted(tmp_path.rglob("*"))
    said = say(*(str(run) if w == "RUN" else w.format(place) for w in words), "--json")
    error = said.json["error"]
    assert (said.code, error["code"]) == (code, code)
    assert all(error[part] for part in ("who", "came", "expected", "hint"))
    assert all(error[part] in said.err for part in ("who", "came", "expected", "hint"))
    for part in parts:
        assert part in said.err
    assert sorted(tmp_path.rglob("*")) == before  # nothing half-written


def test_a_loss_that_runs_away_is_3_and_leaves_no_folder(say, tmp_path: Path, pictures: Path):
    words = [
        "--data",
        pictures,
        "--optimizer",
        "sgd",
        "--schedule",
        "constant",
        "--lr",
        "1e30",
        "--batch-size",
        "8",
    ]
    for more in ((), ("--plain",)):
        said = say("train", "two-layer", *words, "--out", tmp_path / "run", "--quiet", *more)
        assert (
            said.code == 3 and "finite numbers" in said.err and "made by linear of linear1/relu" in said.err
        )
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ResourceError("x", "full", "room", "free"), 5),
        (errors.NonFiniteError("x", "NaN", "numbers", "clean"), 4),
        (errors.MissingExtraError("x", "none", "one", "install"), 1),
        (MemoryError(), 5),
        (OSError(errno.ENOSPC, "No space left on device", "file"), 5),
        (PermissionError(errno.EACCES, "Permission denied", "file"), 4),
        (KeyboardInterrupt(), 130),
        (failures.Terminated(), 143),
        (ZeroDivisionError("of ours"), 1),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0),
    ],
)
def test_codes_of_errors(error, code, capsys, monkeypatch):
    monkeypatch.setattr(failures, "hush", lambda stream: None)
    assert failures.tell(error) == code
    told = capsys.readouterr().err
    assert ("report it" in told) == isinstance(error, ZeroDivisionError)


def test_debug_traceback(capsys, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DEBUG", "1")
    failures.tell(errors.UsageError("a", "b", "c", "d"))
    assert "UsageError" in capsys.readouterr().err
