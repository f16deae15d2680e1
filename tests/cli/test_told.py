"""What is left of a run that is broken off, and what is said of it."""

from pathlib import Path

import numpy as np
import pytest

from chainrule.cli.output import stderr
from chainrule.cli.told import Told
from chainrule.errors import DivergedError
from chainrule.train import Checkpoint, Config, Position, RunFolder


def broken_off(run: RunFolder, stop: BaseException, begun: bool = True) -> list[str]:
    with pytest.raises(type(stop)) as caught, Told(stderr(), True, Config(), begun).following(run):
        raise stop
    return getattr(caught.value, "__notes__", [])


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    run = RunFolder.create(tmp_path / "run")
    (run.path / "config.toml").touch()
    run.checkpoints.mkdir()
    return run


def test_a_run_without_weights_is_taken_away(run: RunFolder):
    assert broken_off(run, KeyboardInterrupt()) == [f"No checkpoint was saved: {run.path} was taken away."]
    assert not run.path.exists()


def test_what_others_put_there_is_not_taken_away(run: RunFolder):
    (run.path / "notes.txt").touch()
    broken_off(run, KeyboardInterrupt())
    assert [path.name for path in run.path.iterdir()] == ["notes.txt"]


def test_weights_that_are_there_are_never_taken_away(run: RunFolder):
    run.save_weights({"w": np.zeros(2)})
    notes = broken_off(run, KeyboardInterrupt())
    assert (run.path / "config.toml").exists() and notes == [
        f"chainrule evaluate {run.path}    tests the weights of the last whole epoch"
    ]


def test_how_to_go_on_is_said(run: RunFolder):
    for place in (Position(3), Position(4, 17)):
        Checkpoint({}, {}, place).write(run.checkpoints)
    assert broken_off(run, KeyboardInterrupt()) == [
        f"The last checkpoint, after step 17 of epoch 4 of 8, is in {run.path}",
        f"chainrule train --resume {run.path}    goes on from there",
        f"chainrule evaluate {run.path}    tests its weights",
    ]


def test_a_run_that_diverged_is_not_gone_on_with(run: RunFolder):
    Checkpoint({}, {}, Position(3)).write(run.checkpoints)
    notes = broken_off(run, DivergedError("a", "b", "c", "d"))
    assert not any("--resume" in note for note in notes)
    assert notes[0] == f"The last checkpoint, after epoch 2 of 8, is in {run.path}"
    assert notes[-1] == f"chainrule train {run.path}    starts a new run from them"


def test_nothing_is_said_of_a_run_that_was_only_looked_at(run: RunFolder):
    Checkpoint({}, {}, Position(3)).write(run.checkpoints)
    assert broken_off(run, KeyboardInterrupt(), begun=False) == []
