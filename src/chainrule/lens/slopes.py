"""What one line hands back, by its gate's own backward: upstream in, downstream for each input out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import GradientError, UsageError
from ..graph import Elementwise, Line, Node, Program, Reduction, Spec, Value, recording, require_grad
from ..graph.backward import downstream
from .values import Values

View = Callable[[np.ndarray], np.ndarray]

MOVING = ("moves", "hands")
"""Patterns of gates that make each output of one element of an input."""


@dataclass(frozen=True)
class Placed:
    """A line with its numbers, as a node whose inputs are leaves of their own.

    inputs:  values; those that a gradient can go to have a leaf
    """

    line: Line
    node: Node
    inputs: tuple[Value, ...]

    @property
    def outs(self) -> tuple[Any, ...]:
        """Shape and dtype of each output."""
        return self.node.out_specs

    def hand(self, upstream: Sequence[Any], *, recorded: bool = False) -> list[Any]:
        """What goes to each input, None where nothing does.

        upstream:  for each output an array or a value, or None
        recorded:  leave it on the graph: it can then be differentiated
        """
        kind = type(self.inputs[0]) if self.inputs else Value
        arrived = [u if u is None or isinstance(u, Value) else kind.of(u) for u in upstream]
        token = recording.set(recorded)
        try:
            with np.errstate(all="ignore"):
                sent = {edge[0]: value for edge, value in downstream(self.node, arrived, kind, None)}
        finally:
            recording.reset(token)
        return [sent.get(value.node) if value.node is not None else None for value in self.inputs]

    def one_hot(self, output: int, index: tuple[int, ...], number: float = 1.0) -> list[Any]:
        """The upstream gradient that is this number at one element of one output, and 0 elsewhere."""
        upstream: list[Any] = [None] * len(self.outs)
        upstream[output] = np.zeros(self.outs[output].shape, self.outs[output].dtype)
        upstream[output][index] = number
        return upstream


def placed(values: Values, line: Line, seen: View | None = None) -> Placed:
    """A line with its numbers.

    seen:  what to make of every array first: another dtype, the shape of the output, one element of it
    """

    program = values.program

    def array(number: int) -> np.ndarray:
        return values[number] if seen is None else np.asarray(seen(values[number]))

    inputs = []
    for number in line.inputs:
        value = program.kind.of(array(number), weak=program.specs[number].weak)
        if value.dtype.kind == "f" and number not in program.constants:
            require_grad(value)
        inputs.append(value)
    outs = tuple(array(n) for n in line.outputs)
    node = Node(line.gate, tuple(inputs), tuple(v.spec for v in inputs), outs, line.origin)
    node.out_specs = tuple(Spec(out.shape, out.dtype) for out in outs)
    return Placed(line, node, tuple(inputs))


def widened(array: np.ndarray) -> np.ndarray:
    """The same numbers in float64."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def gradient_to(values: Values, number: int) -> np.ndarray | None:
    """The loss's gradient to a value, if it has one."""
    slopes = values.program.slopes
    return values[slopes[number]] if number in slopes else None


def gradients_to(values: Values, line: Line) -> list[np.ndarray | None]:
    """The same to each output of a line."""
    return [gradient_to(values, n) for n in line.outputs]


def summed(names: dict[int, str], line: Line, handed: Sequence[Any]) -> dict[str, np.ndarray]:
    """By the path of the input; what goes to one value twice is added."""
    found: dict[str, np.ndarray] = {}
    for number, value in zip(line.inputs, handed, strict=True):
        if value is not None:
            before = found.get(names[number])
            found[names[number]] = value.data if before is None else before + value.data
    return found


def local(values: Values, number: int, index: tuple[int, ...] | None) -> dict[str, np.ndarray]:
    """The derivative of a line's output to each input: of one element, or of each to the element it was made of.

    Raises UsageError without an index where an output is made of several elements.
    """
    line = values.program.lines[values.makers[number]]
    output = line.outputs.index(number)
    if index is not None:
        at = placed(values, line)
        return summed(values.names, line, at.hand(at.one_hot(output, index)))
    one_to_one, shape = isinstance(line.gate, Elementwise), values.program.specs[number].shape
    if not (one_to_one or isinstance(line.gate, Reduction) or line.gate.pattern in MOVING):
        came = f"{values.names[number]} without an index; {line.gate.label} makes each element of several"
        raise UsageError("local", came, "one element of the output", f"index={(0,) * len(shape)}")
    at = placed(values, line, (lambda a: np.broadcast_to(a, shape)) if one_to_one else None)
    upstream: list[Any] = [None] * len(at.outs)
    upstream[output] = np.ones(at.outs[output].shape, at.outs[output].dtype)
    return summed(values.names, line, at.hand(upstream))


def needed_gradient(values: Values, number: int) -> np.ndarray:
    """The loss's gradient to a value.  Raises GradientError that says why there is none."""
    found = gradient_to(values, number)
    if found is None:
        came, expected, hint = why_none(values.program, values.names[number], number)
        raise GradientError("upstream", came, expected, hint)
    return found


def why_none(program: Program, name: str, number: int) -> tuple[str, str, str]:
    """What to say of a value that the way back does not come to."""
    line = next((line for line in program.lines if number in line.outputs), None)
    if not program.slopes:
        hint = "loss.backward() in the step, and requires_grad=True for what shall have a gradient"
        return f"{name} of a step without backward", "a step that goes back", hint
    if program.specs[number].dtype.kind != "f":
        expected = "floats: whole numbers and masks have no slope"
        return f"{name}, {program.specs[number]}", expected, "another value"
    if line is not None and line.phase != "forward":
        made = "on the way back" if line.phase == "backward" else "by the update"
        return f"{name}, made {made}", "a value of the way forward", "value() or explain()"
    if number not in led_by(program):
        return f"{name}, from which nothing leads to the loss", "a value that the loss depends on", "value()"
    came = f"{name}, which needs no gradient: no parameter leads to it, or it is cut off"
    expected = "a value on a path from a parameter to the loss"
    return came, expected, "requires_grad=True, outside no_grad and detach"


def led_by(program: Program) -> set[int]:
    """Every value that the loss is made of."""
    makers = program.makers()
    waiting = [program.root()]
    seen: set[int] = set()
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            waiting.extend(program.lines[makers[number]].inputs if number in makers else ())
    return seen
