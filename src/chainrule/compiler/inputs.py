"""Arguments of a compiled step: what a plan depends on of them, and as kernels read them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import TraceError
from ..graph import Value

READY = 0x101
"""NumPy's flags for row-major and aligned."""


def kind_of(x: Any) -> Any:
    """What a plan depends on of an argument."""
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype
    if isinstance(x, Value):
        return x.shape, x.dtype, x.weak, x.node is not None
    try:
        hash(x)
    except TypeError:
        came = f"an argument of type {type(x).__name__}"
        raise TraceError(
            "compile", came, "arrays, tensors, numbers, strings", "each array by itself"
        ) from None
    return type(x), x


def numbers_of(x: Value | np.ndarray) -> np.ndarray:
    """The array of a tensor, or the array itself."""
    return x.data if isinstance(x, Value) else x


def as_input(array: np.ndarray) -> np.ndarray:
    """An argument as kernels read it: row-major, aligned, of the machine's byte order; copied if need be."""
    if array.flags.num & READY == READY and array.dtype.isnative:
        return array
    return np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(array.shape)


def as_example(x: Any) -> Any:
    """An argument as the step is traced with: an array of foreign byte order is read as one of ours."""
    return as_input(x) if isinstance(x, np.ndarray) and not x.dtype.isnative else x
