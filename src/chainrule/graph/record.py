"""What a step does, written down: lines `value <- gate(values)`, the state they read, what they change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .gate import Gate
from .origin import Origin, origin
from .spec import Spec
from .value import Value

PHASES = ("forward", "backward", "update")
"""What a line is for, in the order of a step."""


@dataclass(frozen=True)
class Line:
    """One gate applied: the numbers of the values it reads and of those it makes.

    phase: one of `PHASES`
    again: whether it belongs to the second run of a checkpoint, whose numbers are those of the first
    """

    gate: Gate
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    origin: int
    phase: str = "forward"
    again: bool = False

    @property
    def place(self) -> Origin:
        """The user's line and the layer; a backward line inherits the forward's."""
        return origin(self.origin)


@dataclass
class Record:
    """What a step does, for fixed shapes: read by the interpreter, the compiler, the debugger, the exporters.

    specs:      of every value, by number
    inputs:     numbers of the step's array arguments, in order
    cells:      state read by the step (parameters, slots, rates, counters): number -> the living value
    constants:  arrays and numbers written into the step
    lines:      in order of execution
    updates:    (cell, number): assigned together when all lines have run
    gradients:  (parameter, number or None): what `.grad` is after the step
    slopes:     the number of a value -> that of the loss's gradient to it
    conditions: (object, attribute, value): what the step saw of modes, such as a layer's `training`
    output:     what the step returned, with `Ref(number)` in the places of values
    """

    name: str
    kind: type[Value]
    argument_names: list[str] = field(default_factory=list)
    specs: list[Spec] = field(default_factory=list)
    arguments: Any = None
    inputs: list[int] = field(default_factory=list)
    cells: dict[int, Value] = field(default_factory=dict)
    constants: dict[int, np.ndarray] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    updates: list[tuple[Value, int]] = field(default_factory=list)
    gradients: list[tuple[Value, int | None]] = field(default_factory=list)
    slopes: dict[int, int] = field(default_factory=dict)
    conditions: list[tuple[Any, str, Any]] = field(default_factory=list)
    output: Any = None

    def makers(self) -> dict[int, int]:
        """For each value that a line makes the number of that line."""
        return {n: k for k, line in enumerate(self.lines) for n in line.outputs}
