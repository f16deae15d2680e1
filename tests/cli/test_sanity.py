"""The set-up on the page: what was looked at, or the findings with what they mean."""

import pytest

from chainrule.cli import sanity
from chainrule.train import Config


@pytest.mark.parametrize("columns", [80, 120])
def test_nothing_found(say, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    said = say("check", "three-layer", "--setup")
    lines = said.out.splitlines()
    assert said.code == 0 and max(map(len, lines)) <= columns
    assert lines[1].startswith("set-up: nothing found: 7 checks, ")
    assert [line.split("   ")[0].strip() for line in lines[3:]] == [
        "loss at the start",
        "inputs",
        "labels",
        "gradients",
        "dead units",
        "update ratio",
        "learning by heart",
    ]


@pytest.mark.parametrize("columns", [80, 120])
def test_a_finding_ends_in_failure_and_says_what_it_means(say, monkeypatch, columns):
    large = {"optimizer": "sgd", "momentum": 0.0, "lr": 0.5, "schedule": "constant"}
    monkeypatch.setattr(sanity, "Config", lambda model: Config(model=model, **large))
    monkeypatch.setenv("COLUMNS", str(columns))
    said = say("check", "linear", "--setup")
    assert said.code == 1 and max(map(len, said.out.splitlines())) <= columns
    words = " ".join(said.out.split())
    assert "set-up: 1 finding, " in words and "update ratio: linear1.weight: one step moves it by " in words
    assert "One step should change a weight by about a thousandth of its size." in words
    assert "Try: a learning rate that is " in words and " times smaller." in words
    told = say("check", "linear", "--setup", "--json")
    assert told.code == 1 and [f["name"] for f in told.json["setup"]["findings"]] == ["update ratio"]


def test_a_run_is_looked_at_as_it_was_taught(say, run, monkeypatch):
    monkeypatch.setattr(sanity, "Config", lambda model: pytest.fail("a run has its own settings"))
    assert say("check", run, "--setup", "--batch", "40").code == 0
