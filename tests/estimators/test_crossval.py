"""Cross-validation: each fold held out once from a fresh copy, scikit-learn's scores, and what it refuses."""

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier as Theirs

from chainrule.data import folds
from chainrule.errors import DataError, NonFiniteError, SettingError
from chainrule.estimators import cross_validate
from chainrule.random import Generator

from .standin import Blurred, blobs

X, Y = blobs()


def test_the_scores_are_those_of_scikit_learn():
    parts = folds(Y, 4, Generator(2))
    pairs = [(np.setdiff1d(np.arange(len(Y)), part), part) for part in parts]
    ours = cross_validate(Theirs(3), X, Y, folds=parts)
    assert list(ours.scores) == cross_val_score(Theirs(3), X, Y, cv=pairs).tolist()
    assert ours.mean == pytest.approx(np.mean(ours.scores))
    assert ours.spread == pytest.approx(np.std(ours.scores, ddof=1))
    assert str(ours) == f"{ours.mean:.1%} ± {ours.spread:.1%} in 4 folds"


@pytest.mark.parametrize("jobs", [1, 2])
def test_folds_at_the_same_time_give_the_same(jobs):
    plain = cross_validate(Blurred(0.5), X, Y, folds=5, random_state=3)
    assert cross_validate(Blurred(0.5), X, Y, folds=5, random_state=3, jobs=jobs).scores == plain.scores
    assert cross_validate(Blurred(0.5), X, Y, folds=5, random_state=4).scores != plain.scores


def test_the_estimator_stays_as_it_was():
    estimator = Blurred(0.5).fit(X, Y)
    means = estimator.means_
    cross_validate(estimator, X, Y)
    assert estimator.means_ is means and estimator.rate == 0.5


def test_pictures_and_text_and_groups():
    names = np.array(["ant", "bee", "cat"])[Y]
    alone = cross_validate(Blurred(), X, Y)
    assert cross_validate(Blurred(), X.reshape(-1, 1, 2, 2), names).scores == alone.scores
    with pytest.raises(SettingError, match="5 folds, and class 'ant' has 2 groups"):
        cross_validate(Blurred(), X, names, groups=np.arange(60) % 6)


def test_training_that_diverges_is_told():
    with pytest.raises(NonFiniteError, match="a loss of inf at rate 99"):
        cross_validate(Blurred(99), X, Y)


@pytest.mark.parametrize(
    ("given", "kind", "came"),
    [
        ({"folds": 21}, SettingError, "21 folds, and class 0 has 20 members"),
        ({"folds": 1}, SettingError, "k is 1"),
        ({"folds": "a"}, SettingError, "folds is 'a'; expected how many, or the indices of each"),
        ({"folds": [([0, 1], [99])]}, SettingError, r"folds is \[\(\[0, 1\], \[99\]\)\]"),
        ({"folds": 2.0}, SettingError, "folds is 2.0"),
        ({"folds": [1, 2]}, SettingError, r"folds is \[1, 2\]"),
        ({"folds": [[0.5], [1]]}, SettingError, r"folds is \[\[0.5\], \[1\]\]"),
        ({"folds": []}, DataError, "0 folds with 0 indices"),
        ({"folds": [np.arange(60)]}, DataError, "1 folds with 60 indices"),
        ({"folds": [np.arange(50), np.arange(20)]}, DataError, "2 folds with 70 indices.*each of 0 … 59"),
        ({"y": Y[:9]}, DataError, "60 samples and y 9 labels"),
        ({"y": np.zeros(60)}, DataError, "y has 1 class"),
        ({"X": X * np.nan}, DataError, "240 NaN"),
        ({"estimator": Blurred}, SettingError, "the class Blurred; expected an estimator"),
        ({"estimator": 3}, SettingError, "3, without get_params, set_params, fit, score"),
        ({"jobs": 0}, SettingError, "jobs 0"),
    ],
)
def test_what_is_refused(given, kind, came):
    called = {"estimator": Blurred(), "X": X, "y": Y, **given}
    with pytest.raises(kind, match=came):
        cross_validate(called.pop("estimator"), called.pop("X"), called.pop("y"), **called)
