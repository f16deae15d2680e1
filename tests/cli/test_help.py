"""The pages of help."""

import click
import pytest

from chainrule.cli.app import chainrule

VERBS = ["train", "evaluate", "predict", "summary", "time", "debug", "check", "diff"]


@pytest.mark.parametrize("verb", VERBS)
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


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_and_argument_says_what_it_is(say, verb):
    shown = say(verb, "-h").out
    for parameter in chainrule.commands[verb].params:
        about = parameter.help if isinstance(parameter, click.Option) else parameter.about
        assert about.endswith(".")
        if isinstance(parameter, click.Option):
            assert all(f"{name}" in shown for name in (*parameter.opts, *parameter.secondary_opts))
    assert f"  $ chainrule {verb} " in shown and "--help" in shown


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("--epohcs", "--epochs"), ("--batchsize", "--batch-size"), ("--zzz", "chainrule train --help")],
)
def test_the_nearest_option(say, typed, meant):
    assert say("train", typed, "3", "--json").json["error"]["hint"] == meant
