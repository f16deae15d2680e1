"""The short form of `python -m tests.train.kill`: killed inside saves, and in the middle of real runs."""

import os
import sys

import pytest

from chainrule.train import EpochEnd, StepEnd

from .kill import halves, killed_at_random, save_killed
from .traced import follow, mark

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ptrace as Linux has it")


@LINUX
def test_a_child_is_killed_before_the_call_that_was_asked_for(tmp_path):
    def made():
        return len(list(tmp_path.iterdir()))

    def act():
        mark()
        for name in "abc":
            os.mkdir(tmp_path / name)
        mark()

    ended = follow(act)
    assert (ended.killed, ended.code, made()) == (False, 0, 3)
    counts = []
    for last in range(ended.calls):
        for folder in tmp_path.iterdir():
            folder.rmdir()
        ended = follow(act, last=last)
        assert ended.killed and ended.code == -9
        counts.append(made())
    assert counts == sorted(counts) and set(counts) == {0, 1, 2, 3}


@LINUX
@pytest.mark.parametrize(("moment", "at"), [(StepEnd, (2, 3)), (EpochEnd, (2, 0))])
def test_a_save_that_is_killed_loses_nothing(moment, at, tmp_path):
    found = save_killed(moment, at, tmp_path, every=4)
    assert found.faults == []
    assert found.kills >= 8 and found.halves >= 2 and len(found.went_on) == 2, found


def test_real_runs_that_are_killed_lose_nothing(tmp_path):
    words = ["two-layer", "--epochs", "2", "--batch-size", "250", "--flip"]
    found = killed_at_random([*words, "--checkpoint-seconds", "0"], 3, 1, tmp_path)
    assert (found.faults, found.kills) == ([], 3) and found.runs >= 1
    assert halves(tmp_path) == []
