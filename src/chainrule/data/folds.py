"""Folds: a set cut into parts that take turns at being looked at, while the others are learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, SettingError, ShapeError
from ..random import Generator
from ..words import many


def folds(
    labels: ArrayLike,
    k: int,
    rng: Generator,
    groups: ArrayLike | None = None,
    *,
    classes: Sequence[str] = (),
) -> list[NDArray[np.int64]]:
    """Cut a set into k parts at random, with the same share of each class in all of them.

    Of each class no fold has more than one member more than another; with groups as near to it as whole groups come. A
    group counts for the class of its first member.

    labels:   (N,) the class of each sample: numbers, text, or anything else that can be sorted
    k:        2 or more
    groups:   (N,) or None; members with the same number stay in one fold (the frames of one film)
    classes:  what messages call the labels 0, 1, 2, …
    Returns k arrays of indices, each in rising order; every index is in one of them.
    Raises SettingError for a k below 2 or larger than the smallest class, ShapeError and DataError for labels or groups
    of other axes, or another number of them.

    >>> [part.tolist() for part in folds(["cat", "dog"] * 3, 3, Generator(0))]
    [[1, 2], [4, 5], [0, 3]]
    """
    known, numbers = np.unique(_column("labels", labels), return_inverse=True)
    units = np.arange(len(numbers)) if groups is None else _column("groups", groups)
    if len(units) != len(numbers):
        came = f"{many(len(numbers), 'label')} and {many(len(units), 'group')}"
        raise DataError("folds", came, "as many of each", "give each sample the number of its group")
    _, leader, member, size = np.unique(units, return_index=True, return_inverse=True, return_counts=True)
    names = [f"class {classes[i] if i in range(len(classes)) else i!r}" for i in known.tolist()]
    _check(k, np.bincount(numbers[leader], minlength=len(known)), names, groups is not None)
    dealt = _dealt(numbers[leader], size, int(k), rng)[member.reshape(-1)]
    return [np.flatnonzero(dealt == fold) for fold in range(k)]


def _dealt(labels: NDArray[np.int64], size: NDArray[np.int64], k: int, rng: Generator) -> NDArray[np.int64]:
    """(U,) the fold of each unit: the largest first, each where its class is rarest, then where there is most room."""
    fold_of = np.empty(len(labels), np.int64)
    total = [0] * k
    shuffled = rng.permutation(len(labels))
    ordered = shuffled[np.lexsort((-size[shuffled], labels[shuffled]))]
    of_class, last = [0] * k, -1
    for unit, label, members in zip(
        ordered.tolist(), labels[ordered].tolist(), size[ordered].tolist(), strict=True
    ):
        if label != last:
            of_class, last = [0] * k, label
        fold = min(range(k), key=lambda f: (of_class[f], total[f]))  # noqa: B023
        of_class[fold] += members
        total[fold] += members
        fold_of[unit] = fold
    return fold_of


def _column(name: str, values: ArrayLike) -> NDArray[Any]:
    column = np.asarray(values)
    if column.ndim != 1 or not len(column):
        came = f"{name} of shape {column.shape}"
        raise ShapeError("folds", came, "1 axis (N,), N at least 1", f"{name}.reshape(-1)")
    return column


def _check(k: Any, counts: NDArray[np.int64], names: list[str], grouped: bool) -> None:
    """A number of folds that every class has members for."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 2:
        raise SettingError("folds", f"k is {k!r}", "a whole number of at least 2", "k=5")
    least = int(np.argmin(counts))
    if counts[least] < k:
        what = "group" if grouped else "member"
        came = f"{k} folds, and {names[least]} has {many(int(counts[least]), what)}"
        hint = "leave such a class out" if counts[least] < 2 else f"{counts[least]} folds"
        raise SettingError("folds", came, f"at least {k} {what}s in each class", hint)
