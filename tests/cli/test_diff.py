"""`chainrule diff`: two run folders, told for people and for programs."""

import json
import shutil
from pathlib import Path

import pytest

from chainrule.cli import main

SETTINGS = {
    "first": [],
    "again": [],
    "lr": ["--lr", "0.001"],
    "seed": ["--seed", "1"],
    "batch": ["--batch-size", "10"],
    "plain": ["--plain"],
    "sgd": ["--optimizer", "sgd"],
}


@pytest.fixture(scope="module")
def runs(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Runs of two epochs of six steps, each with one setting changed; and one that goes on from the first."""
    place = tmp_path_factory.mktemp("runs")

    def trained(name: str, model: str, *more: str) -> Path:
        words = ["train", model, "--data", str(pictures), "--epochs", "2", "--batch-size", "8", "--quiet"]
        assert main([*words, "--out", str(place / name), *more]) == 0
        return place / name

    made = {name: trained(name, "linear", *more) for name, more in SETTINGS.items()}
    return made | {"on": trained("on", str(made["first"]))}


@pytest.fixture
def changed(runs, tmp_path):
    """A copy of the first run."""
    return Path(shutil.copytree(runs["first"], tmp_path / "changed"))


def lines(run: Path) -> list[str]:
    return (run / "metrics.jsonl").read_text().splitlines()


def test_the_same_configuration_gives_the_same_bits(say, runs):
    said = say("diff", runs["first"], runs["again"])
    assert said.code == 0 and not said.err
    assert said.out == "They are the same to the bit: 12 recorded steps, and 12 trained again.\n"


ANSWERS = {
    "lr": "They part in step 1 of epoch 1, in the update of linear1.weight: lr 8e-05 against 4e-05.",
    "seed": "They part before the first step, at linear1.weight.",
    "batch": "They part before step 1 of epoch 1: images are not the same.",
    "plain": "They part in step 1 of epoch 1, at ",
    "sgd": "They part in step 1 of epoch 1: it is not the same step.",
    "on": "They part before the first step, at linear1.weight.",
}


@pytest.mark.parametrize(("name", "answer"), ANSWERS.items())
@pytest.mark.parametrize("columns", [80, 120])
def test_where_they_part(say, monkeypatch, runs, name, answer, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(runs["first"].parent)
    said = say("diff", "first", name)
    assert said.code == 1 and max(map(len, said.out.splitlines())) <= columns
    assert " ".join(said.out.split()).startswith(answer)
    assert ["first", name] in [line.split() for line in said.out.splitlines()]
    assert "does not" not in said.out, "each reproduces here"


def test_for_programs(say, runs):
    said = say("diff", runs["first"], runs["lr"], "--json")
    told = said.json
    assert said.code == 1 and not told["same"] and told["facts"] == {"lr": [0.002, 0.001]}
    parting = told["parting"]
    assert (parting["epoch"], parting["step"], parting["kind"]) == (1, 1, "line")
    assert parting["line"]["phase"] == "update" and parting["line"]["line"].startswith("adam.py:")
    assert [read["path"] for read in parting["reads"]] == ["optimizer/group0/lr"]
    assert parting["state"]["path"] == "linear1.weight" and len(parting["state"]["at"]) == 2
    assert say("diff", runs["first"], runs["again"], "--json").json["same"]


def test_plain_steps_run_plain_again(say, runs):
    assert say("diff", runs["plain"], runs["plain"]).code == 0
    out = say("diff", runs["first"], runs["plain"]).out
    assert ["steps", "run", "compiled", "gate", "by", "gate"] in [line.split() for line in out.splitlines()]


def test_a_run_that_started_from_another(say, runs, tmp_path):
    assert say("diff", runs["on"], runs["on"]).code == 0
    moved = Path(shutil.copytree(runs["on"], tmp_path / "moved"))
    start = json.loads((moved / "start.json").read_text())
    assert start["run"] == str(runs["first"])
    (moved / "start.json").write_text(json.dumps({**start, "run": str(runs["seed"])}))
    said = say("diff", moved, moved, "--steps", "2")
    assert f"does not begin here as it did: the first weights that {runs['seed']} gives here" in said.out
    assert "does not reproduce here: step 1 of epoch 1 has loss " in said.out
    (moved / "start.json").write_text(json.dumps({**start, "run": str(tmp_path / "gone")}))
    said = say("diff", moved, runs["on"])
    assert said.code == 4 and "which is gone" in said.err and "--recorded" in said.err
    assert say("diff", moved, runs["on"], "--recorded").code == 0


def test_a_folder_of_before_that_does_not_say_how_it_began(say, runs, changed):
    (changed / "start.json").unlink()
    said = say("diff", runs["first"], changed)
    assert said.code == 0 and "not recorded" in said.out


def test_a_record_that_was_touched(say, runs, changed):
    rows = lines(changed)
    touched = json.loads(rows[2])
    touched["loss"] += 1e-6
    (changed / "metrics.jsonl").write_text("\n".join([*rows[:2], json.dumps(touched), *rows[3:]]) + "\n")
    said = say("diff", runs["first"], changed)
    assert said.code == 1
    assert said.out.startswith("They part in their records, in step 3 of epoch 1: loss ")
    assert f"{changed} does not reproduce here: step 3 of epoch 1 has loss" in said.out
    assert "Trained again, 3 steps are the same to the bit." in said.out
    assert say("diff", runs["first"], changed, "--steps", "2").code == 0


def test_a_run_that_was_broken_off(say, runs, changed):
    (changed / "metrics.jsonl").write_text("\n".join(lines(changed)[:7]) + "\n")
    said = say("diff", runs["first"], changed)
    assert said.code == 1
    assert said.out.startswith(f"They part after step 6: {changed} has no step 1 of epoch 2.")
    assert "Trained again, 6 steps are the same to the bit." in said.out


def test_only_the_folders(say, runs, monkeypatch):
    monkeypatch.setattr("chainrule.data.load", lambda name: pytest.fail("no pictures are needed"))
    assert say("diff", runs["first"], runs["again"], "--recorded").code == 0
    said = say("diff", runs["first"], runs["lr"], "--recorded")
    assert said.code == 1 and said.out.startswith("They part in their records, in step 1 of epoch 1: lr ")


def test_what_is_no_run(say, runs):
    assert say("diff", runs["first"], "./nothing").code == 4
    assert say("diff", runs["first"], "linear").code == 2
    assert say("diff", runs["first"]).code == 2
    assert say("diff", runs["first"], runs["again"], "--steps", "0").code == 2
