"""Runs of nearest neighbours: settings, a folder that answers as before, and files that do not fit."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from chainrule.data import Dataset
from chainrule.errors import FileError, UsageError
from chainrule.estimators import KNeighborsClassifier
from chainrule.estimators.knn_run import KnnConfig, Neighbours, asked, is_knn
from chainrule.train import RunFolder

CLASSES = ("ant", "bee", "cat")


def dataset(count=30, seed=0):
    labels = np.arange(count) % 3
    images = np.random.default_rng(seed).integers(0, 60, (count, 1, 4, 4), dtype=np.uint8)
    images[np.arange(count), 0, labels] += 120
    return Dataset(images, labels, CLASSES, "insects")


@pytest.fixture
def run(tmp_path):
    folder = RunFolder.create(tmp_path / "run")
    asked(Neighbours.of(folder, KnnConfig(k=4, metric="l1"), dataset()), dataset(12, seed=1))
    return folder


def test_settings():
    assert KnnConfig.of({"k": 3}) == KnnConfig(k=3)
    for table, came in (
        ({"k": 0}, "k: 0; expected 1 or more"),
        ({"metric": "l3"}, "metric: 'l3'; expected one of l2"),
        ({"model": "svm"}, "model: 'svm'; expected knn"),
        ({"lr": 0.1}, "key 'lr'"),
    ):
        with pytest.raises(UsageError, match=came):
            KnnConfig.of(table)
    with pytest.raises(UsageError, match="k: 31 neighbours of 30 training pictures; expected at most 30"):
        KnnConfig(k=31).require_fewer(dataset())


def test_the_folder_answers_as_before(run):
    assert {p.name for p in run.path.iterdir()} == {
        "config.toml", "model.json", "weights.safetensors", "result.json",
    }  # fmt: skip
    again, test = Neighbours.read(run), dataset(12, seed=1)
    direct = KNeighborsClassifier(4, metric="l1").fit(dataset().images, dataset().labels)
    assert np.array_equal(again.votes(test.images), direct.predict_proba(test.images))
    assert np.array_equal(again.nearest(test.images), direct.kneighbors(test.images, return_distance=False))
    tested = again.evaluate(test)
    assert tested.accuracy == direct.score(test.images, test.labels)
    assert json.loads((run.path / "result.json").read_text())["test_accuracy"] == tested.accuracy
    assert np.array_equal(tested.called, direct.predict(test.images)) and np.isnan(tested.loss)
    np.testing.assert_allclose(tested.probabilities, again.votes(test.images))


def test_a_class_without_pictures_gets_no_votes(tmp_path):
    part = dataset()[dataset().labels != 1]
    found = Neighbours.of(RunFolder(tmp_path), KnnConfig(k=2), part).votes(dataset().images)
    assert found.shape == (30, 3) and not found[:, 1].any() and np.allclose(found.sum(axis=1), 1)


def test_whose_folder_it_is(run, tmp_path):
    assert is_knn(run.path) and not is_knn(tmp_path)
    (run.path / "config.toml").write_text('model = "linear"\n')
    assert not is_knn(run.path)


@pytest.mark.parametrize(
    ("arrays", "came"),
    [
        ({"images": dataset().images}, "arrays images; expected images and labels"),
        ({"images": dataset().images, "labels": dataset().labels[:5]}, "damaged: .*30 images and 5 labels"),
        ({"images": dataset().images, "labels": dataset().labels + 1}, "damaged: .*labels from 1 to 3"),
        ({"images": dataset().images[:, :, :2], "labels": dataset().labels}, r"damaged: .*\(1, 2, 4\)"),
        ({"images": dataset().images[:3], "labels": dataset().labels[:3]}, "damaged: k: 4 neighbours of 3"),
    ],
)
def test_files_that_do_not_fit(run, arrays, came):
    save_file(arrays, run.path / "weights.safetensors")
    with pytest.raises(FileError, match=f"weights.safetensors: {came}"):
        Neighbours.read(run)
