"""The command as a whole: verbs, version, exit codes, streams."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule

COMMAND = [sys.executable, "-m", "chainrule"]


def test_version_and_help_are_done(say):
    assert say("--version").out == f"chainrule {chainrule.__version__}\n"
    shown = say()
    assert shown.code == 0 and shown.out == say("--help").out
    assert all(verb in shown.out for verb in ("train", "evaluate", "predict", "summary", "Exit codes"))


@pytest.mark.parametrize("verb", ["train", "evaluate", "predict", "summary"])
def test_every_verb_explains_itself(say, verb):
    shown = say(verb, "--help")
    assert shown.code == 0 and not shown.err
    assert "Usage: chainrule " + verb in shown.out and "Examples" in shown.out and "--json" in shown.out


def test_the_module_is_the_command():
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"chainrule {chainrule.__version__}\n")


def test_importing_the_package_loads_neither_click_nor_rich():
    code = "import sys, chainrule; print([m for m in ('click', 'rich', 'PIL', 'safetensors') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_closed_pipe_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*COMMAND, "summary", "vgg16"], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_colour_in_a_pipe(say, run: Path):
    assert "\x1b" not in say("evaluate", run).out + say("train", "nothing").err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["summary", "vgg16"], ["summary", "vgg16", "--json"], ["--help"]])
def test_a_full_disk_under_stdout(words):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 5 and "No space left" in done.stderr and "Exception" not in done.stderr


def test_an_encoding_without_the_signs_of_arithmetic():
    surroundings = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "summary", "linear"], env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0 and r"1\xd728\xd728" in done.stdout


@pytest.mark.parametrize(
    ("line", "found"), [("chainrule train thr", "three-layer"), ("chainrule summary vg", "vgg16")]
)
def test_completion_in_the_shell(say, monkeypatch, line, found):
    monkeypatch.setenv("_CHAINRULE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_CWORD", "2")
    monkeypatch.setenv("COMP_WORDS", line)
    assert found in say().out
