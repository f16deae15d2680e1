"""A traced step made ready: its plan, those of who watches it, and for which arguments and modes it is the step."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..graph import Program, Ref, Value
from .arrange import Arrangement, arrange
from .glass import Glass
from .inputs import as_input, kind_of, numbers_of
from .plan import Plan
from .room import Arenas
from .values import matching, values_of
from .watch import watching

MOST_WATCHES = 4
"""Watches whose plans are remembered."""


@contextmanager
def without_collections() -> Iterator[None]:
    """Inside, Python looks for no cycles: a trace makes thousands of objects, and drops few."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Ready:
    """A program with its plan, and under what conditions it is the step.

    conditions:  (object, attribute, value): what the trace saw of modes;  trained: which cells had a gradient
    arenas:  memory that its plan shares with others
    """

    def __init__(
        self, program: Program, keep_gradients: bool, arguments: tuple[Any, ...], arenas: Arenas
    ) -> None:
        self.program, self.arenas = program, arenas
        self.expected = [kind_of(x) for x in arguments]
        self.made: Arrangement = arrange(program, keep_gradients=keep_gradients)
        self.conditions = program.conditions
        self.trained = [(cell, cell.node is not None) for cell in program.cells.values()]
        self.keep_gradients = keep_gradients
        self.watches: dict[tuple[frozenset[int], frozenset[int]], Plan] = {}
        self.matched: dict[tuple[str, ...], dict[str, int]] = {}
        self.single = program.output.number if isinstance(program.output, Ref) else None

    @functools.cached_property
    def plan(self) -> Glass:
        """The plan, made when it is first needed."""
        with without_collections():
            return Glass(self.made, arenas=self.arenas)

    def holds(self) -> bool:
        """Whether modes and trained parameters are those of the trace."""
        for thing, name, value in self.conditions:
            if getattr(thing, name) != value:
                return False
        return all((cell.node is not None) is wanted for cell, wanted in self.trained)

    def taken(self, arguments: tuple[Any, ...]) -> list[np.ndarray] | None:
        """The arrays among the arguments, if this is the plan for these arguments now; every call asks."""
        if len(arguments) != len(self.expected):
            return None
        arrays = []
        for x, expected in zip(arguments, self.expected, strict=True):
            if x.__class__ is np.ndarray:
                if len(expected) != 2 or expected[0] != x.shape or expected[1] != x.dtype:
                    return None
                arrays.append(as_input(x))
            elif kind_of(x) != expected:
                return None
            elif isinstance(x, Value | np.ndarray):
                arrays.append(as_input(numbers_of(x)))
        return arrays if self.holds() else None

    def arrays(self, arguments: tuple[Any, ...]) -> list[np.ndarray]:
        """The arrays among the arguments, as kernels read them."""
        return [as_input(numbers_of(x)) for x in arguments if isinstance(x, Value | np.ndarray)]

    @functools.cached_property
    def values(self) -> dict[str, int]:
        """Every value that the plan computes or reads, by path."""
        return values_of(self.program, self.made)

    def matching(self, patterns: tuple[str, ...]) -> dict[str, int]:
        """The values whose paths match; remembered, since a watch asks at every step."""
        found = self.matched.get(patterns)
        if found is None:
            if len(self.matched) >= MOST_WATCHES:
                self.matched.clear()
            found = self.matched[patterns] = matching(self.values, patterns, f"watch {self.program.name}")
        return found

    def watching(self, copied: frozenset[int], summed: frozenset[int]) -> Plan:
        """The plan that copies some values and sums others up; a few are remembered."""
        key = copied, summed
        if key not in self.watches:
            if len(self.watches) >= MOST_WATCHES:
                self.watches.clear()
            self.watches[key] = watching(self.made, copied, summed, self.arenas)
        return self.watches[key]
