"""Element types: a NumPy dtype, what LLVM calls it, how memory holds it.  Every dtype has 16 lanes."""

from __future__ import annotations

from typing import Final

import numpy as np

LANES: Final = 16
"""Logical lanes of every vector on every host; LLVM splits them over the registers there are."""

CACHE_LINE: Final = 64
"""Bytes that come from memory in one go, and go there."""

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
I32, I64 = np.dtype(np.int32), np.dtype(np.int64)
U8, U32, U64 = np.dtype(np.uint8), np.dtype(np.uint32), np.dtype(np.uint64)
BOOL = np.dtype(np.bool_)

FLOATS = {4: "float", 8: "double"}


def element(dtype: np.dtype) -> str:
    """The LLVM type of one lane in a register: a mask has bits."""
    if dtype.kind == "b":
        return "i1"
    return FLOATS[dtype.itemsize] if dtype.kind == "f" else f"i{8 * dtype.itemsize}"


def stored(dtype: np.dtype) -> str:
    """The LLVM type of one element in memory: a mask has bytes."""
    return "i8" if dtype.kind == "b" else element(dtype)


def vector(dtype: np.dtype) -> str:
    """The LLVM type of a vector in registers."""
    return f"<{LANES} x {element(dtype)}>"


def suffix(dtype: np.dtype) -> str:
    """How intrinsics name the vector type: v16f32."""
    return f"v{LANES}{'f' if dtype.kind == 'f' else 'i'}{bits_of(dtype)}"


def memory_suffix(dtype: np.dtype) -> str:
    """How intrinsics name the vector type in memory: v16i8 of a mask."""
    return f"v{LANES}i8" if dtype == BOOL else suffix(dtype)


def bits_of(dtype: np.dtype) -> int:
    """How many bits one lane has in a register."""
    return 1 if dtype.kind == "b" else 8 * dtype.itemsize


def integer_of(dtype: np.dtype) -> np.dtype:
    """The signed integer dtype of the same width."""
    return np.dtype(f"i{dtype.itemsize}")
