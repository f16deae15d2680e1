"""Data sets by name or path, each as (train, test). One comes with the package; the others lie in a folder.

The folder is the one that the environment variable CHAINRULE_DATA names, or where `download` puts what is published.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from ..errors import FileError, UsageError
from .cifar import read_cifar10, read_cifar100
from .dataset import Dataset, hold_out, numbered
from .download import missing, not_there
from .folders import read_folder
from .published import IDX_NAMES, SETS, VARIABLE, home
from .readers import is_packed_jpeg, read_idx, read_npz, read_packed_jpeg
from .svhn import read_svhn

Split = tuple[Dataset, Dataset]

_DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
_FASHION_CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_UNPACKED = {"cifar10": "cifar-10-batches-bin", "cifar100": "cifar-100-binary"}
"""Folders that their authors' archives unpack to."""
_DONT_KNOW = 4  # the class of the galaxies that people could not tell


def load(name_or_path: str) -> Split:
    """Load a data set as (train, test).

    fashion-6k          5,000 + 1,000 of Fashion-MNIST from its own two parts; comes with the package
    fashion-mnist       all 60,000 + 10,000; can be downloaded
    mnist               60,000 + 10,000 digits; can be downloaded
    mnist-5k            5,000 digits; a fixed fifth of each class is the test
    cifar10             50,000 + 10,000 pictures of animals and vehicles; can be downloaded
    cifar10-jpeg        CIFAR-10 (JPEG copy), 50,000 + 10,000
    cifar100            50,000 + 10,000 pictures in 100 classes; can be downloaded
    cifar100-coarse     the same in 20 superclasses
    svhn                73,257 + 26,032 digits of house numbers; can be downloaded, and needs SciPy
    gtsrb32-jpeg        German street signs, every third frame of the training films + the full test set; the
                        films are groups, so that `split` keeps each on one side
    galaxyzoo1-64-jpeg  galaxies without the class "dont know"; a fixed fifth of each class is the test. A
                        mirror swaps clockwise and anti-clockwise spirals: do not flip
    pneumoniamnist      chest X-rays, MedMNIST's training and test parts; its validation part is left alone
    orl-faces           40 people; always the same 2 of each one's 10 pictures are the test

    A path is a folder with one sub-folder of pictures a class (or two such folders, train and test), a folder
    of the four IDX files or of CIFAR's binary version, or an npz file that `read_npz` or `read_packed_jpeg`
    reads. Without a test part a fixed fifth of each class is held out. Nothing is fetched from the network:
    that is what `download` does.

    Returns (train, test).
    Raises UsageError for an unknown name, FileError for a missing or damaged file, and the errors of Dataset.

    >>> train, test = load("fashion-6k")
    >>> train
    Dataset('fashion-6k': 5000 of (1, 28, 28) uint8, 10 classes)
    """
    if name_or_path in _SOURCES:
        return _named(_SOURCES[name_or_path](), name_or_path)
    path = Path(name_or_path).expanduser()
    if name_or_path and path.is_dir():
        return _load_folder(path)
    if path.is_file() or path.suffix or os.path.dirname(name_or_path):
        return _load_npz(path)
    raise _unknown(name_or_path)


def names() -> tuple[str, ...]:
    """Return the names that `load` knows, the default first."""
    return tuple(_SOURCES)


def _fashion_6k() -> Split:
    with as_file(files(__package__) / "embedded" / "fashion_6k.npz") as path:
        return _with_classes(read_npz(path), _FASHION_CLASSES)


def _fashion_mnist() -> Split:
    root = [Path(os.environ[VARIABLE])] if os.environ.get(VARIABLE) else []
    folder = _found("fashion-mnist", [*_places("fashion-mnist"), *root, _DEBIAN_FASHION], _idx_files)
    return _with_classes(_read_idx_folder(folder), _FASHION_CLASSES)


def _mnist() -> Split:
    return _read_idx_folder(_found("mnist", _places("mnist"), _idx_files))


def _cifar10() -> Split:
    return read_cifar10(_whole("cifar10"))


def _cifar100() -> Split:
    return read_cifar100(_whole("cifar100"))


def _cifar100_coarse() -> Split:
    return read_cifar100(_whole("cifar100"), "coarse")


def _svhn() -> Split:
    return read_svhn(_whole("svhn"))


def _places(name: str) -> list[Path]:
    """The folders that a published set may lie in."""
    place = home(name)
    return [place, *(place.with_name(folder) for key, folder in _UNPACKED.items() if key == name)]


def _whole(name: str) -> Path:
    """The folder that has all files of a published set."""
    return _found(name, _places(name), lambda folder: not missing(SETS[name], folder))


def _found(name: str, places: list[Path], there: Callable[[Path], object]) -> Path:
    """The first of some folders in which a published set is there."""
    for folder in places:
        if there(folder):
            return folder
    raise not_there(name, places)


def _galaxies() -> Split:
    train, test = read_packed_jpeg(_in_data_folder("galaxyzoo1_64_jpeg.npz"))
    return _without_class(train, _DONT_KNOW), _without_class(test, _DONT_KNOW)


