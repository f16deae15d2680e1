"""`chainrule train knn`: what it prints and leaves, that evaluate and predict answer, and whose options it has."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from chainrule.train import RunFolder


@pytest.fixture
def knn(say, tmp_path: Path, pictures: Path) -> Path:
    place = tmp_path / "knn"
    assert say("train", "knn", "--data", pictures, "--k", 3, "--metric", "l1", "--out", place).code == 0
    return place


def test_a_run_and_its_folder(say, tmp_path: Path, pictures: Path):
    place = tmp_path / "run"
    said = say("train", "knn", "--data", pictures, "--out", place, "--json")
    assert said.code == 0 and said.err == ""
    assert said.json["test_accuracy"] == 1.0 and said.json["k"] == 5 and said.json["pictures"] == 48
    names = {"config.toml", "model.json", "weights.safetensors", "result.json", "report.html"}
    assert {file.name for file in place.iterdir()} == names
    assert json.loads((place / "result.json").read_text()) == said.json
    weights = RunFolder(place).weights()
    assert weights["images"].dtype == np.uint8 and weights["labels"].shape == (48,)


def test_the_lines_for_people(say, tmp_path: Path, pictures: Path):
    said = say("train", "knn", "--data", pictures, "--out", tmp_path / "run")
    words = ["test accuracy", "neighbours", "seconds", "run", "report"]
    assert [re.split(r"\s{2,}", line)[0] for line in said.out.splitlines()] == words


def test_evaluate_and_predict(say, knn: Path, pictures: Path):
    said = say("evaluate", knn, "--json")
    assert said.json["test_accuracy"] == 1.0 and said.json["test_loss"] is None
    assert "test loss" not in say("evaluate", knn).out
    picture = next((pictures / "left").iterdir())
    (row,) = say("predict", knn, picture, "--json").json["pictures"]
    assert row["predictions"][0] == {"class": "left", "probability": 1.0}


def test_what_has_a_network_alone(say, knn: Path):
    for verb in ("debug", "check", "diff"):
        said = say(verb, knn, *([knn] if verb == "diff" else []))
        assert said.code == 2 and "nearest neighbours, which has no network" in said.err, verb
    assert say("train", knn).code == 2


def test_settings_from_a_file(say, knn: Path, tmp_path: Path):
    said = say("train", "--config", knn / "config.toml", "--out", tmp_path / "again", "--k", 2, "--json")
    assert (said.json["k"], said.json["metric"]) == (2, "l1")


@pytest.mark.parametrize(
    ("words", "came"),
    [
        (("knn", "--lr", "0.1"), "--lr: for knn, which learns nothing"),
        (("knn", "--flip"), "--flip: for knn"),
        (("knn", "--plain"), "--plain: for knn"),
        (("knn", "--k", "0"), "k: 0"),
        (("knn", "--k", "9999"), "k: 9999 neighbours of 5,000 training pictures"),
        (("knn", "--metric", "l3"), "metric: 'l3'"),
        (("linear", "--k", "3"), "--k: for a network, which has none"),
        (("svm", "--metric", "l1"), "--metric: for a network"),
    ],
)
def test_what_is_refused(say, tmp_path: Path, words, came):
    said = say("train", *words, "--out", tmp_path / "run")
    assert said.code == 2 and came in said.err and not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["svm", "softmax"])
def test_presets(say, tmp_path: Path, pictures: Path, name):
    place = tmp_path / name
    assert say("train", name, "--data", pictures, "--epochs", 2, "--batch-size", 8, "--out", place).code == 0
    config = RunFolder(place).config()
    assert (config.model, config.loss) == ("linear", {"svm": "hinge", "softmax": "cross-entropy"}[name])
    assert config.l2 > 0 and config.epochs == 2
    title = {"svm": "Linear SVM on", "softmax": "Softmax classifier on"}[name]
    assert title in (place / "report.html").read_text()
    assert say("evaluate", place).code == 0


def test_a_folder_is_named_after_the_model(say, tmp_path: Path, pictures: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("svm", "knn"):
        words = [] if name == "knn" else ["--epochs", 1]
        assert Path(say("train", name, "--data", pictures, "--json", *words).json["run"]).name.startswith(
            f"{name}-"
        )
