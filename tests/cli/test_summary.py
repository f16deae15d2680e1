"""`chainrule summary`: layers with arithmetic, without memory."""

from pathlib import Path

import pytest


def test_alexnet(say):
    told = say("summary", "alexnet", "--json").json
    assert (told["parameters"], told["multiply_adds"]) == (60_965_224, 724_406_816)
    assert told["rows"][0]["size_sum"] == "(227+2·0−11)/4+1 = 55"


def test_vgg16_for_people(say):
    said = say("summary", "vgg16")
    assert said.code == 0 and "138,357,544 parameters" in said.out and "linear3 (Linear)" in said.out


def test_a_narrow_terminal_gets_two_lines_a_layer(say, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    lines = say("summary", "alexnet").out.splitlines()
    assert max(map(len, lines[:-3])) <= 80


def test_of_a_run(say, run: Path):
    assert say("summary", run, "--json").json["parameters"] == 130
    assert say("summary", run, "--classes", "3").code == 2


def test_other_pictures(say):
    told = say("summary", "lenet5", "--input", "3x32x32", "--classes", 43, "--json").json
    assert told["rows"][-1]["output"] == [43]


@pytest.mark.parametrize("model", ["vgg16", "alexnet", "convnet"])
def test_no_number_and_no_sum_is_broken_in_80_columns(say, monkeypatch, model):
    monkeypatch.setenv("COLUMNS", "80")
    out = say("summary", model).out
    for row in say("summary", model, "--json").json["rows"]:
        assert row["size_sum"] in out and row["parameter_sum"] in out
        assert not row["multiply_adds"] or f"{row['multiply_adds']:,}" in out
