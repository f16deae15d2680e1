"""`chainrule train`: what it prints, what it leaves, which setting wins."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from chainrule.cli.train import configured
from chainrule.errors import UsageError
from chainrule.train import RunFolder, last_whole
from chainrule.train.steps import Runner


def test_a_run_and_its_folder(say, tmp_path: Path, pictures: Path):
    place = tmp_path / "run"
    said = say(
        "train", "linear", "--data", pictures, "--epochs", 3, "--batch-size", 8, "--out", place, "--json"
    )
    assert said.code == 0 and said.err == ""  # no terminal, no progress
    assert set(said.json) == {"test_accuracy", "test_loss", "parameters", "seconds", "run"}
    assert 0 <= said.json["test_accuracy"] <= 1 and said.json["parameters"] == 8 * 8 * 2 + 2
    names = {
        "checkpoints",
        "config.toml",
        "model.json",
        "start.json",
        "metrics.jsonl",
        "weights.safetensors",
        "result.json",
        "report.html",
    }
    assert {file.name for file in place.iterdir()} == names
    assert json.loads((place / "result.json").read_text()) == said.json


def test_the_lines_for_people(say, tmp_path: Path, pictures: Path):
    said = say("train", "linear", "--data", pictures, "--epochs", 1, "--out", tmp_path / "run")
    words = ["test accuracy", "test loss", "parameters", "seconds", "run", "report"]
    assert [re.split(r"\s{2,}", line)[0] for line in said.out.splitlines()] == words


def test_a_full_disk_is_5_and_leaves_nothing_half_written(tmp_path: Path, pictures: Path):
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000));"
    code += "from chainrule.cli import main; sys.exit(main())"
    words = ["train", "three-layer", "--data", pictures, "--epochs", 1, "--out", tmp_path / "run"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 5 and "room on the disk" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_disk_that_fills_up_keeps_the_last_checkpoint(say, tmp_path: Path, pictures: Path):
    code = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
    code += "from chainrule.cli import main; sys.exit(main())"
    words = ["linear", "--data", pictures, "--epochs", 40, "--batch-size", 8, "--quiet"]
    begin = [*words, "--checkpoint-seconds", 0, "--out", tmp_path / "run"]
    command = [sys.executable, "-c", code, "train", *map(str, begin)]
    # only what Python knows of: readline tells children of 80 columns
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    assert done.returncode == 5 and "metrics.jsonl" in done.stderr and "room on the disk" in done.stderr
    assert f"chainrule train --resume {tmp_path / 'run'} " in done.stderr
    assert not list(tmp_path.rglob("*.part"))
    assert say("train", "--resume", tmp_path / "run", "--quiet").code == 0
    assert say("train", *words, "--out", tmp_path / "whole").code == 0
    weights = [(tmp_path / name / "weights.safetensors").read_bytes() for name in ("run", "whole")]
    assert weights[0] == weights[1]


def test_a_loss_that_runs_away_is_3_and_keeps_the_last_good_checkpoint(say, tmp_path: Path, pictures: Path):
    words = ["two-layer", "--data", pictures, "--optimizer", "sgd", "--schedule", "constant", "--lr", 30.0]
    words += ["--batch-size", 8, "--epochs", 30, "--checkpoint-seconds", 0, "--out", tmp_path / "run"]
    said = say("train", *words, "--json")
    error = said.json["error"]
    assert (said.code, error["kind"]) == (3, "DivergedError") and "in step" in error["came"]
    assert error["notes"][0].startswith("The last checkpoint, after step")
    found, damaged = last_whole(tmp_path / "run" / "checkpoints")
    assert damaged == [] and all(np.isfinite(array).all() for array in found.weights.values())
    again = say("train", "--resume", tmp_path / "run", "--json")
    assert (again.code, again.json["error"]["came"]) == (3, error["came"]), "it runs away alike"


def test_the_same_seed_gives_the_same_weights(say, tmp_path: Path, pictures: Path):
    weights = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        words = ["--data", pictures, "--epochs", 2, "--seed", seed, "--out", tmp_path / name, "--quiet"]
        assert say("train", "two-layer", *words).code == 0
        weights.append(RunFolder(tmp_path / name).weights())
    same, other = weights[1:]
    assert all(np.array_equal(weights[0][key], same[key]) for key in same)
    assert not all(np.array_equal(weights[0][key], other[key]) for key in other)


def test_option_before_file_before_run_before_default(say, tmp_path: Path, run: Path):
    file = tmp_path / "x.toml"
    file.write_text("epochs = 2\nlr = 0.01\nbatch_size = 16\n")
    out = tmp_path / "out"
    assert say("train", run, "--config", file, "--epochs", 1, "--out", out, "--quiet").code == 0
    made = tomllib.loads((out / "config.toml").read_text())
    assert (made["epochs"], made["lr"], made["batch_size"], made["model"], made["seed"]) == (
        1,
        0.01,
        16,
        "linear",
        0,
    )


def test_a_run_goes_on_from_its_weights(say, tmp_path: Path, run: Path):
    out = tmp_path / "out"
    words = [
        "--epochs",
        1,
        "--optimizer",
        "sgd",
        "--lr",
        1e-9,
        "--schedule",
        "constant",
        "--out",
        out,
        "--quiet",
    ]
    assert say("train", run, *words).code == 0
    before, after = RunFolder(run).weights(), RunFolder(out).weights()
    assert all(np.allclose(before[key], after[key], atol=1e-5) for key in before)


def test_a_loss_that_is_ruined_by_the_very_last_step_is_3(say, tmp_path: Path, pictures: Path):
    words = ["--data", pictures, "--optimizer", "sgd", "--schedule", "constant", "--lr", 1e38]
    # one step: its own loss is still good
    words += ["--epochs", 1, "--batch-size", 64, "--validation", 0]
    said = say("train", "two-layer", *words, "--out", tmp_path / "run", "--json")
    assert said.code == said.json["error"]["code"] == 3
    assert said.json["error"]["notes"][0].startswith("The last checkpoint, after epoch 1 of 1")
    assert "starts a new run" in said.json["error"]["notes"][-1]


def test_a_path_of_data_is_kept_whole(tmp_path: Path, pictures: Path, monkeypatch):
    monkeypatch.chdir(pictures.parent)
    assert configured(None, None, None, {"data": pictures.name}).data == str(pictures)
    assert configured("linear", None, None, {}).data == "fashion-6k"


def test_going_on_with_classes_of_other_names_is_noted(say, tmp_path: Path, run: Path, pictures: Path):
    renamed = tmp_path / "pictures"
    shutil.copytree(pictures, renamed)
    (renamed / "left").rename(renamed / "zenith")
    said = say("train", run, "--data", renamed, "--epochs", 1, "--out", tmp_path / "run", "--quiet")
    assert said.code == 0 and "class 0 'right', the run calls it 'left'" in said.err


def test_plain_runs_gate_by_gate_and_learns_the_same(say, tmp_path: Path, pictures: Path, monkeypatch):
    decided = []

    def noted(self, *batch):
        decided.append(self.plain)
        return called(self, *batch)

    called = Runner.__call__
    monkeypatch.setattr(Runner, "__call__", noted)
    losses = []
    for name, words in (("compiled", []), ("plain", ["--plain"])):
        decided.clear()
        out = tmp_path / name
        words = [*words, "--data", pictures, "--epochs", 2, "--batch-size", 8, "--out", out, "--quiet"]
        assert say("train", "two-layer", *words).code == 0
        assert decided[-1] is (name == "plain") and any(decided) is (name == "plain")
        rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        losses.append([row["loss"] for row in rows])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert tomllib.loads((tmp_path / "plain" / "config.toml").read_text()) == tomllib.loads(
        (tmp_path / "compiled" / "config.toml").read_text()
    )


def test_plain_is_in_the_help(say):
    said = say("train", "--help")
    assert "--plain" in said.out and "gate by gate" in said.out


def test_a_name_keeps_its_loss(tmp_path: Path):
    file = tmp_path / "other.toml"
    file.write_text('loss = "hinge"\n')
    with pytest.raises(UsageError, match="hinge with softmax; expected cross-entropy.*; try: svm instead"):
        configured("softmax", None, str(file), {})
    with pytest.raises(UsageError, match="cross-entropy with svm; .*; try: softmax instead"):
        configured("svm", None, None, {"loss": "cross-entropy"})
    assert configured("linear", None, str(file), {}).loss == configured("svm", None, None, {}).loss == "hinge"
