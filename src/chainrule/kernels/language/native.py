"""The compiled life of one kernel, for tests and tools: write, compile, load, call piece by piece."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence

import numpy as np

from .engine import Engine
from .engine import engine as shared
from .llvm import write
from .machine import Machine


def run_native(
    kernel: Callable[[Machine], None],
    arguments: Sequence[np.ndarray | int],
    pieces: int,
    engine: Engine | None = None,
) -> None:
    """Run all pieces of a kernel, one after the other; arrays are changed in place.

    Nothing is checked but that arrays are contiguous: what `run_checked` refuses may end the process here.

    arguments:  by slot: contiguous arrays and whole numbers
    """
    written = write(kernel)
    address = (engine or shared()).load([written])[written.name]
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(address)
    table = np.array([word(argument) for argument in arguments], dtype=np.int64)
    for piece in range(pieces):
        call(table.ctypes.data, piece)


def word(argument: np.ndarray | int) -> int:
    """An argument as the kernel gets it: the address of an array, or a number."""
    if not isinstance(argument, np.ndarray):
        return int(argument)
    if not argument.flags.c_contiguous:
        raise ValueError("run_native: an array that is not contiguous")
    return argument.ctypes.data