def _pneumonia() -> Split:
    return _with_classes(read_npz(_in_data_folder("pneumoniamnist.npz")), ("normal", "pneumonia"))


_SOURCES: dict[str, Callable[[], Split]] = {
    "fashion-6k": _fashion_6k,
    "fashion-mnist": _fashion_mnist,
    "mnist": _mnist,
    "mnist-5k": lambda: read_npz(_in_data_folder("mnist_5k.npz")),
    "cifar10": _cifar10,
    "cifar10-jpeg": lambda: read_packed_jpeg(_in_data_folder("cifar10_jpeg.npz")),
    "cifar100": _cifar100,
    "cifar100-coarse": _cifar100_coarse,
    "svhn": _svhn,
    "gtsrb32-jpeg": lambda: read_packed_jpeg(_in_data_folder("gtsrb32_jpeg.npz")),
    "galaxyzoo1-64-jpeg": _galaxies,
    "pneumoniamnist": _pneumonia,
    "orl-faces": lambda: read_npz(_in_data_folder("orl_faces.npz")),
}


def _in_data_folder(file: str) -> Path:
    folder = os.environ.get(VARIABLE)
    path = Path(folder or ".") / file
    if folder and path.is_file():
        return path
    raise FileError(
        file,
        f"it is not in {folder}" if folder else f"{VARIABLE} is not set",
        f"the file in the folder that {VARIABLE} names",
        f"export {VARIABLE}=/path/to/the/folder, or fashion-6k, which comes with the package",
    )


def _load_folder(path: Path) -> Split:
    if _idx_files(path):
        return _named(_read_idx_folder(path), path.resolve().name)
    for own, read in (("cifar10", read_cifar10), ("cifar100", read_cifar100)):
        if not missing(SETS[own], path):
            return _named(read(path), path.resolve().name)
    _require_all(path)
    train, test = path / "train", path / "test"
    if not (train.is_dir() and test.is_dir()):
        return hold_out(read_folder(path))
    first, second = read_folder(train), read_folder(test)
    if first.classes != second.classes or first.shape != second.shape:
        raise FileError(
            str(test),
            f"classes {', '.join(second.classes)} of shape {second.shape}",
            f"those of {train}: {', '.join(first.classes)} of shape {first.shape}",
            "the same sub-folders and kind of picture in both",
        )
    return _named((first, second), path.resolve().name)


def _require_all(path: Path) -> None:
    """A folder without sub-folders has all files of a published set, or none, or a FileError says what it lacks."""
    if any(inner.is_dir() for inner in path.iterdir()):
        return
    idx = [name for name in IDX_NAMES if not (path / name).is_file() and not (path / f"{name}.gz").is_file()]
    cifars = (
        (missing(SETS[own], path), sum(len(f.kept) for f in SETS[own])) for own in ("cifar10", "cifar100")
    )
    for lacking, files_in_all in ((idx, len(IDX_NAMES)), *cifars):
        if 0 < len(lacking) < files_in_all:
            hint = "fetch them, too, or begin again with chainrule download"
            raise FileError(str(path), f"it lacks {', '.join(lacking)}", "all files of the set", hint)


def _load_npz(path: Path) -> Split:
    return read_packed_jpeg(path) if is_packed_jpeg(path) else read_npz(path)


def _idx_files(folder: Path) -> list[Path]:
    """Return the four IDX files of a folder, plain or gzip, or none."""
    pairs = ((folder / name, folder / f"{name}.gz") for name in IDX_NAMES)
    found = [next((path for path in pair if path.is_file()), None) for pair in pairs]
    return [path for path in found if path is not None] if None not in found else []


def _read_idx_folder(folder: Path) -> Split:
    images, labels, test_images, test_labels = map(read_idx, _idx_files(folder))
    classes = numbered(labels, test_labels)
    return (
        Dataset(images[:, np.newaxis], labels, classes),
        Dataset(test_images[:, np.newaxis], test_labels, classes),
    )


def _with_classes(split: Split, classes: tuple[str, ...]) -> Split:
    train, test = split
    return replace(train, classes=classes), replace(test, classes=classes)


def _named(split: Split, name: str) -> Split:
    train, test = split
    return replace(train, name=name), replace(test, name=name)


def _without_class(dataset: Dataset, unwanted: int) -> Dataset:
    """Drop one class; those after it move down by one."""
    kept = dataset[dataset.labels != unwanted]
    classes = dataset.classes[:unwanted] + dataset.classes[unwanted + 1 :]
    return replace(kept, labels=kept.labels - (kept.labels > unwanted), classes=classes)


def _unknown(name: str) -> UsageError:
    near = difflib.get_close_matches(name.lower(), _SOURCES, n=3, cutoff=0.5)
    return UsageError(
        f"data set {name!r}",
        "no such name, and no such file or folder",
        f"one of {', '.join(_SOURCES)}, or a path",
        " or ".join(near) if near else "fashion-6k, which comes with the package",
    )
