"""What all classifiers share, held on one that learns nothing but the mean of each class."""

import numpy as np
import pytest

from chainrule.errors import DataError, NotFittedError, UsageError
from chainrule.estimators import Classifier

from .test_door import Frame


class Means(Classifier):
    """The class with the nearest mean."""

    def __init__(self, power=2, *, shift=0.0, choose=None):
        self.power, self.shift, self.choose = power, shift, choose

    def _learn(self, X, numbers):
        if self.shift is None:
            raise ArithmeticError("no shift")
        flat = X.reshape(len(X), -1)
        self.means_ = np.stack([flat[numbers == k].mean(axis=0) for k in range(len(self.classes_))])

    def _called(self, X):
        apart = X.reshape(len(X), 1, -1) - self.means_
        return (np.abs(apart) ** self.power).sum(axis=2).argmin(axis=1)


X, Y = np.array([[0.0, 0], [0, 1], [5, 5], [5, 6]]), np.array(["near", "near", "far", "far"])


def test_labels_come_back_as_they_went_in():
    means = Means()
    assert means.fit(X, Y) is means
    assert means.classes_.tolist() == ["far", "near"] and means.n_features_in_ == 2
    assert means.predict([[1, 1], [4, 4]]).tolist() == ["near", "far"]
    assert means.score(X, Y) == 1.0
    assert means.score(X, ["near"] * 4, sample_weight=[1, 0, 1, 2]) == 0.25


def test_parameters():
    means = Means(3, shift=1.5)
    assert means.get_params() == {"power": 3, "shift": 1.5, "choose": None}
    assert repr(means) == "Means(power=3, shift=1.5)" and repr(Means()) == "Means()"
    assert means.set_params(power=2, shift=0.0) is means and repr(means) == "Means()"
    with pytest.raises(UsageError, match="Means: no parameter 'powr'; .*set_params.power=…"):
        means.set_params(shift=7, powr=3)
    assert means.shift == 0.0


def test_before_fit():
    with pytest.raises(NotFittedError, match=r"Means: this instance is not fitted yet; .*fit\(X, y\)"):
        Means().predict(X)


def test_pictures_and_rows_of_the_same_numbers_are_one():
    pictures = np.repeat(X, 2, axis=1).reshape(4, 1, 2, 2)
    means = Means().fit(pictures, Y)
    assert means.sample_shape_ == (1, 2, 2) and means.n_features_in_ == 4
    assert means.predict(pictures.reshape(4, 4)).tolist() == means.predict(pictures).tolist()
    assert means._asked(pictures.reshape(4, 4)).shape == (4, 1, 2, 2)
    with pytest.raises(DataError, match=r"4 features as input; expected X of shape \(N, 1, 2, 2\)"):
        means.predict(pictures.reshape(4, 2, 2, 1))


def test_other_features_are_refused():
    with pytest.raises(DataError, match="X has 3 features, but Means is expecting 2 features as input"):
        Means().fit(X, Y).predict(np.zeros((2, 3)))
    with pytest.raises(DataError, match="X has 4 samples and y 3 labels"):
        Means().fit(X, Y).score(X, Y[:3])


def test_columns_keep_their_names():
    means = Means().fit(Frame(X, ["a", "b"]), Y)
    assert means.feature_names_in_.tolist() == ["a", "b"]
    assert means.predict(Frame(X, ["a", "b"])).tolist() == Y.tolist()
    assert means.predict(X).tolist() == Y.tolist()
    with pytest.raises(DataError, match="same order"):
        means.predict(Frame(X, ["b", "a"]))
    assert not hasattr(means.fit(X, Y), "feature_names_in_")


def test_a_fit_that_fails_changes_nothing():
    means = Means()
    with pytest.raises(DataError):
        means.fit(X, Y[:2])
    assert not hasattr(means, "classes_")
    unlearned = Means(shift=None)
    with pytest.raises(ArithmeticError):
        unlearned.fit(X, Y)
    with pytest.raises(NotFittedError):
        unlearned.predict(X)
    means.fit(X, Y)
    means.set_params(shift=None)
    with pytest.raises(ArithmeticError):
        means.fit(X + 9, Y[::-1])
    assert means.predict(X).tolist() == Y.tolist()
