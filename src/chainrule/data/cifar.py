"""CIFAR-10 and CIFAR-100 in their binary version: records of labels and pixels, one behind the other.

A record is one byte of label (CIFAR-100: the coarse, then the fine one), then 3 × 32 × 32 bytes: red, green and blue
planes, each row by row.  Source: Krizhevsky 2009, cs.toronto.edu/~kriz/cifar.html, "Binary version".
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SettingError
from ..reading import check_end, whole_file
from ..words import printable
from .dataset import Dataset
from .published import (
    CIFAR10_CLASSES,
    CIFAR10_TEST,
    CIFAR10_TRAIN,
    CIFAR100_CLASSES,
    CIFAR100_TEST,
    CIFAR100_TRAIN,
)
from .stream import FETCH_AGAIN, fault, reading

Bytes = NDArray[np.uint8]

_SHAPE, _PIXELS = (3, 32, 32), 3 * 32 * 32
_AT_ONCE = 64
_MOST_NAMES = 1 << 16


def read_cifar(path: str | PathLike[str], labels: int = 1) -> tuple[Bytes, Bytes]:
    """Read a file of CIFAR's binary version.

    labels:  bytes of label before each picture: 1 of CIFAR-10, 2 of CIFAR-100 (coarse, fine)
    Returns images (N, 3, 32, 32) uint8 and labels (N, labels) uint8.
    Raises FileError if the file is missing, empty, or no whole number of records; SettingError for other labels.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "test_batch.bin")
    ...     _ = path.write_bytes(bytes([7]) + bytes(3072))
    ...     images, labels = read_cifar(path)
    >>> images.shape, labels.tolist()
    ((1, 3, 32, 32), [[7]])
    """
    if labels not in (1, 2):
        raise SettingError("read_cifar: labels", f"{labels!r}", "1 or 2 bytes", "labels=1 for CIFAR-10")
    record = labels + _PIXELS
    with reading(path, f"records of {record:,} bytes") as (file, size):
        if size == 0 or size % record:
            raise fault(path, f"{size:,} bytes", f"records of {record:,} bytes, one or more", FETCH_AGAIN)
        images, marks = (
            np.empty((size // record, *_SHAPE), np.uint8),
            np.empty((size // record, labels), np.uint8),
        )
        for start in range(0, len(images), _AT_ONCE):
            rows = _rows(file.read, min(_AT_ONCE, len(images) - start), record, path)
            marks[start : start + len(rows)] = rows[:, :labels]
            images[start : start + len(rows)] = rows[:, labels:].reshape(-1, *_SHAPE)
        check_end(file, lambda came: fault(path, came, f"{size:,} bytes", FETCH_AGAIN))
    return images, marks


def _rows(read: Any, count: int, record: int, path: str | PathLike[str]) -> Bytes:
    """So many records."""
    content = b""
    while len(content) < count * record:
        piece = read(count * record - len(content))
        if not piece:
            raise fault(path, "a file that became shorter while it was read", "its records", FETCH_AGAIN)
        content += piece
    return np.frombuffer(content, np.uint8).reshape(count, record)


def read_cifar10(folder: str | PathLike[str]) -> tuple[Dataset, Dataset]:
    """Read CIFAR-10 out of its folder: 50,000 pictures of five batches, and 10,000 of the test.

    Returns (train, test) with the class names of batches.meta.txt.
    Raises FileError for files that are missing or damaged, LabelError for a label without a name.
    """
    place = Path(folder)
    classes = _names(place / CIFAR10_CLASSES)
    return _set([place / name for name in CIFAR10_TRAIN], classes, 1, 0), _set(
        [place / CIFAR10_TEST], classes, 1, 0
    )


def read_cifar100(folder: str | PathLike[str], which: str = "fine") -> tuple[Dataset, Dataset]:
    """Read CIFAR-100 out of its folder: 50,000 and 10,000 pictures in 100 classes, or in their 20 superclasses.

    which:  "fine" or "coarse"
    Returns (train, test) with the class names of the folder's text files.
    Raises FileError for files that are missing or damaged, LabelError for a label without a name.
    """
    place, column = Path(folder), list(CIFAR100_CLASSES).index(which)
    classes = _names(place / CIFAR100_CLASSES[which])
    return (
        _set([place / CIFAR100_TRAIN], classes, 2, column),
        _set([place / CIFAR100_TEST], classes, 2, column),
    )


def _set(files: Sequence[Path], classes: tuple[str, ...], labels: int, column: int) -> Dataset:
    """The pictures of some files as one set."""
    parts = [read_cifar(path, labels) for path in files]
    images = parts[0][0] if len(parts) == 1 else np.concatenate([images for images, _ in parts])
    return Dataset(images, np.concatenate([marks[:, column] for _, marks in parts]), classes, "cifar")


def _names(path: Path) -> tuple[str, ...]:
    """The lines of a text file that say something."""

    def refuse(came: str) -> Any:
        return fault(path, came, "a text file with a class name in each line", FETCH_AGAIN)

    try:
        lines = bytes(whole_file(path, _MOST_NAMES, refuse)).decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise refuse(str(error)) from None
    return tuple(printable(line.strip()) for line in lines if line.strip())
