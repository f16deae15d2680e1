"""Plans: what options become, what is refused, and that a plan comes back out of its folder."""

import json
import tomllib

import numpy as np
import pytest

from chainrule.cli.plan import KS, PLAN, Plan, around, counts, discard, pair, planned
from chainrule.data import Dataset
from chainrule.errors import FileError, SettingError, UsageError
from chainrule.estimators import ConfiguredClassifier, KNeighborsClassifier
from chainrule.train import Config
from chainrule.train.presets import PRESETS

OPTIONS = (
    "data",
    "trials",
    "rounds",
    "folds",
    "seed",
    "epochs",
    "batch_size",
    "config",
    "lr",
    "l2",
    "k",
    "metric",
)


def plan(model="svm", **given):
    return planned(model, dict.fromkeys(OPTIONS) | given)


def pictures(count=20):
    return Dataset(np.zeros((count, 1, 2, 2), np.uint8), np.arange(count) % 2, ("left", "right"), "sides")


def test_a_preset_and_what_is_told():
    made = plan(epochs=3, seed=7, trials=2)
    assert made.estimator().config == Config.of({**PRESETS["svm"].settings, "epochs": 3, "seed": 7})
    assert (made.trials, made.rounds, made.folds, made.seed) == (2, 2, 5, 7)
    usual = PRESETS["svm"].settings
    for name in ("lr", "l2"):
        low, high = made.space[name]
        assert low < usual[name] < high
    assert plan("convnet", lr="1e-4:0.1").space == {"lr": (1e-4, 0.1), "l2": (1e-6, 0.1)}


def test_settings_from_a_file(tmp_path):
    (tmp_path / "some.toml").write_text("epochs = 2\nflip = true\n")
    made = plan("two-layer", config=str(tmp_path / "some.toml"), epochs=4)
    assert made.settings["epochs"] == 4 and made.settings["flip"] and made.settings["model"] == "two-layer"
    with pytest.raises(UsageError, match="key 'k'"):
        (tmp_path / "some.toml").write_text("k = 2\n")
        plan("svm", config=str(tmp_path / "some.toml"))


def test_a_name_keeps_its_network_and_its_loss(tmp_path):
    file = tmp_path / "other.toml"
    file.write_text('model = "convnet"\nepochs = 2\n')
    assert plan("softmax", config=str(file)).settings["model"] == "linear"
    file.write_text('loss = "hinge"\n')
    with pytest.raises(
        UsageError, match="loss: hinge with softmax; expected cross-entropy.*; try: svm instead"
    ):
        plan("softmax", config=str(file))
    assert plan("svm", config=str(file)).settings["loss"] == "hinge"


def test_only_what_a_search_left_is_taken_away(tmp_path):
    (tmp_path / "trials").mkdir()
    for name in ("plan.json", "trials/search.json", "trials/trials.jsonl", "trials/mine"):
        (tmp_path / name).touch()
    discard(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["trials", "mine"]
    (tmp_path / "trials" / "mine").unlink()
    discard(tmp_path)
    assert not tmp_path.exists()


def test_how_trials_train_is_told():
    assert plan(epochs=1).lesson == ["1 epoch of batches of 64", "sgd", "one-cycle"]
    assert plan("knn").lesson == []


def test_the_best_as_settings():
    table = tomllib.loads(plan(epochs=3).best({"lr": 0.5, "l2": 1e-5}))
    assert (table["lr"], table["l2"], table["epochs"], table["loss"]) == (0.5, 1e-5, 3, "hinge")
    knn = tomllib.loads(plan("knn", k="1,3").best({"n_neighbors": 3, "metric": "l1"}))
    assert knn == {"model": "knn", "data": "fashion-6k", "k": 3, "metric": "l1"}


def test_neighbours():
    made = plan("knn", metric="l1,cosine")
    assert plan("knn", metric="l1,cosine,l1").space == made.space
    assert made.space == {"n_neighbors": list(KS), "metric": ["l1", "cosine"]} and made.trials == 2 * len(KS)
    assert isinstance(made.estimator(), KNeighborsClassifier)
    assert isinstance(plan().estimator(), ConfiguredClassifier)
    assert plan("knn", k="1,3").fitting(pictures(), asked=True).space["n_neighbors"] == [1, 3]
    assert plan("knn").fitting(pictures(), asked=False).space["n_neighbors"] == [k for k in KS if k <= 16]
    assert plan("knn", k="16").fitting(pictures(), asked=True).space["n_neighbors"] == [16]
    with pytest.raises(UsageError, match="--k: 17 neighbours, and a trial keeps 16 of 20 pictures"):
        plan("knn", k="1,17").fitting(pictures(), asked=True)


@pytest.mark.parametrize("model", ["svm", "knn"])
def test_a_plan_comes_back(tmp_path, model):
    made = plan(model, folds=3, seed=5)
    made.write(tmp_path)
    assert Plan.read(tmp_path) == made


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"space": 3}', '{"space": {}, "modell": 1}'])
def test_a_plan_that_is_damaged(tmp_path, text):
    (tmp_path / PLAN).write_text(text)
    with pytest.raises(FileError, match=r"plan.json: damaged: .*the plan of a search"):
        Plan.read(tmp_path)


def test_no_plan(tmp_path):
    with pytest.raises(FileError, match=r"plan.json: No such file.*chainrule search"):
        Plan.read(tmp_path)


@pytest.mark.parametrize(
    ("model", "given", "came"),
    [
        ("smv", {}, "no model named 'smv'"),
        ("svm", {"k": "3"}, "--k: for svm, which has none"),
        ("convnet", {"metric": "l1"}, "--metric: for convnet"),
        ("knn", {"lr": "1:2"}, "--lr: for knn"),
        ("knn", {"batch_size": 3}, "--batch-size: for knn"),
        ("knn", {"trials": 3}, "--trials: for knn"),
        ("knn", {"metric": "l1,l7"}, "metric: 'l7'"),
        ("knn", {"k": "1,x"}, "--k: '1,x'"),
        ("svm", {"lr": "0.1"}, "--lr: '0.1'; expected LOW:HIGH"),
        ("svm", {"l2": "1:0.1"}, "--l2: '1:0.1'"),
        ("svm", {"epochs": 0}, "epochs: 0"),
    ],
)
def test_what_is_refused(model, given, came):
    with pytest.raises(UsageError, match=came):
        plan(model, **given)


def test_folds_name_the_class():
    with pytest.raises(SettingError, match="11 folds, and class 'left' has 10 members"):
        plan(folds=11).parts(pictures())


def test_numbers():
    assert counts("5, 1,3,1") == [1, 3, 5] and pair("--lr", "1e-3:2", (1, 2)) == (1e-3, 2.0)
    assert around(0.03, 1000, 30) == (3e-5, 0.9)
    for text in ("0", "-1", "1,,2", "1.5", "", "²"):
        with pytest.raises(UsageError):
            counts(text)
    assert json.loads(json.dumps(KS)) == sorted(KS)
