"""Ctrl-C and SIGTERM in the middle of training: the step is finished and saved; a second one stops at once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chainrule.cli.signals import Patience, Terminated, terminable
from chainrule.train import RunFolder, last_whole


def test_sigterm_is_an_exception_inside_and_only_there():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_the_first_signal_waits_and_the_second_does_not(number, kind):
    before, heard = signal.getsignal(number), []
    patience = Patience(lambda: heard.append("told"))
    patience.begin(heard.append)
    try:
        signal.raise_signal(number)
        assert isinstance(heard[0], kind) and heard[1:] == ["told"]
        with pytest.raises(kind):
            signal.raise_signal(number)
    finally:
        patience.restore()
    assert signal.getsignal(number) is before


def test_a_signal_that_nobody_answered_is_raised_at_the_end():
    patience = Patience()
    patience.begin(lambda reason: None)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        patience.end()
    patience.begin(lambda reason: None)
    patience.end()


def run_until(
    place: Path, ready: Callable[[], bool], *numbers: int, words: tuple[str, ...] = ()
) -> tuple[int, str]:
    """`chainrule train` in a process of its own, sent these signals once ready() says so."""
    command = [sys.executable, "-m", "chainrule", "train", *words, "--out", str(place)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        patience = time.monotonic() + 60
        while not ready() and time.monotonic() < patience and child.poll() is None:
            time.sleep(0.02)
        for number in numbers:
            child.send_signal(number)
            time.sleep(0.1)
        told = child.communicate(timeout=60)[1]
    finally:
        child.kill()
    return child.returncode, told


def compiling(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Whether the first kernel of a step was compiled, with nothing cached before."""
    cache = folder / "cache"
    monkeypatch.setenv("CHAINRULE_CACHE", str(cache))
    return lambda: any(path.is_file() for path in cache.rglob("*"))


def test_a_signal_while_the_first_step_is_compiled(tmp_path: Path, monkeypatch):
    """It is finished, learned from, and saved."""
    place, words = tmp_path / "run", ("convnet", "--epochs", "9", "--batch-size", "100")
    code, told = run_until(place, compiling(tmp_path, monkeypatch), signal.SIGTERM, words=words)
    assert code == 143 and f"chainrule train --resume {place} " in told
    found, _ = last_whole(place / "checkpoints")
    assert found.position.told == "after step 1 of epoch 1" and len(RunFolder(place).steps()) == 1


def test_two_signals_while_the_first_step_is_compiled(tmp_path: Path, monkeypatch):
    place, numbers = tmp_path / "run", (signal.SIGINT, signal.SIGINT)
    ready = compiling(tmp_path, monkeypatch)
    code, told = run_until(place, ready, *numbers, words=("convnet", "--epochs", "9"))
    assert code == 130 and "No checkpoint was saved" in told and not place.exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle(number: signal.Signals, code: int, tmp_path: Path, pictures: Path):
    place = tmp_path / "run"
    words = ("linear", "--data", str(pictures), "--epochs", "1000000")
    ended, told = run_until(place, (place / "weights.safetensors").exists, number, words=words)
    assert ended == code
    assert "stopped by" in told and f"chainrule train --resume {place} " in told
    run, (found, _) = RunFolder(place), last_whole(place / "checkpoints")
    assert run.weights() and run.metrics("epoch")
    last = run.steps()[-1]
    place_there = (found.position.epoch, found.position.step)
    assert place_there in ((last.epoch, last.step), (last.epoch + 1, 0)), "the step is finished and saved"
    assert not list(place.rglob(".*.part"))
