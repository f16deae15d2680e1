"""`chainrule time`: the milliseconds of a step, layer by layer."""

from pathlib import Path

import pytest

SMALL = ("--input", "1x12x12", "--batch", "8")


def test_the_sums_are_those_of_the_step(say):
    told = say("time", "convnet", *SMALL, "--json").json
    assert (told["batch"], told["input"], told["what"]) == (8, [1, 12, 12], "training step")
    assert [layer["layer"] for layer in told["layers"]][:3] == ["conv1", "conv2", "conv3"]
    assert told["layers"][-1]["layer"] == "step"
    for layer in told["layers"]:
        assert layer["total"] == pytest.approx(sum(layer["ms"].values()))
    kernels = sum(kernel["ms"] for kernel in told["kernels"])
    assert sum(layer["total"] for layer in told["layers"]) == pytest.approx(kernels)
    assert sum(layer["flops"] for layer in told["layers"]) == sum(k["flops"] for k in told["kernels"])
    conv = next(layer for layer in told["layers"] if layer["layer"] == "conv2")
    assert all(conv["ms"][phase] > 0 for phase in ("forward", "backward", "update"))


LAYERS = ["conv1", "conv2", "linear1", "linear2", "linear3"]


def test_inference_has_no_way_back(say):
    told = say("time", "lenet5", "--inference", "--batch", "4", "--json").json
    assert told["what"] == "look"
    assert all(layer["ms"]["backward"] == layer["ms"]["update"] == 0 for layer in told["layers"])
    assert [layer["layer"] for layer in told["layers"][:5]] == LAYERS


def test_inference_keeps_no_statistics(say):
    told = say("time", "resnet20", "--inference", "--batch", "2", "--input", "3x8x8", "--json").json
    assert not [path for kernel in told["kernels"] for path in kernel["paths"] if "running" in path]


def test_for_people(say, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    said = say("time", "two-layer", "--batch", "16")
    lines = said.out.splitlines()
    assert said.code == 0 and max(map(len, lines)) <= 80
    assert "two-layer on 16 pictures of " in lines[0] and lines[1].endswith("pictures a second")
    headers = "layer forward backward update ms share MFLOP peak MB memory"
    assert lines[3].split() == headers.split()
    assert [line.split()[0] for line in lines[4:]] == ["linear1", "linear2", "step", "Python", "all"]


def test_kernel_by_kernel(say):
    said = say("time", "linear", "--kernels")
    assert "kernel    computes" in said.out and "linear1.weight.grad" in said.out


def test_a_run(say, run: Path):
    told = say("time", run, "--json").json
    assert told["ms"] > 0 and told["layers"][0]["layer"] == "linear1"
    assert say("time", run, "--input", "1x8x8").code == 2


def test_what_does_not_fit(say):
    said = say("time", "lenet5", "--input", "1x4x4")
    assert said.code == 2 and "do not fit into lenet5" in said.err
    assert say("time", "nothing").code == 2 and say("time", "./nothing").code == 4


def test_a_system_without_a_clock_is_told(say, monkeypatch):
    monkeypatch.setattr("chainrule.compiler.clock.there", lambda: False)
    said = say("time", "two-layer", "--batch", "4")
    assert said.code == 1 and "without a clock" in said.err and "Traceback" not in said.err
