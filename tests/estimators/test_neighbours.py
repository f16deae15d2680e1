"""The classifier: votes and their ties, weights, scikit-learn beside it, and what it refuses."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier as Theirs

from chainrule import data
from chainrule.errors import DataError, NotFittedError, SettingError
from chainrule.estimators import KNeighborsClassifier, native
from chainrule.estimators.neighbours import closeness, without_self

LINE = np.arange(6.0)[:, None]


@pytest.fixture(scope="module")
def fashion():
    """Pictures as bytes (N, 1, 28, 28), and their labels."""
    train, test = data.load("fashion-6k")
    return train.images[:2000], train.labels[:2000], test.images[:300], test.labels[:300]


def test_a_tie_of_votes_goes_to_the_smaller_label():
    knn = KNeighborsClassifier(2).fit(LINE, ["z", "a", "z", "b", "a", "b"])
    assert knn.predict([[0.5], [1.6], [3.5]]).tolist() == ["a", "a", "a"]
    assert knn.predict_proba([[0.5]]).tolist() == [[0.5, 0, 0.5]]


def test_a_tie_of_distances_goes_to_the_sample_that_came_first():
    knn = KNeighborsClassifier(1).fit(LINE[[3, 1, 1, 3, 0, 5]], [0, 1, 2, 3, 4, 5])
    assert knn.predict([[2], [1], [4]]).tolist() == [0, 1, 0]
    assert knn.kneighbors([[2]], 4, return_distance=False).tolist() == [[0, 1, 2, 3]]


def test_weights():
    knn = KNeighborsClassifier(3, weights="distance").fit(LINE, [0, 1, 1, 1, 0, 0])
    assert knn.predict([[0.1]]).tolist() == [0]
    np.testing.assert_allclose(knn.predict_proba([[0.5]])[0], [1 / (2 + 1 / 3), (1 + 1 / 3) / (2 + 1 / 3)])
    assert knn.predict_proba([[2.0]]).tolist() == [[0, 1]]
    doubled = KNeighborsClassifier(3, weights="distance").fit(LINE[[0, 0, 1]], [0, 1, 1])
    assert doubled.predict_proba([[0.0]]).tolist() == [[0.5, 0.5]]


def test_distances_too_small_to_be_divided_by():
    tiny = np.array([[1e-310, 2e-310, np.inf]])
    assert closeness(tiny[:, :2]).tolist() == [[1.0, 0.5]]


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_what_scikit_learn_says(fashion, metric, weights, dtype):
    X, y, queries, labels = fashion
    mine = KNeighborsClassifier(5, metric=metric, weights=weights).fit(X.astype(dtype), y)
    flat, asked = (x.reshape(len(x), -1).astype(np.float64) for x in (X, queries))
    theirs = Theirs(5, metric=metric, weights=weights, algorithm="brute").fit(flat, y)
    found, numbers = mine.kneighbors(queries.astype(dtype))
    expected, theirs_numbers = theirs.kneighbors(asked)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    apart = np.diff(np.concatenate([found, np.full((len(found), 1), np.inf)], 1), axis=1) > 1e-9
    clear = apart.all(axis=1)
    assert np.array_equal(numbers[clear], theirs_numbers[clear]) and clear.mean() > 0.5
    np.testing.assert_allclose(
        mine.predict_proba(queries[clear]), theirs.predict_proba(asked[clear]), atol=1e-9
    )
    assert 0.75 < mine.score(queries, labels) < 0.9


def test_without_a_compiler_the_same(monkeypatch, fashion):
    X, y, queries, _ = fashion
    knn = KNeighborsClassifier(7).fit(X, y)
    before = knn.kneighbors(queries[:50])
    monkeypatch.setattr(native, "can_compile", lambda: False)
    after = KNeighborsClassifier(7).fit(X, y).kneighbors(queries[:50])
    assert all(one.tobytes() == other.tobytes() for one, other in zip(before, after, strict=True))


def test_the_neighbours_of_the_samples_themselves():
    knn = KNeighborsClassifier(2).fit(LINE, [0, 0, 0, 1, 1, 1])
    assert knn.kneighbors(return_distance=False).tolist() == [[1, 2], [0, 2], [1, 3], [2, 4], [3, 5], [4, 3]]
    same = KNeighborsClassifier(1).fit(LINE[[0, 0, 0]], [0, 1, 1])
    assert same.kneighbors()[1].tolist() == [[1], [0], [0]]


def test_a_sample_whose_twins_come_first_is_not_among_its_neighbours():
    distances, numbers = np.zeros((3, 3)), np.array([[0, 1, 2], [0, 1, 2], [0, 1, 3]])
    assert without_self(distances, numbers)[1].tolist() == [[1, 2], [0, 2], [0, 1]]


def test_parameters_may_change_after_fit():
    knn = KNeighborsClassifier(1).fit(LINE, [0, 0, 0, 1, 1, 1])
    assert knn.set_params(n_neighbors=6).predict([[5.0]]).tolist() == [0]
    with pytest.raises(
        DataError, match="n_neighbors = 7 of 6 samples; expected 1 ≤ n_neighbors ≤ 6; try: n_neighbors=5"
    ):
        knn.set_params(n_neighbors=7).predict([[5.0]])
    with pytest.raises(DataError, match="1 ≤ n_neighbors ≤ 5"):
        knn.kneighbors(n_neighbors=6)


def test_fit_holds_x_and_copies_nothing(fashion):
    X, y, _, _ = fashion
    assert np.shares_memory(KNeighborsClassifier().fit(X, y).search_.points, X)


Y = [0, 0, 0, 1, 1, 1]
REFUSED = {
    "large k": ({"n_neighbors": 7}, LINE, Y, DataError, "n_neighbors = 7 of 6 samples"),
    "weights": (
        {"weights": "near"},
        LINE,
        Y,
        SettingError,
        "weights = 'near'; expected one of uniform, distance",
    ),
    "metric": (
        {"metric": "l3"},
        LINE,
        Y,
        SettingError,
        "metric = 'l3'; expected one of l2, euclidean, l1, manhattan",
    ),
    "a list for a metric": ({"metric": ["l2"]}, LINE, Y, SettingError, r"metric = \['l2'\]"),
    "squares": ({}, LINE * 1e200, Y, DataError, "divide X by its largest number"),
    "lengths": ({"metric": "cosine"}, LINE * 1e-200, Y, DataError, "sample 1 has a length"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    settings, X, y, kind, words = REFUSED[name]
    knn = KNeighborsClassifier(**settings)
    with pytest.raises(kind, match=words):
        knn.fit(X, y)
    with pytest.raises(NotFittedError, match="KNeighborsClassifier: this instance is not fitted yet"):
        knn.kneighbors(LINE)
    with pytest.raises(NotFittedError):
        knn.kneighbors()


def test_other_features_are_refused():
    with pytest.raises(DataError, match="X has 2 features, but KNeighborsClassifier is expecting 1 features"):
        KNeighborsClassifier().fit(LINE, Y).kneighbors(np.zeros((2, 2)))
