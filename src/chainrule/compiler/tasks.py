"""Groups to tasks: which kernel with which arguments.  Addresses stay symbols until memory is given out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import Reduction, Spec
from ..kernels.formula import NEXT, SAME, STRIDED, Formula, Number, Operand, Step, Total
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.machine import Machine
from ..kernels.loops import GRAIN, Loops
from ..ops.arithmetic import Power
from .flow import Op
from .fuse import MOST_ARRAYS, MOST_OPS, Group, Groups, size
from .views import Axis, View, collapsed, contiguous

STATUS = -1
"""The base of addresses in the plan's status bytes."""


@dataclass(frozen=True)
class Address:
    """A place in the memory of a value, so many bytes on."""

    base: int
    bytes: int = 0


Argument = int | Address


@dataclass
class Task:
    """One record to be: a kernel, its arguments, its pieces; reads and writes by value.

    guard:  the status byte that ends the walk if this task has set it
    """

    kernel: Callable[[Machine], None]
    arguments: list[Argument]
    pieces: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    name: str
    flops: int = 0
    guard: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What a realisation of the groups stores, and what it guards."""

    stored: frozenset[int]
    guarded: frozenset[int]


def share_out(work: int, grain: int = 32_768) -> int:
    """How many pieces for so much work: a function of the shape alone."""
    return int(min(max(work // grain, 1), MOST_PIECES))


def address(groups: Groups, view: View) -> Address:
    """Where a view begins."""
    return Address(view.base, view.offset * groups.flow.specs[view.base].dtype.itemsize)


def along(stride: int) -> int:
    return SAME if stride == 0 else NEXT if stride == 1 else STRIDED


def baked(groups: Groups, op: Op, position: int) -> Number | None:
    """A number that is written into the kernel: zero, and small exponents; others are read, so that a number
    that depends on the batch size compiles nothing new.
    """
    number = groups.flow.real(op.inputs[position])
    constant = groups.flow.constants.get(number)
    if constant is None or constant.size != 1:
        return None
    value = constant.reshape(()).item()
    exponent = (
        isinstance(op.gate, Power) and position == 1 and abs(value) <= 4 and value * 2 == int(value * 2)
    )
    zero = value == 0 and not isinstance(value, bool) and not np.signbit(value)
    return Number(value, constant.dtype, bare=exponent) if exponent or zero else None


class Mapping:
    """The sources of a fused formula: what is read, what each op makes, and where."""

    def __init__(self, groups: Groups, first: int | None = None) -> None:
        self.groups = groups
        self.reads: list[tuple[View, tuple[int, ...]]] = []
        self.steps: list[tuple[Op, str]] = []
        self.first = first

    def collect(self, group: Group, space: Callable[[Op], tuple[int, ...]]) -> None:
        """Go through the ops: note what each reads from outside, as a view over its space."""
        groups, made = self.groups, {n for op in group.ops for n in op.outputs}
        self.inputs: list[list[Any]] = []
        for op in group.ops:
            if op.outputs[0] == self.first:
                continue
            sources: list[Any] = []
            for position, n in enumerate(op.inputs):
                view = groups.view(n)
                number = baked(groups, op, position)
                if view.base in made:
                    sources.append(("made", view.base))
                elif number is not None:
                    sources.append(number)
                else:
                    sources.append(("read", self.read(view, view.stretched(space(op)))))
            self.inputs.append(sources)
            self.steps.append((op, "map" if isinstance(op.gate, Reduction) else "forward"))

    def read(self, view: View, strides: tuple[int, ...]) -> int:
        """The number of an operand."""
        key = (view, strides)
        for number, known in enumerate(self.reads):
            if known == key:
                return number
        self.reads.append(key)
        return len(self.reads) - 1

    def formula_steps(self, before: int) -> tuple[Step, ...]:
        """Steps with their sources counted: `before` of them precede the operands."""
        specs = self.groups.flow.specs
        count = before + len(self.reads)
        place = {op.outputs[0]: count + k for k, (op, _) in enumerate(self.steps)}
        if self.first is not None:
            place[self.first] = 0
        self.place = place
        steps = []
        for (op, method), sources in zip(self.steps, self.inputs, strict=True):
            inputs = tuple(
                s if isinstance(s, Number) else place[s[1]] if s[0] == "made" else before + s[1]
                for s in sources
            )
            dtype = specs[op.outputs[0]].dtype if method == "forward" else specs[op.inputs[0]].dtype
            steps.append(Step(op.gate, method, inputs, dtype))
        return tuple(steps)


def loop_tasks(groups: Groups, group: Group, wanted: Wanted) -> list[Task]:
    """The task of a fused loop."""
    specs, space = groups.flow.specs, group.space
    mapping = Mapping(groups)
    mapping.collect(group, lambda op: space)
    steps = mapping.formula_steps(0)
    place = mapping.place
    reductions = [op for op in group.ops if isinstance(op.gate, Reduction)]
    inside = [op.outputs[0] for op in group.ops if not isinstance(op.gate, Reduction)]
    stored = [n for n in inside if n in wanted.stored]
    guards = [n for n in inside if n in wanted.guarded]
    if 0 in space and not reductions:
        return []
    arrays = [strides for _, strides in mapping.reads]
    arrays += [groups.home(n).strides for n in stored]
    arrays += [result_strides(space, op) for op in reductions]
    loops = arranged(collapsed(space, arrays, group.axes or () if reductions else ()))
    parts = parts_of(loops) if reductions else 1
    if parts > 1:
        loops = parted(loops, parts, results=len(reductions))
    inner = loops[-1]
    outer = loops[:-1]
    reads, results = len(mapping.reads), len(mapping.reads) + len(stored)

    def operand(base: int, number: int) -> Operand:
        return Operand(specs[base].dtype, along(inner.strides[number]))

    formula = Formula(
        tuple(operand(view.base, k) for k, (view, _) in enumerate(mapping.reads)),
        steps,
        tuple((place[n], store(specs[n].dtype, inner.strides[reads + k])) for k, n in enumerate(stored)),
        tuple(place[n] for n in guards),
    )
    totals = tuple(
        Total(
            place[op.outputs[0]],
            op.gate.combine,
            op.gate if parts == 1 else UNFINISHED,
            store(specs[op.outputs[0]].dtype, inner.strides[results + k]),
        )
        for k, op in enumerate(reductions)
    )
    guard_totals = tuple(k for k, op in enumerate(reductions) if op.outputs[0] in wanted.guarded)
    sums = [op.outputs[0] for op in reductions]
    if parts > 1:
        guard_totals = ()
        sums = [groups.flow.new(Spec((parts, specs[n].size), specs[n].dtype)) for n in sums]
    kept = sum(not axis.reduced for axis in outer)
    kernel = Loops(formula, kept, len(outer) - kept, inner.reduced, totals, guard_totals)
    pieces = 1 if inner.reduced and not kept else share_out(size(space) * (len(steps) + len(arrays)))
    arguments: list[Argument] = [pieces, *(axis.size for axis in loops)]
    for number, (view, _) in enumerate(mapping.reads):
        arguments += placed(address(groups, view), number, outer, inner)
    for number, n in enumerate(stored, reads):
        arguments += placed(address(groups, groups.home(n)), number, outer, inner)
    for number, n in enumerate(sums, results):
        arguments += placed(Address(n), number, outer[:kept], inner if not inner.reduced else None)
        arguments.append(counted(space, reductions[number - results]))
    guarded = bool(guards or guard_totals)
    if guarded:
        arguments.append(Address(STATUS))
    return [
        Task(
            kernel,
            arguments,
            pieces,
            tuple(dict.fromkeys(view.base for view, _ in mapping.reads)),
            (*(groups.home(n).base for n in stored), *sums),
            "loop" if not reductions else "reduce",
            flops=size(space) * len(steps),
        ),
        *([finishing(groups, space, reductions, sums, wanted)] if parts > 1 else []),
    ]


@dataclass(frozen=True)
class Unfinished:
    """A total that is only a part of one."""

    def finish(self, xp: Any, total: Any, count: Any) -> Any:
        return total


UNFINISHED = Unfinished()
LONG = 1 << 15
"""Elements from which on a reduction without kept loops is made of parts."""


def parts_of(loops: list[Axis]) -> int:
    """How many parts a long reduction has: loops outside that are kept, and wide results, share out the work as
    they are; a function of the shape.
    """
    first, inner = loops[0], loops[-1]
    wide = not inner.reduced and inner.size >= 8 * GRAIN
    if not first.reduced or wide or math.prod(axis.size for axis in loops) < LONG:
        return 1
    return next(p for p in range(MOST_PIECES, 0, -1) if first.size % p == 0)


def parted(loops: list[Axis], parts: int, results: int) -> list[Axis]:
    """The loops with the outermost one cut into parts, each with results of its own."""
    first, *rest = loops
    each = first.size // parts
    width = 1 if (rest or loops)[-1].reduced else loops[-1].size
    own = len(first.strides) - results
    moved = (*(s * each for s in first.strides[:own]), *(width,) * results)
    return [Axis(parts, moved, False), Axis(each, first.strides, True), *rest]


def counted(space: tuple[int, ...], op: Op) -> int:
    """How many elements go into each result of a reduction."""
    return size(tuple(space[a] for a in op.gate.axis))


def finishing(
    groups: Groups, space: tuple[int, ...], reductions: list[Op], sums: list[int], wanted: Wanted
) -> Task:
    """The task that puts the parts of reductions together."""
    specs = groups.flow.specs
    parts, width = specs[sums[0]].shape
    dtypes = [specs[n].dtype for n in sums]
    across = width > 1  # else the vector goes along the parts
    formula = Formula(tuple(Operand(dtype, NEXT) for dtype in dtypes), ())
    made = [op.outputs[0] for op in reductions]
    totals = tuple(
        Total(k, op.gate.combine, op.gate, Operand(dtypes[k], NEXT)) for k, op in enumerate(reductions)
    )
    guards = tuple(k for k, n in enumerate(made) if n in wanted.guarded)
    kernel = Loops(formula, 0, int(across), not across, totals, guards)
    arguments: list[Argument] = [1, *([parts, width] if across else [parts])]
    for n in sums:
        arguments += [Address(n), *([width] if across else [])]
    for n, op in zip(made, reductions, strict=True):
        arguments += [Address(n), counted(space, op)]
    if guards:
        arguments.append(Address(STATUS))
    return Task(kernel, arguments, 1, tuple(sums), tuple(made), "reduce", flops=parts * width * len(sums))


def store(dtype: np.dtype, stride: int) -> Operand:
    """An operand that is written: one element is written as neighbours are."""
    return Operand(dtype, STRIDED if stride > 1 else NEXT)


def placed(where: Address, number: int, outer: Sequence[Axis], inner: Axis | None) -> list[Argument]:
    """The arguments of one operand: its address, strides along the outer loops, and along the vector."""
    stride = inner.strides[number] if inner is not None else 1
    return [where, *(axis.strides[number] for axis in outer), *([stride] if stride not in (0, 1) else [])]


def result_strides(space: tuple[int, ...], op: Op) -> tuple[int, ...]:
    """The strides of a reduction's result over the space that it reduces."""
    kept = iter(contiguous(tuple(n for a, n in enumerate(space) if a not in op.gate.axis)))
    return tuple(0 if a in op.gate.axis else next(kept) for a in range(len(space)))


def arranged(axes: list[Axis]) -> list[Axis]:
    """Kept loops outside, reduced ones inside, the last axis as the vector; at least one."""
    if not axes:
        return [Axis(1, (0,) * (MOST_ARRAYS + 2 * MOST_OPS), False)]
    outer = sorted(axes[:-1], key=lambda axis: axis.reduced)
    return [*outer, axes[-1]]
