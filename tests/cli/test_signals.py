"""Ctrl-C and SIGTERM in the middle of training: the code, and the weights of the last whole epoch."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chainrule.cli.signals import Terminated, terminable
from chainrule.train import RunFolder


def test_sigterm_is_an_exception_inside_and_only_there():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), terminable():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle(number: signal.Signals, code: int, tmp_path: Path, pictures: Path):
    place = tmp_path / "run"
    words = ["train", "linear", "--data", pictures, "--epochs", 1_000_000, "--out", place]
    command = [sys.executable, "-m", "chainrule", *map(str, words)]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        patience, weights = time.monotonic() + 60, place / "weights.safetensors"
        while not weights.exists() and time.monotonic() < patience and child.poll() is None:
            time.sleep(0.02)
        child.send_signal(number)
        told = child.communicate(timeout=60)[1]
    finally:
        child.kill()
    assert child.returncode == code
    assert "stopped by" in told and str(place) in told
    assert RunFolder(place).weights() and RunFolder(place).metrics("epoch")
    assert not list(place.glob(".*.part"))
