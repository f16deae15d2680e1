"""Where batches come from: what a trainer asks of them, and knows of them before they are gone through."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ..data import Batches, Dataset
from ..errors import DataError, NonFiniteError
from ..finite import all_finite
from ..tensor import Tensor


class BatchSource(Protocol):
    """Batches that can be gone through again and again: `data.Batches`, or a list of pairs of arrays."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...


def sizes_of(batches: BatchSource | None) -> set[int]:
    """How many examples batches hold, where that is known without reading them.

    >>> images, labels = np.zeros((5, 2)), np.arange(5)
    >>> sizes_of([(images[:3], labels[:3]), (images[3:], labels[3:])])
    {2, 3}
    """
    if isinstance(batches, Batches):
        return batches.sizes
    if type(batches) not in (list, tuple):
        return set()
    pairs = [pair for pair in batches or () if isinstance(pair, tuple) and len(pair) == 2]
    return {len(labels) for _, labels in pairs if isinstance(labels, np.ndarray) and labels.ndim}


def blank(size: int, *arrays: Any) -> tuple[Any, ...]:
    """Zeros like a batch, of another size, to compile for; what has no examples along its first axis stays."""
    count = len(arrays[-1])
    return tuple(zeros(x, size) if getattr(x, "shape", ())[:1] == (count,) else x for x in arrays)


def plain_labels(batches: BatchSource, labels: Any) -> Any:
    """Labels like those of batches that are looked at: numbers of classes, though training mixes them."""
    mixed = isinstance(batches, Batches) and batches.mix is None and len(getattr(labels, "shape", ())) == 2
    return np.zeros(len(labels), np.int64) if mixed else labels


def zeros(like: Any, size: int) -> Any:
    """So many examples of zeros, an array or a tensor."""
    made = np.zeros((size, *like.shape[1:]), like.dtype)
    return Tensor(made) if isinstance(like, Tensor) else made


def require_batches(name: str, batches: Any) -> None:
    """Batches have a number and can be gone through again, each a pair of arrays."""
    if isinstance(batches, Dataset):
        hint = "data.Batches(dataset, 64, shuffle=True, transform=data.Normalize.fit(dataset))"
        raise DataError("Trainer.fit", f"{name} is a data set", "batches of it", hint)
    pairs = isinstance(batches, tuple) and any(isinstance(part, np.ndarray) for part in batches)
    if pairs or not (hasattr(batches, "__len__") and hasattr(batches, "__iter__")):
        came = f"{name} is a {type(batches).__name__}{' of arrays' if pairs else ''}"
        raise DataError(
            "Trainer.fit", came, "batches with a length, each (images, labels)", "[(images, labels)]"
        )


def require_finite(images: Any, epoch: int, step: int) -> None:
    """The pictures are numbers: NaN would be in all weights after one step."""
    images = np.asarray(images)
    if not all_finite(images):
        wrong = int((~np.isfinite(images)).sum())
        came = f"{wrong} NaN or infinite pixels in batch {step} of epoch {epoch}"
        raise NonFiniteError(
            "Trainer.fit", came, "finite pictures", "np.nan_to_num(images), or leave them out"
        )
