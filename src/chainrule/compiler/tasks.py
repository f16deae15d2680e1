"""Groups to tasks: which kernel with which arguments.  Addresses stay symbols until memory is given out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import Reduction, Spec
from ..kernels.formula import NEXT, SAME, STRIDED, Formula, Number, Operand, Step, Total
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.machine import Machine
from ..kernels.language.types import CACHE_LINE, LANES
from ..kernels.loops import GRAIN, Loops
from ..ops.arithmetic import Power
from .flow import Op
from .fuse import MOST_ARRAYS, MOST_OPS
from .groups import Group, Groups, size
from .views import Axis, View, collapsed, contiguous

STATUS = -1
"""The base of addresses in the plan's status bytes."""
BRIEF = 4
"""Elements of an innermost axis up to which a longer one is the vector, if numbers lie apart along it anyway."""
LONG = 1 << 15
"""Elements from which on a reduction without kept loops is made of parts."""
MOST_TURNED = 4
"""Arrays that a loop turns in squares."""


@dataclass(frozen=True)
class Address:
    """A place in the memory of a value, so many bytes on."""

    base: int
    bytes: int = 0


Argument = int | Address
Kernel = Callable[[Machine], None]


@dataclass
class Task:
    """One record to be: a kernel, its arguments, its pieces; reads and writes by value.

    guard:  the status byte that ends the walk if this task has set it
    moved:  the bytes that it reads and writes, where that is less than all of its values
    """

    kernel: Kernel
    arguments: list[Argument]
    pieces: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    name: str
    flops: int = 0
    guard: int | None = None
    moved: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What a realisation of the groups stores, and what it guards."""

    stored: frozenset[int]
    guarded: frozenset[int]


def share_out(work: int, grain: int = 32_768) -> int:
    """How many pieces for so much work: a function of the shape alone; a power of 2, to be shared evenly."""
    return min(1 << int(max(work // grain, 1) - 1).bit_length(), MOST_PIECES)


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

    def collect(self, ops: Sequence[Op], space: Callable[[Op], tuple[int, ...]]) -> None:
        """Go through the ops: note what each reads from outside, as a view over its space."""
        groups, made = self.groups, {n for op in ops for n in op.outputs}
        self.inputs: list[list[Any]] = []
        for op in ops:
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
                    view = groups.place(view)
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


@dataclass(frozen=True)
class Unfinished:
    """A total that is only a part of one."""

    def finish(self, xp: Any, total: Any, count: Any) -> Any:
        return total


UNFINISHED = Unfinished()


class Loop:
    """A fused loop on its way to its tasks.

    stored:  values that it writes, beside its reductions' results;  guards: values that have to be finite
    loops:   its axes from outside in, those that are reduced after those that are kept;  the last is the vector
    parts:   how many parts a long reduction is made of;  sums: where its results go, or those of the parts
    """

    def __init__(self, groups: Groups, group: Group, wanted: Wanted) -> None:
        self.groups, self.specs, self.wanted = groups, groups.flow.specs, wanted
        self.space, self.mapping = group.space, Mapping(groups)
        self.mapping.collect(group.ops, lambda op: group.space)
        self.steps, self.reads = self.mapping.formula_steps(0), self.mapping.reads
        self.reductions = [op for op in group.ops if isinstance(op.gate, Reduction)]
        inside = [op.outputs[0] for op in group.ops if not isinstance(op.gate, Reduction)]
        self.stored = [n for n in inside if n in wanted.stored]
        self.guards = [n for n in inside if n in wanted.guarded]
        self.results = [op.outputs[0] for op in self.reductions]
        self.guard_totals = tuple(k for k, n in enumerate(self.results) if n in wanted.guarded)
        self._arrange(group.axes or () if self.reductions else ())

    def _arrange(self, axes: tuple[int, ...]) -> None:
        """Put the loops in order; cut a long reduction into parts."""
        arrays = [strides for _, strides in self.reads]
        arrays += [self.groups.home(n).strides for n in self.stored]
        arrays += [result_strides(self.space, op) for op in self.reductions]
        self.loops, self.sums = arranged(collapsed(self.space, arrays, axes)), self.results
        across = None if self.reductions else crossed(self.loops)
        self.crossed = across is not None
        self.loops = across or (self.loops if self.reductions else lengthened(self.loops))
        self.work = size(self.space) * (len(self.steps) + len(arrays))
        self.parts = parts_of(self.loops) if self.reductions else 1
        if self.parts > 1:
            self.loops = parted(self.loops, self.parts, results=len(self.reductions))
            specs, new = self.specs, self.groups.flow.new
            self.sums = [new(Spec((self.parts, specs[n].size), specs[n].dtype)) for n in self.results]
            self.guard_totals = ()
        self.kept = sum(not axis.reduced for axis in self.loops[:-1])

    def formula(self) -> Formula:
        """What it computes on each vector."""
        inner, place = self.loops[-1].strides, self.mapping.place
        operands = (
            Operand(self.specs[v.base].dtype, along(s)) for (v, _), s in zip(self.reads, inner, strict=False)
        )
        written = zip(self.stored, inner[len(self.reads) :], strict=False)
        stores = (
            (place[n], store(self.specs[n].dtype, stride, past=self.goes_past(k)))
            for k, (n, stride) in enumerate(written)
        )
        return Formula(tuple(operands), self.steps, tuple(stores), tuple(place[n] for n in self.guards))

    def goes_past(self, number: int) -> bool:
        """Whether a store goes past the caches: of a value that may, row by row from the beginning of a line."""
        value, place = self.stored[number], len(self.reads) + number
        *outer, inner = (axis.strides[place] for axis in self.loops)
        even = inner == 1 and all(
            step * self.specs[value].dtype.itemsize % CACHE_LINE == 0 for step in (LANES, *outer)
        )
        return value in self.groups.past and even and not self.crossed

    def totals(self) -> tuple[Total, ...]:
        """Its reductions."""
        strides = self.loops[-1].strides[len(self.reads) + len(self.stored) :]
        place, specs, whole = self.mapping.place, self.specs, self.parts == 1
        return tuple(
            Total(place[n], op.gate.combine, op.gate if whole else UNFINISHED, store(specs[n].dtype, stride))
            for op, n, stride in zip(self.reductions, self.results, strides, strict=False)
        )

    def arguments(self, pieces: int) -> list[Argument]:
        """Sizes of the loops; what is read, stored and summed up, with strides; the status byte."""
        *outer, inner = self.loops
        words: list[Argument] = [pieces, *(axis.size for axis in self.loops)]
        places = [self.where(view) for view, _ in self.reads]
        places += [self.where(self.groups.home(n)) for n in self.stored]
        for number, where in enumerate(places):
            words += placed(where, number, outer, inner)
        for number, (n, op) in enumerate(zip(self.sums, self.reductions, strict=True), len(places)):
            words += placed(Address(n), number, outer[: self.kept], None if inner.reduced else inner)
            words.append(counted(self.space, op))
        return [*words, Address(STATUS)] if self.guards or self.guard_totals else words

    def where(self, view: View) -> Address:
        """Where what it reads or writes begins."""
        return address(self.groups, view)

    def tasks(self) -> list[Task]:
        """The loop, and what puts its parts together."""
        if 0 in self.space and not self.reductions:
            return []
        alone = self.loops[-1].reduced and not self.kept
        pieces = 1 if alone else share_out(self.work)
        around, inner = len(self.loops) - 1 - self.kept, self.loops[-1]
        how = self.kept, around, inner.reduced, self.totals(), self.guard_totals, self.crossed
        kernel = Loops(self.formula(), *how)
        reads = tuple(dict.fromkeys(view.base for view, _ in self.reads))
        writes = (*(self.groups.home(n).base for n in self.stored), *self.sums)
        name, flops = "reduce" if self.reductions else "loop", size(self.space) * len(self.steps)
        task = Task(kernel, self.arguments(pieces), pieces, reads, writes, name, flops=flops)
        if self.parts == 1:
            return [task]
        return [task, together(self.groups, self.space, self.reductions, self.sums, self.wanted.guarded)]


def together(
    groups: Groups, space: tuple[int, ...], reductions: Sequence[Op], parts: Sequence[int], guarded: Set[int]
) -> Task:
    """The task that puts the parts (many, width) of reductions over a space together."""
    specs = groups.flow.specs
    many, width = specs[parts[0]].shape
    dtypes = [specs[n].dtype for n in parts]
    across = width > 1  # else the vector goes along the parts
    formula = Formula(tuple(Operand(dtype, NEXT) for dtype in dtypes), ())
    totals = tuple(
        Total(k, op.gate.combine, op.gate, Operand(dtype, NEXT))
        for k, (op, dtype) in enumerate(zip(reductions, dtypes, strict=True))
    )
    results = [op.outputs[0] for op in reductions]
    guards = tuple(k for k, n in enumerate(results) if n in guarded)
    words: list[Argument] = [1, *([many, width] if across else [many])]
    for n in parts:
        words += [Address(n), *([width] if across else [])]
    for n, op in zip(results, reductions, strict=True):
        words += [Address(n), counted(space, op)]
    if guards:
        words.append(Address(STATUS))
    kernel = Loops(formula, 0, int(across), not across, totals, guards)
    return Task(kernel, words, 1, tuple(parts), tuple(results), "reduce", flops=many * width * len(parts))


def loop_tasks(groups: Groups, group: Group, wanted: Wanted) -> list[Task]:
    """The tasks of a fused loop."""
    return Loop(groups, group, wanted).tasks()


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


def store(dtype: np.dtype, stride: int, *, past: bool = False) -> Operand:
    """An operand that is written: one element is written as neighbours are."""
    return Operand(dtype, STRIDED if stride > 1 else NEXT, past)


def placed(where: Address, number: int, outer: Sequence[Axis], inner: Axis | None) -> list[Argument]:
    """The arguments of one operand: its address, strides along the outer loops, and along the vector."""
    stride = inner.strides[number] if inner is not None else 1
    return [where, *(axis.strides[number] for axis in outer), *([stride] if stride not in (0, 1) else [])]


def result_strides(space: tuple[int, ...], op: Op) -> tuple[int, ...]:
    """The strides of a reduction's result over the space that it reduces."""
    kept = iter(contiguous(tuple(n for a, n in enumerate(space) if a not in op.gate.axis)))
    return tuple(0 if a in op.gate.axis else next(kept) for a in range(len(space)))


