"""The compiled step against its gates, and the line at which a fault shows."""

import pytest

from chainrule.cli.setups import on_pictures

from ..check.faults import FAULTS, planted


def test_training_and_inference_agree(say):
    told = say("check", "lenet5", "--compiled", "--json").json
    assert (told["model"], told["pictures"], told["batch"]) == ("lenet5", "fashion-6k", 4)
    assert list(told["compiled"]) == ["training", "inference"]
    training, inference = told["compiled"].values()
    assert {line["phase"] for line in training} == {"forward", "backward", "update"}
    assert {line["phase"] for line in inference} == {"forward"}
    setup = on_pictures("lenet5", 4)
    made = [n for line in setup.step.program(*setup.batch).lines for n in line.outputs]
    assert len(training) == len({line["path"] for line in training}) == len(made)
    for line in training + inference:
        assert 0 <= line["share_of_bound"] <= 1 and line["kernel"]
    conv = next(line for line in training if line["path"] == "conv1/conv2d")
    assert conv["gate"] == "conv2d" and conv["layer"] == "conv1" and len(conv["index"]) == 4
    assert conv["came"] == pytest.approx(conv["expected"], rel=1e-4)


def test_the_source_line_is_that_of_the_layer(say):
    """Under the command no line of the user's is running."""
    told = say("check", "two-layer", "--compiled", "--json").json["compiled"]["training"]
    lines = {line["path"]: line["line"] for line in told}
    assert lines["linear1/linear"].startswith("linear.py:") and lines["linear1/linear"].endswith(
        " in forward"
    )
    assert lines["linear1.weight.grad"] == lines["linear1/linear"], "the way back inherits it"
    assert lines["linear1.weight.new"].startswith("sgd.py:")


@pytest.mark.parametrize("columns", [80, 120])
def test_for_people(say, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    said = say("check", "two-layer", "--compiled")
    lines = said.out.splitlines()
    assert said.code == 0 and max(map(len, lines)) <= columns
    assert lines[0] == "two-layer on 4 pictures of 1×28×28 (fashion-6k)"
    assert lines[1].startswith("61 values agree with their gates in float64, ")
    assert lines[3].split() == ["step", "forward", "backward", "update", "values"]
    training, inference = lines[4].split(), lines[5].split()
    assert training[0] == "training" and sum(map(int, training[1:4])) == int(training[4])
    assert inference == ["inference", "8", "8"]
    shares = [int(word.rstrip("%")) for line in lines for word in line.split() if word.endswith("%")]
    assert len(shares) == 5 and shares == sorted(shares, reverse=True) and shares[0] > 0
    assert "%" in lines[8] and "kernel" in lines[8] and "gate by gate" in lines[9]


@pytest.mark.parametrize(
    ("fault", "path", "phase", "line"),
    [
        ("product: the last term of each sum", "linear1/linear", "forward", "linear.py:"),
        ("sum over rows: a row is lost", "equal.back", "backward", "loss.py:"),
    ],
)
def test_a_fault_in_a_kernel_is_named(say, monkeypatch, fault, path, phase, line):
    with planted(FAULTS[fault], monkeypatch):
        said = say("check", "linear")
    assert said.code == 1 and not said.out
    head = said.err.splitlines()[0]
    assert head.startswith("chainrule: error: ") and "check.compiled: " in head
    assert f" of {path} (" in head and f", {phase}, kernel " in head and f" at {line}" in head
    assert "as the gate computes" in said.err


def test_a_fault_that_only_learning_shows(say, monkeypatch):
    with planted(FAULTS["sum over rows: a row is lost"], monkeypatch):
        assert say("check", "linear", "--inference").code == 0
        assert say("check", "linear", "--json").json["error"]["kind"] == "DifferenceError"
