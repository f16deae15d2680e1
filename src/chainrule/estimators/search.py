"""Search of the best parameters: at random from coarse to fine, or through all combinations, by cross-validation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..digest import digest
from ..errors import DivergedError, SettingError
from ..random import Generator
from . import scikit
from .base import Classifier
from .crossval import Parts, fresh, prepared, require_estimator
from .parallel import each, require_jobs
from .space import Space
from .trials import Trial, TrialLog, run_trial


class RandomSearch(Classifier):
    """Search for parameters with which an estimator is right most often on what it has not learned from.

    Each trial is a combination of parameters, cross-validated on the same folds.  From round to round the ranges become
    a third as many decades wide, around the best trial so far.  A space of lists alone is gone through whole, once.
    Trial i has its parameters and its random_state from the root seed and i: the same trials, to the bit, one by one,
    in threads, in processes or on a cluster.  A trial whose training diverges has failed, and the search goes on.

    estimator:     anything with get_params, set_params, fit and score
    space:         name of a parameter → (low, high), drawn by decades, or a list of values
    trials:        in all rounds together;  rounds: from coarse to fine
    folds:         how many, or the indices of each
    jobs:          trials at the same time, -1: one on each core; None: as `joblib.parallel_config` says, be it threads,
                   processes or a Dask cluster, else one by one
    random_state:  the root seed
    folder:        where finished trials are kept, so that a search that was broken off goes on there; None: nowhere

    What fit leaves here:
    trials_:  all trials by number;  best_trial_, best_params_, best_score_: of the highest mean
    best_estimator_:  the estimator with these parameters, taught on all samples
    edges_:  the parameters whose best value lies at the edge of their range;  spaces_: what each round drew from
    fit raises DivergedError if every trial failed, UsageError for the folder of another search and names that are no
    parameters, SettingError for other settings that cannot be, DataError, DTypeError and ShapeError for samples and
    labels; predict NotFittedError before fit.

    >>> from chainrule.estimators import Classifier
    >>> class Above(Classifier):
    ...     def __init__(self, line=1.0): self.line = line
    ...     def _learn(self, X, numbers): pass
    ...     def _called(self, X): return (X[:, 0] > self.line).astype(int)
    >>> X = np.arange(100.0).reshape(-1, 1)
    >>> search = RandomSearch(Above(), {"line": (1.0, 100.0)}, trials=30, rounds=3).fit(X, X[:, 0] > 41)
    >>> search.best_params_, search.best_score_
    ({'line': 40.36}, 0.99)
    """

    def __init__(
        self,
        estimator: Any,
        space: Mapping[str, Any],
        *,
        trials: int = 24,
        rounds: int = 3,
        folds: int | Parts = 5,
        jobs: int | None = None,
        random_state: int = 0,
        folder: str | Path | None = None,
    ) -> None:
        self.estimator, self.space = estimator, space
        self.trials, self.rounds, self.folds = trials, rounds, folds
        self.jobs, self.random_state, self.folder = jobs, random_state, folder

    trials_: list[Trial]
    best_trial_: Trial
    best_estimator_: Any
    edges_: list[str]
    spaces_: list[Space]

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:
        """Run the trials that are not finished yet, then learn from all samples with the best parameters.

        groups:  (N,) samples with the same number stay in one fold
        """
        for _ in self.going(X, y, groups):
            pass
        self.best_estimator_ = fresh(self.estimator, self.best_setting()).fit(X, y)
        self.classes_ = self.best_estimator_.classes_
        self.n_features_in_ = self.best_estimator_.n_features_in_
        return self

    def going(self, X: Any, y: Any, groups: Any = None) -> Iterator[Trial]:
        """Run the trials that are not finished yet, and give each when it is: `fit`, with somebody looking on.

        The attributes of fit are there at the end, except for best_estimator_, classes_ and n_features_in_.
        """
        space, sizes = self.planned()
        X, y, parts = prepared(X, y, self.folds, groups, self.random_state)
        log = None if self.folder is None else TrialLog(self.folder, self._facts(space, X, y, parts))
        done = dict(log.done) if log else {}
        shared = (self.estimator, X, y, parts)
        self.spaces_ = []
        for turn in range(1, len(sizes) + 1):
            self.spaces_.append(space)
            planned = [trial for trial in self._round(space, sizes, turn) if trial.number not in done]
            for trial in each(run_trial, planned, shared, self.jobs):
                done[trial.number] = trial
                if log:
                    log.add(trial)
                yield trial
            best = best_of(
                [trial for trial in done.values() if trial.round <= turn]
            )  # later ones may be finished
            space = space if best.failed else space.around(best.params)
        self.trials_ = [done[number] for number in sorted(done)]
        self.best_trial_ = best_of(self.trials_)
        if self.best_trial_.failed:
            came = f"all {len(self.trials_)} trials failed, the first: {self.trials_[0].failed}"
            raise DivergedError("search", came, "one that learns", "a range of lower rates")
        self.edges_ = space.at_edge(self.best_trial_.params)

    @property
    def best_params_(self) -> dict[str, Any]:
        """The parameters of the best trial."""
        return self.best_trial_.params

    @property
    def best_score_(self) -> float:
        """The mean over the folds of the best trial, 0 to 1."""
        return self.best_trial_.mean

    def best_setting(self) -> dict[str, Any]:
        """The best parameters with the seed of their trial, where the estimator has one."""
        seeded = "random_state" in self.estimator.get_params()
        return {**({"random_state": self.best_trial_.seed} if seeded else {}), **self.best_params_}

    def predict(self, X: Any) -> NDArray[Any]:
        """(N,) what the best estimator calls each sample."""
        if not hasattr(self, "best_estimator_"):
            raise scikit.not_fitted(type(self).__name__)
        return self.best_estimator_.predict(X)

    def planned(self) -> tuple[Space, list[int]]:
        """The space, and how many trials each round has: all settings looked at, and nothing run.

        Raises SettingError and UsageError for settings that cannot be.
        """
        require_estimator(self.estimator)
        require_jobs(self.jobs)
        space = Space(self.space)
        space.require_known(type(self.estimator).__name__, self.estimator.get_params())
        for name, least in (("trials", 1), ("rounds", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise SettingError(
                    "search", f"{name} is {value!r}", "a whole number of at least 1", f"{name}=3"
                )
        if space.size is not None:
            return space, [space.size]
        if self.rounds > self.trials:
            came = f"{self.rounds} rounds of {self.trials} trials in all"
            raise SettingError("search", came, "a trial in each round", f"rounds={self.trials}")
        whole, rest = divmod(self.trials, self.rounds)
        return space, [whole + (turn < rest) for turn in range(self.rounds)]

    def _round(self, space: Space, sizes: list[int], turn: int) -> list[Trial]:
        """The trials of a round, before they are run."""
        root, first = Generator(self.random_state), sum(sizes[: turn - 1])
        grid = None if space.size is None else list(space.combinations())
        made = []
        for number in range(first, first + sizes[turn - 1]):
            rng = root.split("trial", number)
            params = space.draw(rng) if grid is None else grid[number]
            made.append(Trial(number, turn, params, int(rng.split("seed").integers(0, 2**31, 1)[0])))
        return made

    def _facts(self, space: Space, X: NDArray[Any], y: NDArray[Any], parts: Parts) -> dict[str, Any]:
        """What two searches must have in common for their trials to be the same."""
        kind = type(self.estimator)
        return {
            "estimator": f"{kind.__module__.partition('.')[0]}.{kind.__name__}",
            "settings": dict(map(_told, self.estimator.get_params(deep=False).items())),
            "space": space.as_dict(),
            "trials": sum(self.planned()[1]),
            "rounds": len(self.planned()[1]),
            "folds": len(parts),
            "seed": self.random_state,
            "data": fingerprint(X, y, parts),
        }


def best_of(trials: list[Trial]) -> Trial:
    """The trial with the highest mean, the first of equals; those that failed come last."""
    return max(trials, key=lambda trial: (-math.inf if math.isnan(trial.mean) else trial.mean, -trial.number))


def fingerprint(X: NDArray[Any], y: NDArray[Any], parts: Parts) -> str:
    """A few signs that stand for the samples, their labels and the folds."""
    told = repr((X.shape, X.dtype.str, y.tolist(), [len(part) for part in parts])).encode()
    return digest(told, *(np.ascontiguousarray(array).data.cast("B") for array in (X, *parts))).hex()[:16]


def _told(item: tuple[str, Any]) -> tuple[str, Any]:
    """A parameter for JSON: plain values as they are, anything else as Python prints it."""
    name, value = item
    return name, value if isinstance(value, str | int | float | bool | None) else repr(value)
