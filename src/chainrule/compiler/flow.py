"""A program on its way to a plan: the same lines, with composite gates taken apart and the superfluous left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from ..graph import Elementwise, Gate, Program, Ref, Spec, Value, trace
from ..graph.mode import OURS, run
from ..ops.conv import Sliding
from ..ops.pool import Pooling
from .keys import in_simple_keys
from .labels import CHECKED, LabelCheck

WHOLE = (Elementwise, Pooling, Sliding)
"""Gates that a kernel runs as they are, also where they say their parts."""
Made: TypeAlias = dict[tuple[Any, tuple[int, ...], bool], tuple[int, ...]]
"""Values that were made already, by gate, inputs, and whether a second run made them."""
SMALL = 4096
"""Elements up to which a value of constants is computed while compiling."""


@dataclass(frozen=True)
class Op:
    """One gate applied.  line: the number of the program's line that it belongs to;  rank: its own in the flow."""

    gate: Any
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    line: int
    rank: int = -1


@dataclass
class Flow:
    """Ops in order, and what enters and leaves.

    specs:  of every value, by number; the program's values keep theirs
    checks: values that nobody reads, made by ops that refuse wrong input
    alias:  values that another one stands for, since it is computed the same way
    aside:  values that are not made any more, each with the ops that would make it
    sums:   the lines whose sums are made in one go with others
    again:  values that are made once more, by passes of their own
    """

    program: Program
    specs: list[Spec]
    constants: dict[int, np.ndarray]
    ops: list[Op] = field(default_factory=list)
    checks: list[int] = field(default_factory=list)
    alias: dict[int, int] = field(default_factory=dict)
    aside: dict[int, list[Op]] = field(default_factory=dict)
    sums: set[int] = field(default_factory=set)
    again: set[int] = field(default_factory=set)

    def real(self, number: int) -> int:
        """The value that stands for this one."""
        while number in self.alias:
            number = self.alias[number]
        return number

    @cached_property
    def gradients(self) -> set[int]:
        """The values that are parameters' gradients."""
        return {self.real(n) for _, n in self.program.gradients if n is not None}

    def known(self, made: Made, gate: Any, inputs: tuple[int, ...], line: int) -> tuple[int, ...] | None:
        """The values of a gate on these inputs that were made already.  The second run of a checkpoint has only its
        own, and the way back looks there first, so that nothing of the first run is kept for it.
        """
        runs = (True,) if self.is_again(line) else (False,) if self.is_forward(line) else (True, False)
        return next((made[gate, inputs, run] for run in runs if (gate, inputs, run) in made), None)

    def is_again(self, line: int) -> bool:
        """Whether a line belongs to the second run of a checkpoint: what it makes is not to be kept from the first."""
        return line >= 0 and self.program.lines[line].again

    def is_forward(self, line: int) -> bool:
        """Whether a line belongs to the way forward."""
        return line >= 0 and self.program.lines[line].phase == "forward"

    def updates(self, op: Op) -> bool:
        """Whether an op belongs to the update of the state."""
        return op.line >= 0 and self.program.lines[op.line].phase == "update"

    def new(self, spec: Spec) -> int:
        self.specs.append(spec)
        return len(self.specs) - 1

    def constant(self, array: np.ndarray) -> int:
        number = self.new(Spec(array.shape, array.dtype))
        self.constants[number] = array
        return number


def flow_of(program: Program, roots: Sequence[int]) -> Flow:
    """The ops that the roots need: composites in parts, each computed once, constants computed."""
    flow = Flow(program, list(program.specs), dict(program.constants))
    known: Made = {}
    for number, line in enumerate(program.lines):
        for op in taken_apart(flow, Op(line.gate, line.inputs, line.outputs, number)):
            keep(flow, op, known)
    flow.ops = [replace(op, rank=rank) for rank, op in enumerate(needed(flow, [*roots, *flow.checks]))]
    return flow


