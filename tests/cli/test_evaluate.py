"""`chainrule evaluate`: the run's figures again, class by class."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chainrule.cli.runs import Trained


def test_the_same_figures_as_the_run(say, run: Path):
    told = say("evaluate", run, "--json").json
    kept = json.loads((run / "result.json").read_text())
    assert (
        told["test_accuracy"] == kept["test_accuracy"] and abs(told["test_loss"] - kept["test_loss"]) < 1e-6
    )
    assert [row["class"] for row in told["classes"]] == ["left", "right"]
    assert sum(row["pictures"] for row in told["classes"]) == told["pictures"] == 12
    right = sum(row["right"] for row in told["classes"])
    assert right / told["pictures"] == told["test_accuracy"]


def test_the_table_for_people(say, run: Path):
    said = say("evaluate", run)
    assert said.code == 0 and "left" in said.out and "most often taken for" in said.out


def test_other_pictures_are_refused(say, run: Path):
    said = say("evaluate", run, "--data", "fashion-6k")
    assert said.code == 2 and "10 classes of 1×28×28" in said.err and "2 classes of 1×8×8" in said.err


def one_of_each(folder: Path, names: tuple[str, ...], shape: tuple[int, int]) -> Path:
    """Twenty pictures of two classes as an npz file; the test part shows the first class only."""
    images = np.zeros((20, *shape), np.uint8)
    labels = np.arange(20) % len(names)
    file = folder / "other.npz"
    np.savez(file, x=images, y=labels, xt=images[:1], yt=labels[:1], classes=np.array(names))
    return file


def test_classes_of_other_names_get_a_note_and_a_class_without_pictures_no_share(say, run, tmp_path):
    said = say("evaluate", run, "--data", one_of_each(tmp_path, ("west", "east"), (8, 8)), "--json")
    assert said.code == 0 and "calls it 'left'" in said.err
    assert [row["accuracy"] is None for row in said.json["classes"]] == [False, True]


@pytest.mark.parametrize(("names", "shape"), [(("left", "right"), (9, 8)), (("left", "right", "up"), (8, 8))])
def test_pictures_of_another_shape_or_number_of_classes(say, run, tmp_path, names, shape):
    error = say("evaluate", run, "--data", one_of_each(tmp_path, names, shape), "--json").json["error"]
    assert error["code"] == 2 and "2 classes of 1×8×8" in error["expected"]


def test_a_loss_beyond_all_numbers_is_null(say, run: Path, monkeypatch):
    real = Trained.evaluate
    endless = lambda self, test: replace(real(self, test), loss=float("inf"))  # noqa: E731
    monkeypatch.setattr(Trained, "evaluate", endless)
    assert say("evaluate", run, "--json").json["test_loss"] is None
