"""Networks as estimators: sizes, the zoo, builders, pictures and rows, copies, and searches of others over them."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule import nn
from chainrule.errors import DataError, DivergedError
from chainrule.estimators import LinearSVMClassifier, NetworkClassifier
from chainrule.random import seeded

ROWS, DIGITS = load_digits(return_X_y=True)
ROWS, DIGITS = ROWS[:500], DIGITS[:500]
PICTURES = (ROWS * 15).astype(np.uint8).reshape(-1, 1, 8, 8)


def small(input_shape, classes, rng):
    """conv 4 – pool – classes"""
    channels, height, width = input_shape
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3, padding=1, rng=rng),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(height * width, classes, rng=rng),
    )


def test_sizes_of_hidden_layers():
    network = NetworkClassifier((16, 8), epochs=2, random_state=0).fit(ROWS, DIGITS)
    sizes = [(m.in_features, m.out_features) for m in network.network_.modules() if isinstance(m, nn.Linear)]
    assert sizes == [(64, 16), (16, 8), (8, 10)]
    flat = NetworkClassifier((), epochs=1, random_state=0).fit(ROWS, DIGITS)
    assert sum(isinstance(m, nn.Linear) for m in flat.network_.modules()) == 1


def test_it_learns():
    network = NetworkClassifier(random_state=0).fit(ROWS[:400], DIGITS[:400])
    assert network.score(ROWS[:400], DIGITS[:400]) > 0.99 and network.score(ROWS[400:], DIGITS[400:]) > 0.85
    assert network.n_iter_ == len(network.loss_curve_) == 30 and network.loss_curve_[-1] < 0.1


def test_a_network_of_the_zoo_on_pictures():
    network = NetworkClassifier(model="convnet", epochs=3, random_state=0).fit(PICTURES, DIGITS)
    assert network.score(PICTURES, DIGITS) > 0.8
    assert network.sample_shape_ == (1, 8, 8) and network.n_features_in_ == 64


def test_pictures_in_rows_and_without_a_channel_axis():
    settings = {"model": small, "epochs": 2, "random_state": 0}
    shaped = NetworkClassifier(**settings).fit(PICTURES, DIGITS).predict_proba(PICTURES)
    rows = PICTURES.reshape(len(PICTURES), 64)
    flat = NetworkClassifier(**settings, input_shape=(1, 8, 8)).fit(rows, DIGITS)
    bare = NetworkClassifier(**settings).fit(PICTURES[:, 0], DIGITS)
    assert np.array_equal(flat.predict_proba(rows), shaped)
    assert np.array_equal(bare.predict_proba(PICTURES[:, 0]), shaped)


def test_units_do_not_matter():
    one = NetworkClassifier(epochs=3, random_state=0).fit(ROWS, DIGITS).predict_proba(ROWS)
    other = NetworkClassifier(epochs=3, random_state=0).fit(ROWS * 1e4 + 1e5, DIGITS)
    assert np.allclose(one, other.predict_proba(ROWS * 1e4 + 1e5), atol=1e-3)


def test_plain_is_compiled():
    fast, slow = (NetworkClassifier((8,), epochs=1, plain=p, random_state=0) for p in (False, True))
    a, b = (network.fit(ROWS, DIGITS).predict_proba(ROWS) for network in (fast, slow))
    assert np.allclose(a, b, atol=1e-5) and slow._look.plain and not fast._look.plain


def test_plain_compiles_nothing(monkeypatch):
    monkeypatch.setattr("chainrule.train.steps.compile", lambda *_, **__: None)
    NetworkClassifier((8,), epochs=1, plain=True, random_state=0).fit(ROWS, DIGITS).predict(ROWS)


def test_one_sample_is_seen_as_among_many():
    """To the bit: what the first rows say does not depend on how many come with them."""
    wide = np.repeat(ROWS, 13, axis=1)[:300]
    network = NetworkClassifier((100,), epochs=1, random_state=0).fit(wide, DIGITS[:300])
    whole = network.predict_proba(wide)
    for count in (1, 2, 7, 299):
        assert np.array_equal(network.predict_proba(wide[:count]), whole[:count])


def test_probabilities():
    network = NetworkClassifier((8,), epochs=1, random_state=0).fit(ROWS, np.where(DIGITS > 4, "high", "low"))
    found = network.predict_proba(ROWS)
    assert found.shape == (500, 2) and np.allclose(found.sum(axis=1), 1)
    assert np.array_equal(network.classes_[found.argmax(axis=1)], network.predict(ROWS))
    assert np.allclose(np.log(found), network.predict_log_proba(ROWS))


def test_the_seed_is_weights_and_order():
    def found(seed):
        return NetworkClassifier((8,), epochs=1, random_state=seed).fit(ROWS, DIGITS).predict_proba(ROWS)

    assert np.array_equal(found(1), found(1)) and not np.array_equal(found(1), found(2))
    begun = [
        NetworkClassifier((8,), epochs=1, batch_size=500, random_state=s).fit(ROWS, DIGITS).loss_curve_[0]
        for s in (1, 2)
    ]
    assert abs(begun[0] - begun[1]) > 1e-2  # before any step, where the order is nothing
    with seeded(3):
        first = found(None)
    with seeded(3):
        assert np.array_equal(found(None), first)
    assert not np.array_equal(found(None), first)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta"])
def test_every_optimizer(optimizer):
    network = NetworkClassifier((8,), optimizer=optimizer, lr=0.01, epochs=2, l2=1e-4, random_state=0)
    assert network.fit(ROWS, DIGITS).loss_curve_[1] < network.loss_curve_[0]


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "exponential", "plateau", "constant"])
def test_every_kind_of_schedule(schedule):
    network = NetworkClassifier((8,), schedule=schedule, epochs=2, batch_size=100, random_state=0)
    assert np.isfinite(network.fit(ROWS, DIGITS).loss_curve_).all()


def test_a_network_that_draws_random_numbers_is_quiet_when_asked():
    def dropping(input_shape, classes, rng):
        return nn.Sequential(
            nn.Linear(64, 32, rng=rng), nn.Dropout(0.5, rng=rng), nn.Linear(32, classes, rng=rng)
        )

    network = NetworkClassifier(model=dropping, epochs=1, random_state=0).fit(ROWS, DIGITS)
    before = network.predict_proba(ROWS)
    assert not network.network_.training
    network.network_.train()
    assert np.array_equal(network.predict_proba(ROWS), before)
    again = clone(network).fit(ROWS, DIGITS)
    assert np.array_equal(network.predict_proba(ROWS), again.predict_proba(ROWS))


def test_copies_answer_alike_and_learn_apart():
    network = NetworkClassifier(model="linear", epochs=1, random_state=0).fit(PICTURES, DIGITS)
    before = network.predict_proba(PICTURES)
    for other in (pickle.loads(pickle.dumps(network)), copy.deepcopy(network)):
        assert np.array_equal(other.predict_proba(PICTURES), before)
        other.fit(PICTURES, DIGITS[::-1])
        assert np.array_equal(network.predict_proba(PICTURES), before)


def test_their_tools_search_over_ours():
    pipeline = make_pipeline(StandardScaler(), NetworkClassifier((8,), epochs=2, random_state=0))
    search = GridSearchCV(pipeline, {"networkclassifier__hidden": [(2,), (32,)]}, cv=2).fit(ROWS, DIGITS)
    assert search.best_params_ == {"networkclassifier__hidden": (32,)}


def test_processes_of_joblib_find_what_one_process_finds():
    svm = LinearSVMClassifier(epochs=2, random_state=0)
    alone, several = (cross_val_score(svm, ROWS, DIGITS, cv=2, n_jobs=jobs) for jobs in (None, 2))
    assert np.array_equal(alone, several)


def test_a_rate_that_is_too_large_is_named():
    with pytest.raises(DivergedError, match="NetworkClassifier: in epoch .*lr=1e.29 instead of"):
        NetworkClassifier((8,), lr=1e30, optimizer="sgd", schedule="constant", random_state=0).fit(
            ROWS, DIGITS
        )


def test_samples_too_large_for_the_network_are_named():
    network = NetworkClassifier((8,), epochs=1, random_state=0).fit(ROWS, DIGITS)
    far = ROWS[:5].astype(np.float64)
    far[3] *= 1e80
    for ask in (network.predict, network.predict_proba):
        with pytest.raises(DataError, match="sample 3 has scores that are not finite; .*; try: look at X.3."):
            ask(far)
