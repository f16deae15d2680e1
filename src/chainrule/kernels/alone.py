"""A kernel on the thread that calls it, beside whatever the other threads compute."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..errors import CompileError
from .call import address_of
from .language import Machine
from .language.native import word


def run_alone(kernel: Callable[[Machine], None], arguments: Sequence[np.ndarray | int]) -> None:
    """Run a kernel as one piece; arrays are changed in place.  Meanwhile Python's lock is free.

    arguments:  by slot: contiguous arrays and whole numbers
    Raises CompileError where there is no compiler.

    >>> def double(k):
    ...     x = k.pointer(0, np.dtype(np.float32))
    ...     k.store(x, 0, k.load(x, 0) * 2)
    >>> numbers = np.ones(16, np.float32)
    >>> run_alone(double, [numbers])
    >>> float(numbers.sum())
    32.0
    """
    words = np.array([word(argument) for argument in arguments], np.int64)
    function_of(kernel)(words.ctypes.data, 0)


@cache
def compiles(kernel: Callable[[Machine], None]) -> bool:
    """Whether there is a compiler for this processor; the kernel is compiled then."""
    try:
        function_of(kernel)
    except CompileError:
        return False
    return True


@cache
def function_of(kernel: Callable[[Machine], None]) -> Any:
    """The code of a kernel, to be called from Python."""
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(address_of(kernel))
