"""A configuration as an estimator: the same bits as a run of the command, and parameters in their places."""

import numpy as np
import pytest

from chainrule import zoo
from chainrule.data import Dataset
from chainrule.errors import DivergedError, SettingError, UsageError
from chainrule.estimators import ConfiguredClassifier, RandomSearch
from chainrule.random import Generator
from chainrule.train import Config, RunFolder, train_run

CONFIG = Config(model="linear", epochs=3, batch_size=8, validation=0.0, lr=0.01)


def pictures(count=48):
    images = np.random.default_rng(0).integers(0, 90, (count, 1, 6, 6), dtype=np.uint8)
    labels = np.arange(count) % 3
    for label in range(3):
        images[labels == label, :, 2 * label : 2 * label + 2] += 140
    return images, labels


def test_it_learns_what_the_command_learns(tmp_path):
    images, labels = pictures()
    dataset = Dataset(images, labels, ("a", "b", "c"))
    model = zoo.build("linear", dataset.shape, 3, Generator(0).split("weights"))
    train_run(model, CONFIG, dataset, dataset, RunFolder.create(tmp_path / "run"))
    fitted = ConfiguredClassifier(CONFIG).fit(images, labels)
    for name, array in fitted.network_.state_dict().items():
        assert np.array_equal(array, model.state_dict()[name]), name


def test_parameters_take_the_place_of_settings():
    images, labels = pictures()
    given = ConfiguredClassifier(CONFIG, lr=0.02, l2=0.5, random_state=3)
    assert given.settled == Config(**{**vars(CONFIG), "lr": 0.02, "l2": 0.5, "seed": 3})
    assert ConfiguredClassifier(CONFIG).settled == CONFIG
    same = ConfiguredClassifier(given.settled).fit(images, labels).network_.state_dict()
    assert all(np.array_equal(a, same[n]) for n, a in given.fit(images, labels).network_.state_dict().items())


def test_nothing_is_held_out():
    images, labels = pictures()
    held = ConfiguredClassifier(Config(**{**vars(CONFIG), "validation": 0.4})).fit(images, labels)
    all_of_them = ConfiguredClassifier(CONFIG).fit(images, labels)
    first, second = (list(one.network_.state_dict().values()) for one in (held, all_of_them))
    assert all(map(np.array_equal, first, second))


def test_labels_may_be_text_and_pictures_float():
    images, labels = pictures()
    names = np.array(["ant", "bee", "cat"])[labels]
    fitted = ConfiguredClassifier(CONFIG, lr=0.1).fit(images.astype("float32") / 255, names)
    assert fitted.score(images.astype("float32") / 255, names) > 0.9


def test_what_is_refused():
    images, labels = pictures()
    with pytest.raises(SettingError, match=r"ConfiguredClassifier: images of shape \(48, 36\).*X.reshape"):
        ConfiguredClassifier(CONFIG).fit(images.reshape(48, 36), labels)
    with pytest.raises(UsageError, match="lr: -1"):
        ConfiguredClassifier(CONFIG, lr=-1).fit(images, labels)
    with pytest.raises(UsageError, match="no model named 'linnear'"):
        ConfiguredClassifier(Config(model="linnear")).fit(images, labels)
    with pytest.raises(DivergedError):
        ConfiguredClassifier(CONFIG, lr=1e30, l2=1e8).fit(images.astype("float32") * 1e30, labels)


def test_a_search_goes_on_past_rates_that_diverge():
    images, labels = pictures()
    search = RandomSearch(
        ConfiguredClassifier(Config(**{**vars(CONFIG), "optimizer": "sgd"})),
        {"lr": (1e-3, 1e12), "l2": (1e-4, 1e-1)},
        trials=9,
        rounds=1,
        folds=3,
    ).fit(images, labels)
    failed = [trial for trial in search.trials_ if trial.failed]
    assert 0 < len(failed) < 9 and all(trial.failed.startswith("Trainer.fit: in step") for trial in failed)
    assert search.best_score_ > 0.5
