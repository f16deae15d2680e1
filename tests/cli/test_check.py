"""`chainrule check`: all checks or some, on a page and for programs, and what cannot be checked."""

import importlib
import io
from pathlib import Path

import pytest
from rich.console import Console

verb = importlib.import_module("chainrule.cli.check")


@pytest.mark.parametrize("columns", [80, 120])
def test_all_three_on_one_page(say, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    said = say("check", "two-layer")
    lines = said.out.splitlines()
    assert said.code == 0 and max(map(len, lines)) <= columns and not said.err
    assert lines[0] == "two-layer on 4 pictures of 1×28×28 (fashion-6k)"
    heads = (
        "61 values agree with their gates",
        "5 gradients agree with differences",
        "set-up: nothing found",
    )
    places = [next(k for k, line in enumerate(lines) if line.startswith(head)) for head in heads]
    assert places == sorted(places) and all(lines[k - 1] == "" for k in places[1:])
    assert not any(one == other == "" for one, other in zip(lines, lines[1:], strict=False))


@pytest.mark.parametrize(
    ("options", "checks"),
    [
        ((), ["compiled", "gradients", "setup"]),
        (("--gradients",), ["gradients"]),
        (("--setup", "--compiled"), ["compiled", "setup"]),
        (("--inference",), ["compiled"]),
    ],
)
def test_the_checks_that_are_asked_for(say, options, checks):
    said = say("check", "linear", *options, "--json")
    told = said.json
    assert said.code == 0 and list(told) == ["model", "pictures", "batch", *checks, "seconds"]
    assert all(told[name]["ok"] for name in checks if name != "compiled")


def test_a_run_on_its_own_pictures(say, run: Path, pictures: Path):
    told = say("check", run, "--inference", "--batch", "7", "--json").json
    assert list(told["compiled"]) == ["inference"] and told["batch"] == 7
    assert told["pictures"] == pictures.name
    both = say("check", run, "--gradients", "--setup", "--batch", "40", "--json")
    assert both.code == 0 and both.json["gradients"]["pictures"] == 2
    assert both.json["setup"]["measured"]["labels"] == "2 classes among 40 examples"


def test_on_a_terminal_it_says_what_it_does(say, monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(verb, "stderr", lambda: Console(file=written, force_terminal=True))
    assert say("check", "linear", "--gradients", "--setup").code == 0
    for doing in (verb.CHECKS["gradients"], verb.CHECKS["setup"]):
        assert doing in written.getvalue()
    assert verb.CHECKS["compiled"] not in written.getvalue()


def test_the_same_again(say):
    told = [say("check", "lenet5", "--gradients", "--setup", "--json").json for _ in range(2)]
    for one in told:
        for name in ("gradients", "setup"):
            del one[name]["seconds"]
        del one["seconds"]
    assert told[0] == told[1]


def test_what_does_not_fit(say):
    assert say("check", "nothing").code == 2 and say("check", "./nothing").code == 4
    said = say("check", "alexnet", "--data", "fashion-6k")
    assert said.code == 2 and "do not fit into alexnet" in said.err
