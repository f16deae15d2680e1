"""The classifier that learns nothing: it keeps all samples, and asks those that are nearest."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, SettingError
from ..ops.arguments import at_least
from ..words import many
from .base import Classifier
from .nearest import Search

Array = NDArray[Any]

METRICS = {"l2": "l2", "euclidean": "l2", "l1": "l1", "manhattan": "l1", "cosine": "cosine"}
WEIGHTS = ("uniform", "distance")


class KNeighborsClassifier(Classifier):
    """The k nearest samples vote; of equal votes the smaller label wins, of equal distances the sample that came first.

    n_neighbors:  k, from 1 to the number of samples
    weights:      "uniform": each neighbour has one vote; "distance": 1 / distance, and those at distance 0, if there
                  are any, one each
    metric:       "l2" or "euclidean"; "l1" or "manhattan"; "cosine", 1 - q·x / (|q| |x|), where a sample of zeros is at
                  distance 1 from all

    search_:  the samples with what finds the nearest fast. It holds X itself, not a copy: leave X as it is

    Neighbours are exact: those of distances computed in float64, whatever the number of threads. Memory beside X: 260
    bytes a sample (of l1 half a byte for each of its numbers), a few blocks of 16 MB, and the results.
    fit raises SettingError for other settings, DataError for k above the number of samples and for numbers whose
    squares leave float64, DataError, DTypeError and ShapeError for samples and labels that no classifier takes; what is
    asked before fit raises NotFittedError.
    Source: Cover & Hart 1967; bounds, then exact distances where they are not enough: Seidl & Kriegel 1998.

    >>> X = np.array([[0.0, 0], [1, 0], [0, 9], [1, 9]])
    >>> knn = KNeighborsClassifier(3).fit(X, ["low", "low", "high", "high"])
    >>> knn.predict([[0, 1], [0, 8]])
    array(['low', 'high'], dtype='<U4')
    >>> knn.predict_proba([[0, 1]]).round(2)
    array([[0.33, 0.67]])
    """

    search_: Search

    def __init__(self, n_neighbors: int = 5, *, weights: str = "uniform", metric: str = "l2") -> None:
        self.n_neighbors, self.weights, self.metric = n_neighbors, weights, metric

    def _learn(self, X: Array, numbers: NDArray[np.int64]) -> None:
        who = type(self).__name__
        one_of(who, "weights", self.weights, WEIGHTS)
        one_of(who, "metric", self.metric, tuple(METRICS))
        self._neighbours(self.n_neighbors, len(X))
        self._numbers = numbers
        self.search_ = Search(X.reshape(len(X), -1), METRICS[self.metric])

    @overload
    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, return_distance: Literal[True] = True
    ) -> tuple[Array, NDArray[np.int64]]: ...
    @overload
    def kneighbors(
        self, X: Any = None, n_neighbors: int | None = None, *, return_distance: Literal[False]
    ) -> NDArray[np.int64]: ...
    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """(N, k) the distances of the nearest samples in order, and their numbers; or the numbers alone.

        X:  samples as in fit; None: each sample that was learned from, which is not its own neighbour
        n_neighbors:  k; None takes the parameter
        Raises NotFittedError before fit, SettingError and DataError for a k that cannot be.

        >>> X = np.array([[0.0, 0], [3, 4], [6, 8]])
        >>> knn = KNeighborsClassifier(2).fit(X, [0, 1, 1])
        >>> distances, numbers = knn.kneighbors([[3, 3]])
        >>> distances.round(3).tolist(), numbers.tolist()
        ([[1.0, 4.243]], [[1, 0]])
        """
        samples = None if X is None else self._asked(X)
        self._require_fit()
        held = self.search_.points
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        if samples is None:
            k = self._neighbours(k, len(held) - 1)
            found, numbers = without_self(*self.search_.nearest(held, k + 1))
        else:
            k = self._neighbours(k, len(held))
            found, numbers = self.search_.nearest(samples.reshape(len(samples), -1), k)
        return (found, numbers) if return_distance else numbers

    def predict_proba(self, X: Any) -> Array:
        """(N, classes) the share of the votes that each class has.

        Raises NotFittedError before fit, DataError for samples of other features.
        """
        return self._votes(self._asked(X))

    def _called(self, X: Array) -> NDArray[np.int64]:
        return self._votes(X).argmax(axis=1)

    def _votes(self, X: Array) -> Array:
        """(N, classes) shares; each row sums to 1."""
        one_of(type(self).__name__, "weights", self.weights, WEIGHTS)
        found, numbers = self.kneighbors(X)
        weights = closeness(found) if self.weights == "distance" else np.ones(found.shape)
        votes, rows = np.zeros((len(X), len(self.classes_))), np.arange(len(X))
        for voters, weight in zip(self._numbers[numbers].T, weights.T, strict=True):
            votes[rows, voters] += weight
        return np.asarray(votes / votes.sum(axis=1, keepdims=True))

    def _neighbours(self, k: Any, samples: int) -> int:
        """k, if so many samples have that many."""
        who = type(self).__name__
        at_least(who, "n_neighbors", k, 1)
        if k > samples:
            came = f"n_neighbors = {k} of {many(samples, 'sample')}"
            raise DataError(
                who, came, f"1 ≤ n_neighbors ≤ {samples}", f"n_neighbors={max(1, min(5, samples))}"
            )
        return int(k)


def one_of(who: str, name: str, value: Any, known: tuple[str, ...]) -> None:
    """A setting that is one of a few words."""
    if value not in known:
        raise SettingError(who, f"{name} = {value!r}", f"one of {', '.join(known)}", f'{name}="{known[0]}"')


def closeness(distances: Array) -> Array:
    """(N, k) votes that go down as 1 / distance, the nearest one's 1; neighbours at distance 0 leave the others none.

    >>> closeness(np.array([[1.0, 2.0, 4.0], [0.0, 0.0, 3.0]]))
    array([[1.  , 0.5 , 0.25],
           [1.  , 1.  , 0.  ]])
    """
    same = distances == 0
    return np.divide(distances[:, :1], distances, out=same.astype(np.float64), where=~same)


def without_self(distances: Array, numbers: Array) -> tuple[Array, Array]:
    """(N, k) out of (N, k + 1): each sample's row without itself; or without its last, if others at distance 0 come
    before it.
    """
    own = numbers == np.arange(len(numbers))[:, None]
    own[~own.any(axis=1), -1] = True
    shape = (len(numbers), numbers.shape[1] - 1)
    return distances[~own].reshape(shape), numbers[~own].reshape(shape)
