"""A kernel that runs by itself, outside of any plan: loaded once, run on the threads that there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from .language import Machine, engine, write
from .language.native import word
from .threads import pool


class Call:
    """A kernel with its arguments, whose memory is held as long as this is.

    arguments:  by slot: contiguous arrays and whole numbers;  pieces: 1 to 16, which threads share
    Raises CompileError where there is no compiler.

    >>> def double(k):
    ...     x = k.pointer(0, np.dtype(np.float32))
    ...     k.store(x, k.piece * 16, k.load(x, k.piece * 16) * 2)
    >>> numbers = np.ones(32, np.float32)
    >>> Call(double, [numbers], 2).run()
    >>> float(numbers.sum())
    64.0
    """

    def __init__(
        self, kernel: Callable[[Machine], None], arguments: Sequence[np.ndarray | int], pieces: int
    ) -> None:
        self.arguments = list(arguments)
        self._words = np.array([word(argument) for argument in arguments], np.int64)
        self._record = np.array([address_of(kernel), self._words.ctypes.data, pieces, 0], np.int64)

    def run(self) -> None:
        """Run all pieces; arrays are changed in place."""
        pool().run(self._record.ctypes.data, 1)


@cache
def address_of(kernel: Callable[[Machine], None]) -> int:
    """Where the code of a kernel is; equal descriptions are written down once."""
    written = write(kernel)
    return engine().load([written])[written.name]
