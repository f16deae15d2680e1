"""Samples and labels that no estimator takes, for any that is given a function that makes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from chainrule.errors import DataError, DTypeError, NotFittedError, SettingError, ShapeError

from .rows import Refusal, refuses

X = np.arange(24.0).reshape(6, 4)
Y = np.array(["a", "b", "a", "b", "a", "b"])


def with_nan() -> np.ndarray:
    """One number of X is none."""
    return np.where(X == 5, np.nan, X)


def bad_data(make: Callable[[], Any]) -> tuple[Refusal, ...]:
    """What an estimator refuses to learn from, and to be asked."""
    return (
        refuses(DataError, lambda: make().fit(X, ["a"] * 6), "y has 1 class", "'a'"),
        refuses(DataError, lambda: make().fit(X[:1], Y[:1]), "X has 1 sample"),
        refuses(DataError, lambda: make().fit(with_nan(), Y), "1 NaN or infinite number", "(1, 1)"),
        refuses(DataError, lambda: make().fit(np.where(X > 21, np.inf, X), Y), "2 NaN or infinite"),
        refuses(DTypeError, lambda: make().fit(sparse.csr_array(X), Y), "sparse csr_array"),
        refuses(DTypeError, lambda: make().fit([[{}]] * 6, Y), "objects that are no numbers", "dict"),
        refuses(DataError, lambda: make().fit([["x", "y"]] * 6, Y), "text"),
        refuses(DataError, lambda: make().fit(X * 1j, Y), "Complex data"),
        refuses(DataError, lambda: make().fit([[1, 2], [3]], [0, 1]), "rows of unequal length"),
        refuses(ShapeError, lambda: make().fit(X[0], Y), "X has shape (4,)"),
        refuses(DataError, lambda: make().fit(X[:0], Y[:0]), "0 sample(s)"),
        refuses(DataError, lambda: make().fit(X[:, :0], Y), "0 feature(s)"),
        refuses(DataError, lambda: make().fit(X, Y[:5]), "6 samples and y 5 labels"),
        refuses(DataError, lambda: make().fit(X, None), "y is None"),
        refuses(DataError, lambda: make().fit(X, X[:, 0] / 3), "continuous"),
        refuses(DataError, lambda: make().fit(X, np.array([1, "a", 1, "a", 1, None], object)), "NoneType"),
        refuses(ShapeError, lambda: make().fit(X, X[:, :2]), "y has shape (6, 2)"),
        refuses(NotFittedError, lambda: make().predict(X), "not fitted"),
        refuses(DataError, lambda: make().fit(X, Y).predict(X[:, :3]), "X has 3 features", "expecting 4"),
        refuses(DataError, lambda: make().fit(X, Y).predict(with_nan()), "1 NaN"),
        refuses(DataError, lambda: make().fit(X, Y).score(X, Y[:5]), "6 samples and y 5 labels"),
    )


def bad_settings(make: Callable[..., Any], **settings: tuple[Any, ...]) -> tuple[Refusal, ...]:
    """Values of parameters that fit refuses: by name, several of each."""
    return tuple(
        refuses(
            SettingError, lambda name=name, value=value: make(**{name: value}).fit(X, Y), name, f"{value!r}"
        )
        for name, values in settings.items()
        for value in values
    )


RATES: dict[str, tuple[Any, ...]] = {
    "lr": (0, -0.1, float("nan"), "fast", None),
    "l2": (-1e-4, float("inf")),
    "momentum": (1.0, -0.5),
    "epochs": (0, 1.5, True),
    "batch_size": (0, "all"),
    "random_state": (-1, 0.5, "seed"),
}
"""Parameters of all that learn by steps, and what none of them may be."""
