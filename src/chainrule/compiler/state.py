"""The arrays in which compiled steps keep state: one for each cell, at an address that stays."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable

import numpy as np

from ..graph import Value

_owned: dict[int, tuple[weakref.ref[Value], np.ndarray]] = {}
_versions: dict[int, int] = {}
_count = itertools.count()


def owned(cell: Value) -> np.ndarray:
    """The array of a cell that plans write to.  The first time the cell's numbers are copied into it, since the
    array that the cell had may belong to others too.
    """
    entry = _owned.get(id(cell))
    if entry is not None and entry[0]() is cell:
        array = entry[1]
    else:
        array = aligned_empty(cell.data.shape, cell.data.dtype)
        key = id(cell)
        _owned[key] = (weakref.ref(cell, lambda _: _owned.pop(key, None)), array)
    adopt(cell, array)
    return array


def adopt(cell: Value, array: np.ndarray) -> None:
    """Take over numbers that were set from outside."""
    if cell.data is not array:
        np.copyto(array, cell.data)
        cell.data = array
        changed([id(array)])


def changed(arrays: Iterable[int]) -> None:
    """Note that the arrays of these ids hold other numbers now."""
    version = next(_count)
    for number in arrays:
        _versions[number] = version


def versions(arrays: Iterable[int]) -> list[int]:
    """When the arrays of these ids changed: equal lists, equal numbers."""
    return [_versions.get(number, -1) for number in arrays]


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array that begins at a cache line."""
    count = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    raw = np.empty(count + 64, np.uint8)
    skip = -raw.ctypes.data % 64
    return raw[skip : skip + count].view(dtype).reshape(shape)