def keep(flow: Flow, op: Op, known: Made) -> None:
    """Add an op, unless its values are known: computed before, or made of small constants."""
    inputs = tuple(flow.real(n) for n in op.inputs)
    ours = type(op.gate).__module__.startswith(OURS)
    same = flow.known(known, op.gate, inputs, op.line)
    if ours and same is not None:
        flow.alias.update(zip(op.outputs, same, strict=True))
        return
    if (
        ours
        and inputs
        and all(n in flow.constants for n in inputs)
        and flow.specs[op.outputs[0]].size <= SMALL
    ):
        made = run(
            op.gate, tuple(flow.constants[n] for n in inputs), tuple(flow.specs[n] for n in op.outputs)
        )
        flow.constants.update(
            zip(op.outputs, (np.ascontiguousarray(a).reshape(a.shape) for a in made), strict=True)
        )
    else:
        flow.ops.append(Op(op.gate, inputs, op.outputs, op.line))
    known[op.gate, inputs, flow.is_again(op.line)] = op.outputs


def needed(flow: Flow, roots: Iterable[int]) -> Iterator[Op]:
    """The ops whose values somebody reads, in order."""
    wanted = {flow.real(n) for n in roots}
    kept = []
    for op in reversed(flow.ops):
        if any(n in wanted for n in op.outputs):
            wanted.update(op.inputs)
            kept.append(op)
    return reversed(kept)


def taken_apart(flow: Flow, op: Op) -> Iterator[Op]:
    """A composite gate as its parts, all the way down; any other, and one that a kernel runs whole, as it is."""
    specs = tuple(flow.specs[n] for n in op.inputs)
    if smaller(op.gate, specs) is None:
        yield op
        return
    if isinstance(op.gate, CHECKED):
        check = LabelCheck(op.gate.label, flow.specs[op.inputs[0]].shape[1])
        flow.checks.append(flow.new(Spec((), np.dtype(np.bool_))))
        yield Op(check, op.inputs, (flow.checks[-1],), op.line)
    inside = parts_of(op.gate, specs, flow.program.kind)
    numbers = dict(zip(inside.inputs, op.inputs, strict=True))
    for number, array in inside.constants.items():
        numbers[number] = flow.new(inside.specs[number])
        flow.constants[numbers[number]] = array
    made = inside.output if isinstance(inside.output, tuple) else (inside.output,)
    results = [ref.number for ref in made]
    for number, outer in zip(results, op.outputs, strict=True):
        if number in numbers or results.count(number) > 1:  # handed through as it came
            flow.alias[outer] = numbers.setdefault(number, outer)
        else:
            numbers[number] = outer
    for line in inside.lines:
        for number in line.outputs:
            if number not in numbers:
                numbers[number] = flow.new(inside.specs[number])
        inner = Op(
            line.gate,
            tuple(numbers[n] for n in line.inputs),
            tuple(numbers[n] for n in line.outputs),
            op.line,
        )
        yield from taken_apart(flow, inner)


def smaller(gate: Any, specs: tuple[Spec, ...]) -> Callable[..., Any] | None:
    """What a gate does in smaller ones, as a function of its inputs; None where a kernel runs it as it is."""
    if hasattr(gate, "parts") and not isinstance(gate, WHOLE):
        return gate.parts
    return in_simple_keys(gate, specs)


_parts: dict[tuple[Any, ...], Program] = {}


def parts_of(gate: Gate, specs: tuple[Spec, ...], kind: type[Value]) -> Program:
    """The program of a composite gate's parts, traced on arrays without bytes; remembered."""
    key = (gate, specs, kind)
    if key not in _parts:
        if len(_parts) > 4096:
            _parts.clear()
        hollow = [kind.of(np.broadcast_to(np.zeros((), s.dtype), s.shape), weak=s.weak) for s in specs]
        written: Any = smaller(gate, specs)
        _parts[key] = trace(lambda *values: written(*values), *hollow, kind=kind)
    return _parts[key]


def returned_numbers(output: Any) -> list[int]:
    """The numbers of the values in what a step returns."""
    if isinstance(output, Ref):
        return [output.number]
    if isinstance(output, tuple | list):
        return [n for o in output for n in returned_numbers(o)]
    if isinstance(output, dict):
        return [n for o in output.values() for n in returned_numbers(o)]
    return []
