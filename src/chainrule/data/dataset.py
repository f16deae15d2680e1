"""A labelled set of pictures, checked once at the door. Images are (N, C, H, W), labels (N,)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import (
    DataError,
    DTypeError,
    IndexingError,
    LabelError,
    NonFiniteError,
    SettingError,
    ShapeError,
)
from ..random import Generator
from ..words import many

Index = slice | Sequence[int] | NDArray[np.integer] | NDArray[np.bool_]

# Where a source has no test part, a fifth of each class is held out with this seed, so that all see the same.
_TRAIN_FRACTION, _HOLD_OUT_SEED = 0.8, 0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures with their classes; whatever is wrong with them is said when the set is made.

    images:   (N, C, H, W) uint8 from 0 to 255, or float32
    labels:   (N,) any integers 0 … classes - 1, kept as int64
    classes:  their names, in the order of the labels
    name:     what reports call the set
    groups:   (N,) integers or None; `split` keeps pictures with the same number together (the frames of one
              film, the slices of one patient), because near copies on both sides would flatter the figures
    Raises DataError (empty, or numbers that differ), ShapeError, DTypeError, LabelError, NonFiniteError.

    >>> pictures = np.zeros((4, 1, 8, 8), np.uint8)
    >>> dataset = Dataset(pictures, np.array([0, 1, 0, 1]), ("cat", "dog"), "pets")
    >>> len(dataset), dataset.shape, len(dataset[1:3])
    (4, (1, 8, 8), 2)
    """

    images: NDArray[Any]
    labels: NDArray[Any]
    classes: tuple[str, ...]
    name: str = "dataset"
    groups: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "images", np.asarray(self.images))
        set_field(self, "labels", np.asarray(self.labels))
        set_field(self, "classes", tuple(map(str, self.classes)))
        _check_images(self.name, self.images)
        _check_labels(self.name, self.labels, len(self.images), self.classes)
        set_field(self, "labels", self.labels.astype(np.int64, copy=False))
        if self.groups is not None:
            set_field(self, "groups", np.asarray(self.groups))
            _check_groups(self.name, self.groups, len(self.images))

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        pictures = f"{len(self)} of {self.shape} {self.images.dtype}"
        return f"Dataset({self.name!r}: {pictures}, {len(self.classes)} classes)"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture."""
        _, channels, height, width = self.images.shape
        return channels, height, width

    def __getitem__(self, index: Index) -> Dataset:
        """Return the set of the chosen pictures; a slice shares their memory.

        index:  a slice, (K,) integers, or (N,) bool
        Raises DataError if nothing is chosen, IndexingError for anything else and outside the set.
        """
        chosen = index if isinstance(index, slice) else self._indices(index)
        groups = None if self.groups is None else self.groups[chosen]
        return replace(self, images=self.images[chosen], labels=self.labels[chosen], groups=groups)

    def _indices(self, index: Index) -> NDArray[np.int64]:
        """Return (K,) indices of the pictures that a list, an array of integers or of bool chooses."""
        chosen = np.asarray(index)
        if chosen.shape == (0,):
            return np.zeros(0, np.int64)
        if chosen.ndim == 1:
            with suppress(IndexError):
                indices: NDArray[np.int64] = np.arange(len(self))[chosen]
                return indices
        raise IndexingError(
            f"Dataset {self.name}",
            f"the index {np.array2string(chosen, threshold=6)} of dtype {chosen.dtype}",
            f"a slice, a list of integers below {len(self)}, or ({len(self)},) bool",
            "dataset[i : i + 1] for one picture",
        )

    def split(self, fraction: float, rng: Generator) -> tuple[Dataset, Dataset]:
        """Split into `fraction` of each class and the rest, drawn at random, each in the old order.

        A class of n pictures gives round(fraction · n) to the first part, or with groups as near to it as
        whole groups come. A group counts for the class of its first picture.

        fraction:  0 < fraction < 1
        Raises SettingError if the fraction is outside, or so extreme that a part would be empty.

        >>> pictures, labels = np.zeros((10, 1, 2, 2), np.uint8), np.arange(10) % 2
        >>> train, validation = Dataset(pictures, labels, ("a", "b")).split(0.8, Generator(0))
        >>> np.bincount(train.labels), np.bincount(validation.labels)
        (array([4, 4]), array([1, 1]))
        """
        if not 0 < fraction < 1:
            raise SettingError("split: fraction", f"{fraction}", "a number between 0 and 1", "0.9")
        first = _stratify(self.labels, self.groups, fraction, rng)
        if first.all() or not first.any():
            raise SettingError(
                "split: fraction",
                f"{fraction}, which leaves one part of {self.name} ({len(self)} pictures) empty",
                "pictures in both parts",
                "a fraction nearer to 0.5",
            )
        return self[first], self[~first]


def numbered(*labels: NDArray[Any]) -> tuple[str, ...]:
    """Return the numbers up to the highest label as class names.

    Raises LabelError where there would be more classes than pictures: such labels are not counted from 0; DTypeError
    for labels that are no integers.
    """
    for part in labels:
        _check_integers("labels", part)
    highest = max(int(part.max(initial=0)) for part in labels)
    if highest >= sum(part.size for part in labels):
        pictures = sum(part.size for part in labels)
        came = f"label {highest} among {pictures} pictures"
        raise LabelError("labels", came, "classes counted from 0", "np.unique(y, return_inverse=True)[1]")
    return tuple(map(str, range(highest + 1)))


def hold_out(dataset: Dataset) -> tuple[Dataset, Dataset]:
    """Return (train, test) of a set without a test part: always the same fifth of each class is the test.

    Raises DataError for a set so small that one of them would be empty.
    """
    try:
        return dataset.split(_TRAIN_FRACTION, Generator(_HOLD_OUT_SEED).split("test"))
    except SettingError:
        came = f"{many(len(dataset), 'picture')} in {many(len(dataset.classes), 'class', 'classes')}"
        expected = "so many that a fifth of each class can be the test"
        raise DataError(dataset.name, came, expected, "more pictures, or folders train and test") from None


def _stratify(
    labels: NDArray[np.int64], groups: NDArray[np.integer] | None, fraction: float, rng: Generator
) -> NDArray[np.bool_]:
    """Return (N,) bool: who is in the first part, class by class, whole groups at a time."""
    if groups is None:
        leader = member = np.arange(len(labels))
        size = np.ones(len(labels), np.int64)
    else:
        _, leader, member, size = np.unique(
            groups, return_index=True, return_inverse=True, return_counts=True
        )
    first = np.zeros(len(leader), np.bool_)
    for label in np.flatnonzero(np.bincount(labels[leader])):
        candidates = np.flatnonzero(labels[leader] == label)
        candidates = candidates[rng.permutation(len(candidates))]
        filled = np.concatenate(([0], np.cumsum(size[candidates])))
        first[candidates[: np.argmin(np.abs(filled - fraction * filled[-1]))]] = True
    return first[member]


def _check_images(name: str, images: NDArray[Any]) -> None:
    who = f"Dataset {name}"
    if images.ndim != 4:
        raise ShapeError(
            who,
            f"images of shape {images.shape}",
            "4 axes (N, C, H, W)",
            "images[:, np.newaxis] for grey pictures (N, H, W)",
        )
    if images.dtype not in (np.uint8, np.float32):
        kind = "float32" if images.dtype.kind == "f" else "uint8"
        raise DTypeError(
            who, f"images of dtype {images.dtype}", "uint8 (0 … 255) or float32", f'images.astype("{kind}")'
        )
    if images.size == 0:
        raise DataError(
            who, f"images of shape {images.shape}", "at least one picture with pixels", "add some"
        )
    if images.dtype == np.float32:
        _check_finite(who, images)


def _check_finite(who: str, images: NDArray[np.float32]) -> None:
    # A float64 sum of finite float32 is finite, and costs no array of flags.
    with np.errstate(invalid="ignore"):
        if np.isfinite(images.sum(dtype=np.float64)):
            return
    wrong = ~np.isfinite(images)
    count = int(wrong.sum())
    index = tuple(map(int, np.unravel_index(np.argmax(wrong), images.shape)))
    raise NonFiniteError(
        who,
        f"{count} pixel{'s are' if count > 1 else ' is'} NaN or infinite, the first at index {index}",
        "finite pixels",
        f"look at images[{index[0]}], drop such pictures or np.nan_to_num(images)",
    )


def _check_integers(who: str, labels: NDArray[Any]) -> None:
    if labels.dtype.kind not in "iu":
        raise DTypeError(who, f"labels of dtype {labels.dtype}", "integers", 'labels.astype("int64")')


def _check_labels(name: str, labels: NDArray[Any], count: int, classes: tuple[str, ...]) -> None:
    who = f"Dataset {name}"
    if labels.ndim != 1:
        raise ShapeError(
            who,
            f"labels of shape {labels.shape}",
            f"1 axis ({count},)",
            "labels.reshape(-1), or argmax(axis=1)",
        )
    _check_integers(who, labels)
    if len(labels) != count:
        raise DataError(
            who, f"{count} images and {len(labels)} labels", "as many of each", "give each picture its label"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= len(classes):
        worst = low if low < 0 else high
        first = int(np.argmax(labels == worst))
        raise LabelError(
            who,
            f"labels from {low} to {high} ({worst} first at index {first})",
            f"0 … {len(classes) - 1} ({len(classes)} classes)",
            "labels - 1 if they count from 1" if low == 1 else "name every class, or correct the labels",
        )


def _check_groups(name: str, groups: NDArray[Any], count: int) -> None:
    if groups.shape != (count,) or groups.dtype.kind not in "iu":
        raise DataError(
            f"Dataset {name}",
            f"groups of shape {groups.shape} and dtype {groups.dtype}",
            f"({count},) integers",
            "give each picture the number of its group, or groups=None",
        )
