"""Trials: scores wherever they run, and a folder that forgets none of them and takes no foreign ones."""

import json
import math
import os

import numpy as np
import pytest

from chainrule.data import folds
from chainrule.errors import FileError, ResourceError, UsageError
from chainrule.estimators.trials import SEARCH, TRIALS, Trial, TrialLog, read_search, run_trial
from chainrule.random import Generator

from .standin import Blurred, blobs

X, Y = blobs()
PARTS = folds(Y, 3, Generator(0))
FACTS = {"estimator": "Blurred", "space": {"rate": {"from": 0.1, "to": 1.0}}, "seed": 0}


def made(number=0, rate=0.5):
    return run_trial(Trial(number, 1, {"rate": rate}, 77), (Blurred(), X, Y, PARTS))


def test_a_trial():
    trial = made()
    assert (trial.number, trial.round, trial.params, trial.seed) == (0, 1, {"rate": 0.5}, 77)
    expected = [
        Blurred(0.5, random_state=77).fit(np.delete(X, p, 0), np.delete(Y, p)).score(X[p], Y[p])
        for p in PARTS
    ]
    assert list(trial.scores) == expected and trial.failed == ""
    assert trial.mean == pytest.approx(np.mean(expected))
    assert trial.spread == pytest.approx(np.std(expected, ddof=1))


def test_a_seed_that_is_searched_stays():
    trial = run_trial(Trial(0, 1, {"random_state": 5}, 77), (Blurred(0.5), X, Y, PARTS))
    assert trial.scores == run_trial(Trial(0, 1, {}, 5), (Blurred(0.5), X, Y, PARTS)).scores


def test_a_trial_that_diverges_has_no_score(tmp_path):
    trial = run_trial(Trial(0, 1, {"rate": 99}, 1), (Blurred(seen=str(tmp_path)), X, Y, PARTS))
    assert math.isnan(trial.mean) and len(trial.scores) == 3 and "a loss of inf" in trial.failed
    assert len(list(tmp_path.iterdir())) == 1, "the other folds were tried for nothing"
    assert str(Trial.of_line(trial.line())) == str(trial)


def test_what_was_added_is_there_again(tmp_path):
    log = TrialLog(tmp_path / "new" / "folder", FACTS)
    trials = [made(number, 0.1 * (number + 1)) for number in (2, 0, 1)]
    for trial in trials:
        log.add(trial)
    again = TrialLog(tmp_path / "new" / "folder", FACTS)
    assert again.done == log.done == {trial.number: trial for trial in trials}
    assert read_search(again.path) == FACTS


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_half_a_line_at_the_end_is_cut_off(tmp_path, kept):
    log = TrialLog(tmp_path, FACTS)
    log.add(made(0))
    line = made(1).line().encode()
    with open(tmp_path / TRIALS, "ab") as file:
        file.write(line[:kept])
    again = TrialLog(tmp_path, FACTS)
    assert set(again.done) == {0}
    again.add(made(1))
    assert set(TrialLog(tmp_path, FACTS).done) == {0, 1}


@pytest.mark.parametrize("line", ["{}", "[]", "7", '{"number": 1', "\x00", json.dumps({"number": "x"})])
def test_a_line_in_the_middle_that_is_no_trial(tmp_path, line):
    log = TrialLog(tmp_path, FACTS)
    (tmp_path / TRIALS).write_text(line + "\n" + made().line())
    with pytest.raises(FileError, match=r"trials.jsonl: damaged: .* a finished trial in each line"):
        TrialLog(tmp_path, FACTS)
    assert log.done == {}


def test_another_search(tmp_path):
    TrialLog(tmp_path, FACTS)
    with pytest.raises(
        UsageError, match="holds another search: seed is 0; expected seed 1; try: another folder"
    ):
        TrialLog(tmp_path, {**FACTS, "seed": 1})
    with pytest.raises(UsageError, match="space is .*0.1.*; expected space .*0.2"):
        TrialLog(tmp_path, {**FACTS, "space": {"rate": {"from": 0.2, "to": 1.0}}})


def test_a_folder_with_other_things(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match="--out: .* has other things in it"):
        TrialLog(tmp_path, FACTS, "--out")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_trials_without_their_search(tmp_path):
    (tmp_path / "trials.jsonl").touch()
    with pytest.raises(FileError, match="search.json is missing, beside trials.jsonl"):
        TrialLog(tmp_path, FACTS, "--out")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe"])
def test_a_search_that_is_damaged(tmp_path, content):
    (tmp_path / SEARCH).write_bytes(content)
    with pytest.raises(FileError, match=r"search.json: damaged"):
        TrialLog(tmp_path, FACTS)


def test_no_search_there(tmp_path):
    with pytest.raises(FileError, match=r"search.json: No such file.*the folder of a search"):
        read_search(tmp_path / "nowhere")


def test_a_full_disk_leaves_the_trials_before(tmp_path, monkeypatch):
    log = TrialLog(tmp_path, FACTS)
    log.add(made(0))

    def full(number):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched, pytest.raises(ResourceError, match="No space left"):
        patched.setattr(os, "fsync", full)
        log.add(made(1))
    assert set(log.done) == set(TrialLog(tmp_path, FACTS).done) == {0}
