"""Run a step once on promises instead of arrays, and write down every gate it applies."""

from __future__ import annotations

import gc
import inspect
import time
import weakref
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from ..errors import TraceError
from .gate import Gate
from .mode import mode
from .origin import here, layer, origin, phase
from .program import Program
from .record import Line
from .spec import Example, Ref, Spec
from .value import Leaf, Node, Value

PATIENCE = (0.0, 0.01, 0.05, 0.2, 0.8)
"""Seconds that a trace waits, one after the other, until nobody holds a frame of its step."""


class Promise:
    """The promise of an array: a number in a program.  It has a shape and a dtype, and no numbers to look at."""

    __slots__ = ("__weakref__", "dtype", "number", "origin", "owner", "shape")

    def __init__(self, spec: Spec, number: int, origin: int, owner: Program) -> None:
        self.shape, self.dtype = spec.shape, spec.dtype
        self.number, self.origin, self.owner = number, origin, owner

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TraceError(
            "trace",
            f"a look at the numbers of a promised value {Spec(self.shape, self.dtype)}",
            "a step that only computes: it is written down before there are numbers",
            "where(condition, a, b) instead of if; return a value to look at it after the step",
        ).at("", str(origin(here())))

    __array__ = __bool__ = __float__ = __int__ = __index__ = __iter__ = __getitem__ = item = tolist = _refuse


class Tracer:
    """The mode that writes lines.  State is found by identity: any living value that is read becomes a cell."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.known: dict[int, tuple[Any, int]] = {}  # id of a constant array -> it, and its number
        self.numbers: dict[tuple[str, str, bytes], int] = {}  # constant numbers, by their bits
        self.saved: dict[int, tuple[Value, Any, Promise]] = {}  # cell, its data before the trace, its promise
        self.grads: dict[int, tuple[Value, Value | None]] = {}  # .grad before the trace
        self.promises: list[weakref.ref[Promise]] = []
        self.nodes: dict[int, tuple[Node, tuple[int, ...]]] = {}  # id of a node -> it, its outputs' numbers
        self.first: dict[int, int] = {}  # what a second run made -> the same of the first run

    def compute(self, gate: Gate, inputs: tuple[Value, ...], promised: tuple[Spec, ...]) -> tuple[Any, ...]:
        place = here()
        made = tuple(self.promise(spec, place) for spec in promised)
        read = tuple(self.number(v) for v in inputs)
        again, numbers = phase.get() == "again", tuple(p.number for p in made)
        self.program.lines.append(
            Line(gate, read, numbers, place, "backward" if again else phase.get(), again)
        )
        return made

    def promise(self, spec: Spec, place: int) -> Promise:
        """A new value of the program."""
        promise = Promise(spec, len(self.program.specs), place, self.program)
        self.program.specs.append(spec)
        self.promises.append(weakref.ref(promise))
        return promise

    def new(self, spec: Spec) -> int:
        """The number of a value that no gate makes."""
        self.program.specs.append(spec)
        return len(self.program.specs) - 1

    def number(self, value: Value) -> int:
        """The number of a value: its promise's, or that of the cell or constant it becomes."""
        data = value.data
        if isinstance(data, Promise):
            return self.own(data).number
        if value.constant:
            return self.constant(value)
        return self.capture(value).number

    def capture(self, cell: Value) -> Promise:
        """State read for the first time: until the trace ends it holds a promise in the place of its numbers."""
        promise = self.promise(cell.spec, here())
        self.program.cells[promise.number] = cell
        self.saved[id(cell)] = (cell, cell.data, promise)
        cell.data = promise
        return promise

    def read(self, value: Value) -> Any:
        if not isinstance(value.data, Promise) and not value.constant:
            self.capture(value)
        return value.data

    def constant(self, value: Value) -> int:
        """The number of an array or a Python number written into the step; equal numbers share one."""
        data = value.data
        if data.ndim == 0:
            key = (data.dtype.str, str(value.weak), data.tobytes())
            if key not in self.numbers:
                self.numbers[key] = self.new(value.spec)
                self.program.constants[self.numbers[key]] = data
            return self.numbers[key]
        if id(data) not in self.known:
            self.known[id(data)] = (data, self.new(value.spec))
            self.program.constants[self.known[id(data)][1]] = data
        return self.known[id(data)][1]

    def own(self, promise: Promise) -> Promise:
        """The promise, if it is one of this trace."""
        if promise.owner is not self.program:
            came = "a promise of another trace"
            raise TraceError("trace", came, "values of this step", "return it from the step that made it").at(
                layer.get(), str(origin(here()))
            )
        return promise

    def assign(self, target: Value, value: Value) -> None:
        self.read(target)  # a cell even if no gate reads it
        if not isinstance(value.data, Promise):
            raise TraceError(
                "assign",
                f"{target.name or 'a value'} set to numbers of outside the step",
                "a value that the step computes",
                "set it between the steps",
            ).at(layer.get(), str(origin(here())))
        target.data = value.data

    def gradient(self, value: Value) -> Value | None:
        if id(value) not in self.grads and (id(value) in self.saved or not isinstance(value.data, Promise)):
            raise TraceError(
                "backward",
                f"a gradient that would be added to the one an earlier step left in {value.name or 'a parameter'}.grad",
                "a step that starts from no gradients",
                "optimizer.zero_grad() at the top of the step",
            ).at("", str(origin(here())))
        return value._grad

    def set_gradient(self, value: Value, gradient: Value | None) -> None:
        self.grads.setdefault(id(value), (value, value._grad))
        value._grad = gradient

    def depends(self, thing: Any, attribute: str) -> None:
        """The step is this one as long as the attribute is what it is now."""
        condition = (thing, attribute, getattr(thing, attribute))
        if all(known[0] is not thing or known[1] != attribute for known in self.program.conditions):
            self.program.conditions.append(condition)

    def placed(self, node: Node, outs: tuple[Any, ...]) -> None:
        """Remember which values a node made."""
        self.nodes[id(node)] = node, tuple(p.number for p in outs)

    def arrived(self, node: Node, gradients: list[Value | None]) -> None:
        """The gradient to each output of a node is complete."""
        for number, gradient in zip(self.made_by(node), gradients, strict=False):
            if gradient is not None:
                self.program.slopes.setdefault(self.first.get(number, number), self.number(gradient))

    def written(self) -> int:
        """How many lines there are."""
        return len(self.program.lines)

    def repeated(self, first: int, second: int) -> None:
        """The lines from `second` on are those from `first` on once more: gradients are those of the first values."""
        lines = self.program.lines
        for once, again in zip(lines[first:second], lines[second:], strict=False):
            self.first.update(zip(again.outputs, once.outputs, strict=False))

    def made_by(self, node: Node) -> tuple[int, ...]:
        """The numbers of a node's outputs; a leaf's is that of the cell."""
        if id(node) in self.nodes:
            return self.nodes[id(node)][1]
        cell = self.saved.get(id(node.value())) if isinstance(node, Leaf) else None
        return (cell[2].number,) if cell else ()

    def finish(self, output: Any) -> None:
        """Write outputs, updates and gradients down."""
        program = self.program
        program.output = self.referred(output)
        for cell, _, promise in self.saved.values():
            if cell.data is not promise:
                program.updates.append((cell, self.own(cell.data).number))
        for value, _ in self.grads.values():
            if id(value) in self.saved or not isinstance(value.data, Promise):
                program.gradients.append((value, None if value._grad is None else self.number(value._grad)))

    def restore(self) -> None:
        """Every cell gets its own data and gradient back."""
        for cell, before, _ in self.saved.values():
            cell.data = before
        for value, gradient in self.grads.values():
            value._grad = gradient
        self.saved.clear()
        self.grads.clear()
        self.nodes.clear()

    def referred(self, output: Any) -> Any:
        """The step's output with references in the places of values."""
        if isinstance(output, Value):
            return Ref(self.number(output))
        if isinstance(output, tuple | list):
            return type(output)(self.referred(o) for o in output)
        if isinstance(output, dict):
            return {key: self.referred(o) for key, o in output.items()}
        return output

    def check_no_promise_is_kept(self) -> None:
        """A promise that outlives the trace would be a value without numbers in the user's hands.

        A profiler on another thread, as workers of a cluster have, may hold the frames of a step for a moment longer.
        """
        for seconds in PATIENCE:
            if not any(r() is not None for r in self.promises):
                return
            time.sleep(seconds)
            gc.collect()
        for reference in self.promises:
            promise = reference()
            if promise is not None:
                raise TraceError(
                    "trace",
                    f"a promised value {Spec(promise.shape, promise.dtype)} that is kept after the step",
                    "values that live inside the step, or are returned",
                    "return it from the step instead of storing it",
                ).at(origin(promise.origin).layer, str(origin(promise.origin)))


