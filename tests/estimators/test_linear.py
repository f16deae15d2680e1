"""The linear classifiers: scikit-learn's optimum, any unit, pictures, and what fit leaves."""

import pickle

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from chainrule.errors import DivergedError
from chainrule.estimators import LinearSVMClassifier, SoftmaxClassifier
from chainrule.estimators.linear import log_probabilities

BOTH = [LinearSVMClassifier, SoftmaxClassifier]
IRIS, KINDS = load_iris(return_X_y=True)
SCALED = (IRIS - IRIS.mean(axis=0)) / IRIS.std(axis=0)
L2 = 0.01


def test_softmax_goes_to_the_optimum_of_logistic_regression():
    ours = SoftmaxClassifier(epochs=300, batch_size=150, l2=L2, random_state=0).fit(SCALED, KINDS)
    theirs = LogisticRegression(C=1 / (2 * L2 * 150), tol=1e-8, max_iter=1000).fit(SCALED, KINDS)
    assert np.allclose(ours.coef_, theirs.coef_, atol=2e-3)
    assert np.allclose(ours.predict_proba(SCALED), theirs.predict_proba(SCALED), atol=2e-3)


def test_the_svm_of_two_classes_goes_to_the_optimum_of_svc():
    X, y = SCALED[50:], KINDS[50:]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    ours = LinearSVMClassifier(epochs=1000, batch_size=100, l2=L2, random_state=0).fit(X, y)
    theirs = SVC(kernel="linear", C=1 / (L2 * 100), tol=1e-8).fit(X, y)
    assert np.allclose(ours.coef_, theirs.coef_, atol=0.02)
    assert np.allclose(ours.intercept_, theirs.intercept_, atol=0.02)


@pytest.mark.parametrize("made", BOTH)
def test_units_do_not_matter(made):
    units, zero = np.array([1e-3, 1.0, 255.0, 1e6]), np.array([5.0, -1e3, 0.0, 1e7])
    one = made(random_state=0).fit(IRIS, KINDS)
    other = made(random_state=0).fit(IRIS * units + zero, KINDS)
    assert one.score(IRIS, KINDS) > 0.93
    assert np.allclose(one.decision_function(IRIS), other.decision_function(IRIS * units + zero), atol=1e-3)
    assert np.allclose(one.coef_, other.coef_ * units, atol=1e-3)


@pytest.mark.parametrize("made", BOTH)
def test_bytes_and_floats_are_the_same_pictures(made):
    rng = np.random.default_rng(0)
    images, y = rng.integers(0, 256, (60, 1, 3, 4), np.uint8), np.arange(60) % 3
    images[:, 0, 1, 1], images[:, 0, 0, 0] = 80 * y, 7
    scores = []
    for X in (images, images.astype("float32"), images.astype("float64"), images.reshape(60, 12)):
        learned = made(random_state=0).fit(X, y)
        assert learned.coef_.shape == (3, 12) and learned.score(X, y) == 1
        assert not learned.coef_[:, 0].any()  # a pixel that never changes
        scores.append(learned.decision_function(X))
    assert np.array_equal(scores[0], scores[1]) and np.array_equal(scores[0], scores[3])
    assert np.allclose(scores[0], scores[2], atol=1e-4)


@pytest.mark.parametrize("made", BOTH)
def test_what_fit_leaves(made):
    names = np.array(["a", "b", "c"])[KINDS]
    learned = made(epochs=7, random_state=0).fit(IRIS, names)
    assert learned.n_iter_ == len(learned.loss_curve_) == 7
    assert learned.loss_curve_[-1] < learned.loss_curve_[0]
    assert learned.intercept_.shape == (3,) and learned.decision_function(IRIS).shape == (150, 3)
    assert set(learned.predict(IRIS)) == {"a", "b", "c"}
    again = pickle.loads(pickle.dumps(learned))
    assert np.array_equal(again.decision_function(IRIS), learned.decision_function(IRIS))


@pytest.mark.parametrize("made", BOTH)
def test_two_classes_have_one_score(made):
    X, y = IRIS[:100], np.where(KINDS[:100] == 1, "yes", "no")
    learned = made(random_state=0).fit(X, y)
    scores = learned.decision_function(X)
    assert scores.shape == (100,) and learned.coef_.shape == (1, 4)
    assert np.array_equal(learned.predict(X), np.where(scores > 0, "yes", "no"))


def test_the_first_loss_is_that_of_equal_scores():
    """With weights of 0, and a rate that is almost none: ln 3 nats, and a margin of 1 for each of two wrong classes."""
    for made, loss in ((SoftmaxClassifier, np.log(3)), (LinearSVMClassifier, 2)):
        learned = made(lr=1e-9, epochs=1, momentum=0.0, random_state=0).fit(IRIS, KINDS)
        assert learned.loss_curve_ == [pytest.approx(loss, rel=1e-6)]


@pytest.mark.parametrize("made", BOTH)
def test_the_seed_is_the_order(made):
    first, same, other = (made(random_state=seed, epochs=2).fit(IRIS, KINDS).coef_ for seed in (1, 1, 2))
    assert np.array_equal(first, same) and not np.array_equal(first, other)


@pytest.mark.parametrize("made", BOTH)
def test_a_rate_that_is_too_large_is_named(made):
    with pytest.raises(DivergedError, match=f"^{made.__name__}: in epoch .*lr=1e.37 instead of 1e.38"):
        made(lr=1e38, random_state=0).fit(IRIS, KINDS)


def test_log_probabilities_of_scores_that_exp_does_not_hold():
    scores = np.array([[0.0, 1000, -1000], [2, 1, 0]])
    assert np.allclose(np.exp(log_probabilities(scores)), softmax(scores, axis=1))
    assert np.allclose(np.exp(log_probabilities(np.array([3.0]))), softmax([[0, 3.0]], axis=1))
