"""The values of one step, computed when somebody asks: by the interpreter, or as the compiled step made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ChainruleError, UsageError
from ..graph import Program, advance, given


class Values:
    """The arrays of a step by number, for one batch and the state of the moment; no state is ever changed.

    names:  the path of each value;  makers: the line that makes it, from 0;  done: so many lines have run
    program, batch:  what runs, and its arguments
    compiled:  the values that a compiled step made; then nothing is computed here

    >>> import chainrule as cr
    >>> program = cr.trace(lambda x: (x * 2).sum(), np.ones(3, "float32"))
    >>> float(Values(program, (np.ones(3, "float32"),))[program.output.number])
    6.0
    """

    def __init__(
        self, program: Program, batch: tuple[Any, ...], compiled: Mapping[int, np.ndarray] | None = None
    ) -> None:
        self.program, self.compiled = program, compiled
        self.names = program.names()
        there = given(program, *batch)
        # a compiled step writes its parameters in place, and the batch is the user's
        living = (*program.inputs, *program.cells)
        self.known = there | {n: np.array(there[n], order="K") for n in living}
        self.makers = program.makers()
        self.done = 0

    def __getitem__(self, number: int) -> np.ndarray:
        if number in self.known:
            return self.known[number]
        if self.compiled is None:
            self.advance(self.makers[number] + 1)
            return self.known[number]
        if number not in self.compiled:
            came = f"{self.names[number]}, which the compiled step does not make"
            hint = "debug(step, *batch) without compiled=True, where the interpreter makes every value"
            raise UsageError("debug", came, "a value of the compiled step", hint)
        return self.compiled[number]

    def has(self, number: int) -> bool:
        """Whether the value is there, or can be computed."""
        return self.compiled is None or number in self.known or number in self.compiled

    def advance(self, lines: int) -> None:
        """Have the first so many lines run.  Raises what a gate raises for what it was given."""
        if self.compiled is None:
            for line in self.program.lines[self.done : lines]:
                try:
                    advance(self.program, line, self.known)
                except ChainruleError as error:
                    raise error.at(line.place.layer, str(line.place)) from None
                self.done += 1
