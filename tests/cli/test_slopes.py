"""Gradients on the page: those that agree least, a kink in one sentence, the gate at fault."""

import pytest

from chainrule import ops
from chainrule.cli import slopes as pages
from chainrule.ops.activation import Relu


def test_those_that_agree_least(say, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    said = say("check", "two-layer", "--gradients")
    lines = said.out.splitlines()
    assert said.code == 0 and max(map(len, lines)) <= 80
    assert lines[1].startswith("5 gradients agree with differences in float64, largest relative error ")
    head = next(k for k, line in enumerate(lines) if line.startswith("agree least"))
    assert lines[head].split() == ["agree", "least", "at", "backward", "differences", "error"]
    assert [line.split()[0] for line in lines[head + 1 :]] == [
        "images",
        "linear1.weight",
        "linear1.bias",
        "linear2.weight",
        "linear2.bias",
    ]


@pytest.mark.parametrize("columns", ["80", "120"])
def test_a_kink_is_told_once(say, monkeypatch, columns):
    """Pixels of the border are alike, so that pools have several winners."""
    monkeypatch.setenv("COLUMNS", columns)
    said = say("check", "lenet5", "--gradients")
    assert said.code == 0 and "1 of them at a kink" in said.out.replace("\n", " ")
    assert said.out.count("a kink: max_pool2d") == 1


def test_a_wrong_rule_ends_in_failure_and_names_the_gate(say, monkeypatch):
    monkeypatch.setattr(
        Relu, "backward", lambda self, upstream, *, out: ops.where(out <= 0, 0.0, upstream * 1.01)
    )
    monkeypatch.setenv("COLUMNS", "80")
    said = say("check", "two-layer", "--gradients")
    assert said.code == 1 and max(map(len, said.out.splitlines())) <= 80
    words = " ".join(said.out.split())
    assert "3 of 5 gradients wrong; 2 pictures" in words
    assert "gate at fault: relu (makes linear1/relu) in layer relu1: its slope to x[" in words
    assert "which is linear1/add: backward" in words
    told = say("check", "two-layer", "--gradients", "--json")
    assert told.code == 1 and not told.json["gradients"]["ok"]
    assert told.json["gradients"]["culprits"][0]["gate"] == "relu"


def test_of_many_gradients_a_few_are_shown(say, monkeypatch):
    monkeypatch.setattr(pages, "SHOWN", 2)
    rows = say("check", "two-layer", "--gradients").out.split("agree least")[1].splitlines()[1:]
    assert len([row for row in rows if row]) == 2
