"""From a name to a network."""

import shutil
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


def test_a_name_of_the_zoo_comes_before_a_folder(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "convnet").mkdir()
    (tmp_path / "mine").mkdir()
    found = {name: runs.is_run(name) for name in ("convnet", "convnt", "./convnet", "mine", "runs/gone")}
    assert list(found.values()) == [False, False, True, True, True]


def test_a_run_that_is_called_like_a_network(run: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="not trained yet"):
        runs.open_run("linear")
    shutil.copytree(run, tmp_path / "linear")
    assert runs.open_run("linear").config().model == "linear"


def test_the_seed_draws_the_weights():
    first, same, other = (
        runs.build("linear", (1, 4, 4), 2, "x", seed).state_dict()["linear1.weight"] for seed in (1, 1, 2)
    )
    assert (first == same).all() and (first != other).any()
