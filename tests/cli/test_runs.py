"""From a name to a network."""

from pathlib import Path

import pytest

from chainrule.cli import runs
from chainrule.errors import UsageError
from chainrule.train import RunFolder


def test_a_restored_run_has_its_weights(run: Path):
    trained = runs.restore(str(run))
    assert trained.parameters == 130 and trained.sight.classes == ("left", "right")
    state = trained.model.state_dict()
    assert all((state[key] == value).all() for key, value in RunFolder(run).weights().items())


def test_a_fresh_place_is_fresh(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs.time, "strftime", lambda style: "now")
    first = runs.fresh_place("linear")
    first.mkdir(parents=True)
    assert (str(first), str(runs.fresh_place("linear"))) == ("runs/linear-now", "runs/linear-now-2")


def test_pictures_that_do_not_fit_are_told_with_the_arithmetic():
    with pytest.raises(UsageError, match=r"pool2.*do not fit|do not fit into vgg16"):
        runs.build("vgg16", (3, 8, 8), 10, "pets")


def test_discard_takes_only_its_own_files(tmp_path: Path):
    (tmp_path / "config.toml").touch()
    (tmp_path / "mine.txt").touch()
    runs.discard(RunFolder(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]