def crossed(loops: list[Axis]) -> list[Axis] | None:
    """The loops in another order, if every array that is strided along the vector has its neighbours along one other
    axis: that one stands before the vector, and both are walked in squares.  None if that is not so.  Whatever the
    sizes, so that one kernel serves every batch.
    """
    *outer, inner = loops
    strided = [number for number, stride in enumerate(inner.strides) if stride not in (0, 1)]
    for place, axis in enumerate(outer if 0 < len(strided) <= MOST_TURNED else ()):
        if all(axis.strides[number] == 1 for number in strided):
            return [*outer[:place], *outer[place + 1 :], axis, inner]
    return None


def arranged(axes: list[Axis]) -> list[Axis]:
    """Kept loops outside, reduced ones inside, the last axis as the vector; at least one."""
    if not axes:
        return [Axis(1, (0,) * (MOST_ARRAYS + 2 * MOST_OPS), False)]
    outer = sorted(axes[:-1], key=lambda axis: axis.reduced)
    return [*outer, axes[-1]]


def lengthened(loops: list[Axis]) -> list[Axis]:
    """Loops that keep all their axes, with the longest as the vector if the last is brief and numbers lie apart along
    it anyway.
    """
    *outer, inner = loops
    if not outer or inner.size > BRIEF or max(inner.strides) < 2:
        return loops
    longest = max(range(len(outer)), key=lambda place: outer[place].size)
    return [*outer[:longest], *outer[longest + 1 :], inner, outer[longest]]
