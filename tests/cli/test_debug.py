"""`chainrule debug`: a network's step at the prompt, by commands, and from a pipe."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.cli.debug import opened

from ..check.faults import FAULTS, planted
from ..check.learning import Learning, batch


def test_commands(say):
    said = say("debug", "two-layer", "-c", "run_to linear1/relu; explain", "-c", "why linear2.bias 3")
    assert said.code == 0 and not said.err
    rows = said.out.splitlines()
    assert rows[0] == "two-layer on 4 pictures of 1×28×28 (fashion-6k)"
    assert rows[1].startswith("53 lines: 8 forward, ") and rows[2] == "> run_to linear1/relu"
    assert any(row.startswith("relu[") and "; routes " in row for row in rows)
    assert any(row.startswith("the gradient of linear2.bias[3] is ") for row in rows)


def test_a_wrong_command_goes_on_and_is_a_failure(say):
    said = say("debug", "linear", "-c", "run_to nothing; run_to loss")
    assert said.code == 1 and "error: run_to: no value 'nothing'" in said.out and "loss: f32[]" in said.out


def test_a_file_of_commands(say, tmp_path: Path):
    file = tmp_path / "commands"
    file.write_text("run_to loss  # the end of the way forward\nvalue\n", encoding="utf-8")
    said = say("debug", "linear", "--batch", "2", "--commands", file)
    assert said.code == 0 and said.out.splitlines()[-1].startswith("loss: ")
    assert say("debug", "linear", "--commands", tmp_path / "none").code == 2


def test_from_a_pipe(say, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\nwrong\nn\n"))
    said = say("debug", "linear")
    assert said.code == 1 and "line 2 of " in said.out and "debug> " not in said.out
    monkeypatch.setattr("sys.stdin", io.StringIO("n\nn\n"))
    assert say("debug", "linear").code == 0


def test_a_file_without_commands_asks_nobody(say, tmp_path: Path):
    (tmp_path / "empty").write_text("", encoding="utf-8")
    assert say("debug", "linear", "--commands", tmp_path / "empty").code == 0


def test_the_command_itself_in_a_pipe():
    words = [sys.executable, "-m", "chainrule", "debug", "linear"]
    surroundings = {
        k: v for k, v in os.environ.items() if k != "COLUMNS"
    }  # readline sets it behind Python's back
    typed = "run_to loss\ne\nquit\nn\n"
    made = subprocess.run(words, input=typed, env=surroundings, capture_output=True, text=True, check=True)
    rows = made.stdout.splitlines()
    assert rows[-3] == "> e" and rows[-2].startswith("mean: ") and rows[-1] == "> quit" and not made.stderr


def test_the_compiled_steps_numbers_and_a_run(say, run: Path, pictures: Path):
    (plain, _), (compiled, _) = opened(str(run), 3), opened(str(run), 3, str(pictures), compiled=True)
    assert plain.title.startswith("linear on 3 pictures of 1×8×8")
    assert plain.values.compiled is None and compiled.values.compiled
    assert compiled.value("loss") == pytest.approx(float(plain.value("loss")), rel=1e-5)
    assert say("debug", run, "--compiled", "-c", "run_to loss").code == 0


def test_what_does_not_fit(say):
    assert say("debug", "nothing").code == 2 and say("debug", "alexnet", "--data", "fashion-6k").code == 2
    said = say("debug", "linear", "--batch", "0")
    assert said.code == 2 and "--batch" in said.err


@pytest.mark.parametrize("columns", [80, 120])
def test_help_and_a_session_fit_the_terminal(say, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = say("debug", "--help").out
    assert max(map(len, shown.splitlines())) <= columns
    assert all(
        text in shown
        for text in ("--batch N", "--compiled", "-c COMMANDS", "run_to PATH", "why PARAMETER INDEX")
    )
    words = "run_to conv2/relu; e; v; u; d; local 0,0,0,0; lines; why conv1.weight 0,0,1,1; run_to nothing"
    said = say("debug", "convnet", "-c", words)
    assert max(map(len, said.out.splitlines())) <= columns


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The file of a step, and that step."""
    learning, path = Learning("two-layer"), tmp_path_factory.mktemp("saved") / "step.safetensors"
    learning.step.save(batch(), path, watch=["*.grad", "loss"])
    return path, learning


def test_a_saved_step_is_told_verified_and_stepped_through(say, saved):
    path, learning = saved
    said = say("debug", path, "-c", "run_to loss; explain; why linear2.bias 1")
    assert said.code == 0 and not said.err
    rows = said.out.splitlines()
    assert rows[0].startswith("step      learn(images: f32[6,1,4,5], labels: i64[6])")
    assert any(
        row.startswith("verified  ") and "lines agree with the gates in float64" in row for row in rows
    )
    assert any("kept values: the same bits on " in row for row in rows)
    assert any(row.startswith("the gradient of linear2.bias[1] is ") for row in rows)
    (debugger, _), (native, _) = opened(str(path)), opened(str(path), compiled=True)
    with learning.step.watch("loss") as seen:
        learning.step(*batch())
    assert native.value("loss").tobytes() == seen["loss"][0].tobytes()
    assert debugger.value("loss") == pytest.approx(float(seen["loss"][0]), rel=1e-5)


def test_a_saved_step_has_its_batch(say, saved, tmp_path):
    path, _ = saved
    said = say("debug", path, "--batch", "2")
    assert said.code == 2 and "--batch or --data" in said.err
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(path.read_bytes()[:-1] + b"!")
    assert say("debug", damaged).code == 4 and say("debug", tmp_path / "none.safetensors").code == 4


def test_a_saved_step_that_this_machine_computes_otherwise(say, saved, monkeypatch):
    path, _ = saved
    with planted(FAULTS["product: the last term of each sum"], monkeypatch):
        said = say("debug", path, "-c", "run_to linear1/relu")
    assert said.code == 0 and "differs   linear1: check.compiled: " in said.out and "linear1/relu" in said.out
