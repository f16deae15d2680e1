"""A function with its gradients, written down once as a program: what the checks of gradients and set-ups look at."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..errors import DTypeError, GradientError, UsageError
from ..graph import Gate, Program, Value, apply, gradients, recording, trace
from ..graph.spec import Example
from ..graph.value import Leaf, Node
from ..random import Generator
from ..tensor import Tensor


class Wanted(NamedTuple):
    """What a gradient can go to.

    number:  of the value in the program;  kind: "input" or "parameter"
    cell:  the living parameter;  gradient: the number of the gradient, None where the graph leads nowhere
    """

    path: str
    number: int
    kind: str
    cell: Value | None
    gradient: int | None


@dataclass(frozen=True)
class Sketch:
    """The program of a function and its gradients.

    outcome:  the number of the value that the gradients are those of;  outputs: of the floats that it is made of
    wanted:  inputs and parameters, in order;  left_out: what is returned or given and has no slope, for people
    """

    program: Program
    outcome: int
    outputs: list[int]
    wanted: list[Wanted]
    left_out: list[str]

    @property
    def forward(self) -> list[int]:
        """The positions of the lines that the outputs are made by."""
        return needed(self.program, self.outputs)

    @property
    def way(self) -> list[int]:
        """The positions of the lines that outcome and gradients are made by."""
        ends = [self.outcome, *(w.gradient for w in self.wanted if w.gradient is not None)]
        return needed(self.program, ends)


def needed(program: Program, ends: Sequence[int]) -> list[int]:
    """The lines that values are made by, in order."""
    wanted, found = set(ends), []
    for position in reversed(range(len(program.lines))):
        line = program.lines[position]
        if not wanted.isdisjoint(line.outputs):
            found.append(position)
            wanted.update(line.inputs)
    return found[::-1]


def sketched(
    function: Any, inputs: Sequence[Any], *, seed: int = 0, slopes: bool = True, first: bool = False
) -> Sketch:
    """Trace a gate, a module or a function, with the gradient of what it returns to inputs and parameters.

    slopes:  whether floating inputs want a gradient too;  first: the gradient is that of the first output alone
    Several numbers are weighed by random ones and added, so that one outcome has a slope.
    State stays as it is: a trace gives every cell its own numbers back.
    """
    found: dict[str, Any] = {}
    called = callable_of(function)

    def step(*arguments: Any) -> Any:
        token = recording.set(True)
        try:
            returned = called(*arguments)
            total, outputs, left = outcome(returned[0] if first else returned, seed)
            cells = [cell for leaf in leaves(total) if (cell := leaf.value()) is not None]
            made = gradients(total, cells) if cells else []
        finally:
            recording.reset(token)
        given = {id(a): k for k, a in enumerate(arguments) if isinstance(a, Value)}
        found["left"], found["places"] = left, [given.get(id(cell)) for cell in cells]
        # the arguments are promises, which must not be kept
        found["cells"] = [None if id(cell) in given else cell for cell in cells]
        return total, outputs, made, returned

    step.__name__ = name_of(function)
    program = trace(step, *(example(x, slopes) for x in inputs), kind=Value.usual)
    program.argument_names = names_of(function, len(inputs))
    total, outputs, made, program.output = program.output
    refs = [None if ref is None else ref.number for ref in made]
    return Sketch(
        program,
        total.number,
        [ref.number for ref in outputs],
        wanted(program, found["cells"], found["places"], refs),
        [*found["left"], *without_slope(program)],
    )


def callable_of(function: Any) -> Callable[..., Any]:
    """A gate as the function that applies it; others as they are."""
    if isinstance(function, Gate):
        return lambda *inputs: apply(function, *inputs)
    if isinstance(function, type) and issubclass(function, Gate):
        came = f"the class {function.__name__}"
        raise UsageError("check", came, "a gate with its settings", f"{function.__name__}()")
    if not callable(function):
        came = f"a {type(function).__name__}"
        raise UsageError("check", came, "a gate, a module or a function", "check.gradients(function, x)")
    return function


def name_of(function: Any) -> str:
    """
    >>> from chainrule.ops.activation import Relu
    >>> name_of(Relu()), name_of(len)
    ('relu', 'len')
    """
    if isinstance(function, Gate):
        return function.label
    return getattr(function, "__name__", type(function).__name__)


def names_of(function: Any, count: int) -> list[str]:
    """The names that a function has for its inputs."""
    if isinstance(function, Gate):
        own = list(function.inputs[: len(function.inputs) - function.variadic])
    else:
        told = getattr(function, "forward", getattr(function, "function", function))
        try:
            parameters = inspect.signature(told).parameters.values()
        except (TypeError, ValueError):
            parameters = {}.values()
        own = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [*own, *(f"input{k}" for k in range(len(own), count))][:count]


def example(x: Any, slopes: bool) -> Any:
    """An input as the trace takes it: one of floats wants a gradient."""
    if isinstance(x, np.ndarray | Value) and x.dtype.kind == "f" and slopes:
        array = x if isinstance(x, np.ndarray) else x.data
        return Tensor(array, requires_grad=True)
    return x


def outcome(returned: Any, seed: int) -> tuple[Value, list[Value], list[str]]:
    """One number made of all floats that were returned, these floats, and what was returned beside them."""
    values = list(values_in(returned))
    floats = [value for value in values if value.dtype.kind == "f"]
    left = [f"output {k}, {v.spec}: no floats" for k, v in enumerate(values) if v.dtype.kind != "f"]
    if not floats:
        came = left[0] if left else "no tensor returned"
        raise DTypeError("check", came, "at least one output of floats", "return the loss, or the scores")
    if all(value.node is None for value in floats):
        came = f"an output {floats[0].spec} that depends on no parameter, and on no input of floats"
        hint = "requires_grad=True, outside no_grad and detach; an input of floats"
        raise GradientError("check", came, "a path to something that has a gradient", hint)
    rng = Generator(seed).split("weights")
    parts = [part if part.shape == () else weighed(part, rng) for part in floats]
    total = parts[0]
    for part in parts[1:]:
        total = total + ops.astype(part, total.dtype)
    return total, floats, left


def weighed(value: Value, rng: Generator) -> Value:
    """Σ of the elements, each times a number from 0.5 to 1.5."""
    weights = rng.uniform(value.shape, 0.5, 1.5).astype(value.dtype)
    return ops.sum(ops.multiply(value, weights))


def values_in(returned: Any) -> Iterator[Value]:
    """The values among what a function returned."""
    if isinstance(returned, Value):
        yield returned
    elif isinstance(returned, tuple | list | dict):
        for part in returned.values() if isinstance(returned, dict) else returned:
            yield from values_in(part)


def leaves(root: Value) -> Iterator[Leaf]:
    """The leaves that a value depends on, in the order in which they were made."""
    seen: set[Node] = set()
    stack = [] if root.node is None else [root.node]
    while stack:
        node = stack.pop()
        if node.walked:
            came, hint = "a function that calls backward() itself", "the function up to its loss"
            raise GradientError("check", came, "one that only goes forward", hint)
        if node not in seen:
            seen.add(node)
            stack.extend(parent for parent, _ in node.parents if parent is not None)
    return iter(sorted((n for n in seen if isinstance(n, Leaf)), key=lambda n: n.rank))


def wanted(
    program: Program, cells: list[Value | None], places: list[int | None], gradients: list[int | None]
) -> list[Wanted]:
    """Inputs of floats, then parameters that the function read: those without a path have no gradient."""
    names = program.names()
    arrays = [k for k, example in enumerate(program.arguments) if isinstance(example, Example)]
    numbers = dict(zip(arrays, program.inputs, strict=True))
    to_input = {k: g for k, g in zip(places, gradients, strict=True) if k is not None}
    found = [
        Wanted(names[number], number, "input", None, to_input.get(k))
        for k, number in numbers.items()
        if program.arguments[k].requires_grad
    ]
    to_cell = {id(cell): g for cell, g in zip(cells, gradients, strict=True) if cell is not None}
    return found + [
        Wanted(names[number], number, "parameter", cell, to_cell.get(id(cell)))
        for number, cell in program.cells.items()
        if isinstance(cell.node, Leaf)
    ]


def without_slope(program: Program) -> list[str]:
    """Inputs of whole numbers and masks."""
    names = program.names()
    specs = [(names[n], program.specs[n]) for n in program.inputs]
    return [f"{name}, {spec}: no floats" for name, spec in specs if not spec.floating]