def trace(function: Callable[..., Any], *examples: Any, kind: type[Value]) -> Program:
    """Record function(*examples) as a Program; arrays and values among the examples become its inputs."""
    if isinstance(mode.get(), Tracer):
        raise TraceError(
            "trace", "a trace inside of a trace", "one step at a time", "trace the outer step only"
        ).at("", str(origin(here())))
    program = Program(getattr(function, "__name__", "step"), kind, argument_names(function, len(examples)))
    tracer = Tracer(program)
    program.arguments = tuple(as_example(x) for x in examples)
    token = mode.set(tracer)
    try:
        arguments = [promised(tracer, x, kind) for x in program.arguments]
        tracer.finish(function(*arguments))
        del arguments
    finally:
        tracer.restore()
        mode.reset(token)
    tracer.check_no_promise_is_kept()
    return program


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the step's arguments, for people."""
    try:
        names = [
            p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_POSITIONAL
        ]
    except ValueError:
        names = []
    return [*names, *(f"input{k}" for k in range(len(names), count))][:count]


def as_example(x: Any) -> Any:
    """What the program remembers of an argument: the spec of an array, or the thing itself."""
    if isinstance(x, Value):
        return Example(x.spec, x.node is not None)
    if not isinstance(x, np.ndarray) and holds_arrays(x):
        came = f"a {type(x).__name__} of arrays as an argument"
        raise TraceError("trace", came, "each array as an argument of its own", "step(images, labels)").at(
            "", str(origin(here()))
        )
    return Example(Spec(x.shape, x.dtype), False) if isinstance(x, np.ndarray) else x


def holds_arrays(x: Any) -> bool:
    """Whether there are arrays inside a container: as constants of the step they would never change again."""
    if isinstance(x, tuple | list | dict):
        return any(holds_arrays(y) for y in (x.values() if isinstance(x, dict) else x))
    return isinstance(x, Value | np.ndarray)


def promised(tracer: Tracer, example: Any, kind: type[Value]) -> Any:
    """The argument that the traced function sees."""
    if not isinstance(example, Example):
        return example
    promise = tracer.promise(example.spec, here())
    tracer.program.inputs.append(promise.number)
    value = kind.of(promise, weak=example.spec.weak)
    if example.requires_grad:
        value.node = Leaf(value)
        tracer.placed(value.node, (promise,))
    return value
