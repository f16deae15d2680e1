"""Street View House Numbers, cropped digits: MATLAB files, read by SciPy where that is installed."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import MissingExtraError
from .dataset import Dataset
from .published import SVHN_TEST, SVHN_TRAIN
from .stream import FETCH_AGAIN, fault, reading

_EXPECTED = "X (32, 32, 3, N) uint8 and y (N, 1), as MATLAB writes them"
_NAUGHT = 10


def read_svhn(folder: str | PathLike[str]) -> tuple[Dataset, Dataset]:
    """Read the cropped digits of SVHN: 73,257 pictures to learn from and 26,032 of the test, 3×32×32.

    The files call the digit 0 number 10; here it is class 0.
    Returns (train, test).
    Raises FileError for files that are missing or damaged, MissingExtraError without SciPy.
    Source: Netzer et al. 2011, ufldl.stanford.edu/housenumbers, format 2.
    """
    place = Path(folder)
    return _set(place / SVHN_TRAIN), _set(place / SVHN_TEST)


def _set(path: Path) -> Dataset:
    arrays = _arrays(path)
    nothing = np.zeros(0)
    images, labels = arrays.get("X", nothing), arrays.get("y", nothing)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[:3] != (32, 32, 3):
        raise fault(path, f"a file with {sorted(arrays)}", _EXPECTED, FETCH_AGAIN)
    if labels.size != images.shape[3] or labels.dtype.kind not in "iu":
        raise fault(path, f"{images.shape[3]} pictures, labels {labels.shape}", _EXPECTED, FETCH_AGAIN)
    digits = labels.reshape(-1).astype(np.int64)
    pictures = np.ascontiguousarray(images.transpose(3, 2, 0, 1))
    return Dataset(pictures, np.where(digits == _NAUGHT, 0, digits), tuple("0123456789"), "svhn")


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a MATLAB file, by name."""
    try:
        from scipy.io import loadmat  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError(
            "svhn",
            "SciPy, which reads MATLAB files, is not installed",
            "SciPy",
            "pip install 'chainrule[svhn]'",
        ) from None
    with reading(path, "a MATLAB file (version 5)") as (file, _):
        try:
            found: dict[str, Any] = loadmat(file, variable_names=["X", "y"])
        except Exception as error:  # a broken file makes SciPy raise nearly anything
            raise fault(path, f"it cannot be read ({error})", _EXPECTED, FETCH_AGAIN) from error
    return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}
