"""The values of one replayed step, and which of their numbers are not finite."""

from __future__ import annotations

import numpy as np

from ..graph import Program
from ..graph.mode import run


class Numbers:
    """The values of a program, by number: those that the compiled step made, and where it makes none, what the gate
    makes of them.

    known:  by number; what is computed here is added

    >>> from chainrule import Tensor
    >>> from chainrule.graph import trace
    >>> program = trace(lambda x: (x + 1.0) * 2.0, np.zeros(2, "float32"), kind=Tensor)
    >>> numbers = Numbers(program, {program.inputs[0]: np.array([1.0, np.inf], "float32")})
    >>> numbers[program.output.number], numbers.wrong(program.output.number)
    (array([ 4., inf], dtype=float32), array([False,  True]))
    """

    def __init__(self, program: Program, known: dict[int, np.ndarray]) -> None:
        self.program, self.known = program, program.constants | known
        self._makers = program.makers()
        self._wrong: dict[int, np.ndarray | None] = {}

    def __getitem__(self, number: int) -> np.ndarray:
        if number not in self.known:
            line = self.program.lines[self._makers[number]]
            promised = tuple(self.program.specs[n] for n in line.outputs)
            made = run(line.gate, tuple(self[n] for n in line.inputs), promised)
            self.known.update(zip(line.outputs, made, strict=True))
        return self.known[number]

    def wrong(self, number: int) -> np.ndarray | None:
        """Which numbers of a value are not finite, in its shape; None where all are finite."""
        if number not in self._wrong:
            self._wrong[number] = not_finite(self[number])
        return self._wrong[number]


def not_finite(array: np.ndarray) -> np.ndarray | None:
    """Which numbers of an array are NaN or infinite; None if there are none.

    >>> not_finite(np.array([1.0, np.nan])), not_finite(np.array([1, 2]))
    (array([False,  True]), None)
    """
    if array.dtype.kind != "f":
        return None
    wrong = np.asarray(~np.isfinite(array))
    return wrong if wrong.any() else None


def first(mask: np.ndarray) -> tuple[int, ...]:
    """Where a mask is first true, in row-major order."""
    return tuple(int(i) for i in np.unravel_index(int(mask.argmax()), mask.shape))
