"""The pages of help."""

import pytest


@pytest.mark.parametrize("verb", ["train", "evaluate", "predict", "summary"])
@pytest.mark.parametrize("columns", [80, 120])
def test_fits_the_terminal(say, monkeypatch, verb, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, say(verb, "--help").out.splitlines())) <= columns


def test_train_names_every_network_and_its_defaults(say):
    shown = say("train", "--help").out
    for text in (
        "convnet",
        "vgg16",
        "fashion-6k",
        "--batch-size N",
        "[64]",
        "[one-cycle]",
        "--threads N",
    ):
        assert text in shown


def test_the_nearest_verb(say):
    said = say("sumary")
    assert said.code == 2 and "summary" in said.err
