"""`chainrule evaluate`: the run's figures again, class by class."""

import json
from pathlib import Path


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
