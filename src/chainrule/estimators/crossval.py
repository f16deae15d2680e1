"""Cross-validation: an estimator learns from all folds but one, and is asked about that one, fold by fold."""

from __future__ import annotations

import copy
import reprlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data import folds as cut
from ..errors import DataError, NonFiniteError, SettingError
from ..random import Generator
from . import door
from .parallel import each

Parts = Sequence[NDArray[np.int64]]


@dataclass(frozen=True)
class Fold:
    """One fold's outcome.

    score:   the share of its samples that were given their own label, NaN where training failed
    failed:  why, "" where it did not;  seconds: of fit and score
    """

    score: float
    failed: str
    seconds: float


class Scored:
    """What has a score of each fold: a share that is right, 0 to 1."""

    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the folds; NaN if one of them failed."""
        return float(np.mean(self.scores))

    @property
    def spread(self) -> float:
        """The standard deviation of a fold's score, of k - 1 degrees of freedom."""
        return float(np.std(self.scores, ddof=1))


@dataclass(frozen=True)
class CrossValidation(Scored):
    """The scores of all folds, and the seconds they took."""

    scores: tuple[float, ...]
    seconds: float

    def __str__(self) -> str:
        return f"{self.mean:.1%} ± {self.spread:.1%} in {len(self.scores)} folds"


def cross_validate(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    folds: int | Parts = 5,
    groups: Any = None,
    jobs: int | None = None,
    random_state: int = 0,
) -> CrossValidation:
    """Learn k times from k - 1 folds, and score each time on the one that is left.

    estimator:  anything with get_params, set_params, fit and score; it is copied, and stays unfitted
    X, y:    samples and labels, as fit takes them
    folds:   how many (see `data.folds`, with random_state), or the indices of each
    groups:  (N,) samples with the same number stay in one fold
    jobs:    folds at the same time, -1: one on each core; None: as `joblib.parallel_config` says, else one by one
    Raises SettingError for more folds than the smallest class has members, DataError for indices that do not fit,
    NonFiniteError for a training that diverges, what `Classifier` says of X and y, and what the estimator raises.

    >>> from chainrule.estimators import Classifier
    >>> class Sign(Classifier):
    ...     def __init__(self, line=0.0): self.line = line
    ...     def _learn(self, X, numbers): pass
    ...     def _called(self, X): return (X[:, 0] > self.line).astype(int)
    >>> X = np.arange(-10.0, 10.0).reshape(-1, 1)
    >>> print(cross_validate(Sign(), X, X[:, 0] > 1))
    95.0% ± 11.2% in 5 folds
    """
    X, y, parts = prepared(X, y, folds, groups, random_state)
    began = time.perf_counter()
    found = dict(each(_numbered, list(enumerate(parts)), (estimator, {}, X, y), jobs))
    outcomes = [found[number] for number in range(len(parts))]
    for fold in outcomes:
        if fold.failed:
            raise NonFiniteError("cross_validate", fold.failed, "training that stays finite", "another rate")
    return CrossValidation(tuple(fold.score for fold in outcomes), time.perf_counter() - began)


def prepared(
    X: Any, y: Any, folds: int | Parts, groups: Any, random_state: int
) -> tuple[NDArray[Any], NDArray[Any], Parts]:
    """Samples and labels as arrays, checked, with the indices of each fold."""
    X = door.features("cross-validation", X)
    door.labels("cross-validation", y, len(X))
    y = np.asarray(y).reshape(-1)
    if isinstance(folds, int | np.integer):
        rng = Generator(random_state).split("folds")
        return X, y, cut(y, int(folds), rng, groups)
    try:
        parts = [np.asarray(part) for part in folds]
        whole = all(part.ndim == 1 and part.dtype.kind in "iu" for part in parts)
    except (ValueError, TypeError):  # NumPy's, of rows that are no array, and Python's, of what is no list
        parts, whole = [], False
    if not whole:
        came = f"folds is {reprlib.repr(folds)}"
        raise SettingError("folds", came, "how many, or the indices of each", "folds=5")
    together = np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.int64)
    if len(parts) < 2 or not np.array_equal(together, np.arange(len(X))):
        came = f"{len(parts)} folds with {len(together)} indices in all"
        expected = f"each of 0 … {len(X) - 1} in one of two folds or more"
        raise DataError("folds", came, expected, "data.folds(y, 5, Generator(0))")
    return X, y, parts


def outcome(
    estimator: Any, params: Mapping[str, Any], X: NDArray[Any], y: NDArray[Any], held: NDArray[np.int64]
) -> Fold:
    """Learn from all samples but those held out, and score on these; a training that diverges has the score NaN."""
    began = time.perf_counter()
    learned = np.ones(len(y), np.bool_)
    learned[held] = False
    score, failed = float("nan"), ""
    try:
        score = float(fresh(estimator, params).fit(X[learned], y[learned]).score(X[held], y[held]))
    except NonFiniteError as error:
        failed = f"{error.who}: {error.came}"
    return Fold(score, failed, time.perf_counter() - began)


def fresh(estimator: Any, params: Mapping[str, Any]) -> Any:
    """A new estimator of the same parameters, with some of them set otherwise; nothing that it has learned."""
    require_estimator(estimator)
    own = copy.deepcopy(estimator.get_params(deep=False))
    return type(estimator)(**own).set_params(**params)


def require_estimator(estimator: Any) -> None:
    """It has what an estimator has, or a SettingError."""
    missing = [name for name in ("get_params", "set_params", "fit", "score") if not hasattr(estimator, name)]
    if missing or isinstance(estimator, type):
        what = f"the class {estimator.__name__}" if isinstance(estimator, type) else repr(estimator)
        came = what + (f", without {', '.join(missing)}" if missing else "")
        raise SettingError("cross-validation", came, "an estimator", "KNeighborsClassifier()")


def _numbered(task: tuple[int, NDArray[np.int64]], shared: tuple[Any, ...]) -> tuple[int, Fold]:
    number, held = task
    estimator, params, X, y = shared
    return number, outcome(estimator, params, X, y, held)
