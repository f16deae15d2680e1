"""Groups to tasks: which kernel with which arguments.  Addresses stay symbols until memory is given out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import Reduction
from ..kernels.formula import NEXT, SAME, STRIDED, Formula, Number, Operand, Step, Total
from ..kernels.language.machine import Machine
from ..kernels.loops import Loops
from ..kernels.product import Pack, Product, tile_for
from ..ops.arithmetic import Power
from .flow import Op
from .fuse import MOST_ARRAYS, MOST_OPS, Group, Groups, rows_of, size
from .views import Axis, View, collapsed, contiguous, reshaped

MOST_PIECES = 16
"""Pieces of one record at most: enough to share among the threads of a small machine, few enough to be quick."""

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
        self.inside: dict[int, int] = {}
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
                    sources.append(("read", self.read(view, view.stretched(space(op)), space(op))))
            self.inputs.append(sources)
            self.steps.append((op, "map" if isinstance(op.gate, Reduction) else "forward"))

    def read(self, view: View, strides: tuple[int, ...], space: tuple[int, ...]) -> int:
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
            op.gate,
            store(specs[op.outputs[0]].dtype, inner.strides[results + k]),
        )
        for k, op in enumerate(reductions)
    )
    guard_totals = tuple(k for k, op in enumerate(reductions) if op.outputs[0] in wanted.guarded)
    kept = sum(not axis.reduced for axis in outer)
    kernel = Loops(formula, kept, len(outer) - kept, inner.reduced, totals, guard_totals)
    pieces = 1 if inner.reduced and not kept else share_out(size(space) * (len(steps) + len(arrays)))
    arguments: list[Argument] = [pieces, *(axis.size for axis in loops)]
    for number, (view, _) in enumerate(mapping.reads):
        arguments += placed(address(groups, view), number, outer, inner)
    for number, n in enumerate(stored, reads):
        arguments += placed(address(groups, groups.home(n)), number, outer, inner)
    for number, op in enumerate(reductions, results):
        arguments += placed(
            Address(op.outputs[0]), number, outer[:kept], inner if not inner.reduced else None
        )
        arguments.append(size(tuple(space[a] for a in op.gate.axis)))
    guarded = bool(guards or guard_totals)
    if guarded:
        arguments.append(Address(STATUS))
    return [
        Task(
            kernel,
            arguments,
            pieces,
            tuple(dict.fromkeys(view.base for view, _ in mapping.reads)),
            (*(groups.home(n).base for n in stored), *(op.outputs[0] for op in reductions)),
            "loop" if not reductions else "reduce",
            flops=size(space) * len(steps),
        )
    ]


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


def product_tasks(groups: Groups, group: Group, wanted: Wanted, packs: set[int]) -> list[Task]:
    """The tasks of a matrix product with its epilogue: B into panels where that pays, then the product.

    packs:  the panels that are there already
    """
    specs = groups.flow.specs
    op = group.ops[0]
    (out,) = op.outputs
    tile = tile_for(specs[out].dtype)
    batches, m, n = shape = rows_of(group.space)
    depth = specs[op.inputs[0]].shape[-1]
    if 0 in shape:
        return []
    a, b = groups.view(op.inputs[0]), groups.view(op.inputs[1])
    a_b, b_b = stack_stride(a, group.space), stack_stride(b, group.space)
    a_m, a_k = a.strides[-2:]
    b_k, b_n = b.strides[-2:]
    mapping = Mapping(groups, first=out)
    mapping.collect(group, lambda other: specs[other.outputs[0]].shape)
    spaces = [space_of(groups, group, view, own) for view, own in mapping.reads]
    stored = [v for v in group.makes() if v in wanted.stored]
    if b_b == 0 and batches > 1:
        rows = reshaped((batches, m), (a_b, a_m), (batches * m,))
        joined = 1, batches * m, n
        pairs = [(space, own) for space, (_, own) in zip(spaces, mapping.reads, strict=True)]
        pairs += [(home.shape, home.strides) for home in map(groups.home, stored)]
        if rows is not None and all(reshaped(space, own, joined) for space, own in pairs):
            batches, m, a_b, a_m = 1, batches * m, 0, rows[0]
    shape = (batches, m, n)
    dtype = specs[out].dtype
    tasks = []
    packed = not (b_n == 1 and n % 16 == 0 and depth * n * dtype.itemsize <= 1 << 18)
    if packed:
        panels, number = -(-n // tile.columns), groups.panels(b, tile.columns)
        if number not in packs:
            packs.add(number)
            along_k = b_n != 1 and n > 1
            each = b_n if along_k else b_k
            many = batches if b_b else 1
            pieces = share_out(many * depth * n, 8192)
            pieces = min(pieces, many * panels)
            arguments: list[Argument] = [
                pieces,
                many,
                n,
                depth,
                address(groups, b),
                b_b,
                each,
                Address(number),
            ]
            tasks.append(Task(Pack(dtype, tile, along_k), arguments, pieces, (b.base,), (number,), "pack"))
        right: list[Argument] = [Address(number), panels * depth * tile.columns if b_b else 0]
        read_b = number
    else:
        right, read_b = [address(groups, b), b_b, b_k], b.base
    steps = mapping.formula_steps(1)
    place = mapping.place
    guards = [v for v in group.makes() if v in wanted.guarded]
    strides = []
    for space, (_, own) in zip(spaces, mapping.reads, strict=True):
        found = reshaped(space, own, shape)
        strides.append(found or (0, 0, 0))
    formula = Formula(
        (
            Operand(dtype, NEXT),
            *(
                Operand(specs[v.base].dtype, along(s[2]))
                for (v, _), s in zip(mapping.reads, strides, strict=True)
            ),
        ),
        steps,
        tuple((place[v], Operand(specs[v].dtype, NEXT)) for v in stored),
        tuple(place[v] for v in guards),
    )
    work = 2 * batches * m * n * depth
    most = batches * -(-m // tile.rows) * -(-n // tile.columns)
    pieces = min(share_out(work, 400_000), most)
    chunks = min(-(-pieces // (batches * -(-n // tile.columns))), -(-m // tile.rows))
    arguments = [pieces, chunks, batches, m, n, depth, address(groups, a), a_b, a_m, a_k, *right]
    for (view, _), s in zip(mapping.reads, strides, strict=True):
        arguments += [address(groups, view), s[0], s[1], *([s[2]] if s[2] not in (0, 1) else [])]
    for v in stored:
        home = groups.home(v)
        own = reshaped(home.shape, home.strides, shape) or (0, 0, 1)
        arguments += [address(groups, home), own[0], own[1]]
    if guards:
        arguments.append(Address(STATUS))
    reads = tuple(dict.fromkeys([a.base, read_b, *(view.base for view, _ in mapping.reads)]))
    writes = tuple(groups.home(v).base for v in stored)
    tasks.append(
        Task(Product(dtype, tile, packed, formula), arguments, pieces, reads, writes, "product", flops=work)
    )
    return tasks


def space_of(groups: Groups, group: Group, view: View, strides: tuple[int, ...]) -> tuple[int, ...]:
    """The shape over which an operand of an epilogue was stretched."""
    for op in group.ops[1:]:
        shape = groups.flow.specs[op.outputs[0]].shape
        for n in op.inputs:
            if groups.view(n) == view and view.stretched(shape) == strides:
                return shape
    return group.space


def stack_stride(view: View, out: tuple[int, ...]) -> int:
    """The stride from matrix to matrix."""
    wide = view.stretched((*out[:-2], *view.shape[-2:]))
    joined = reshaped(out[:-2], wide[:-2], (size(out[:-2]),))
    return joined[0] if joined is not None and size(out[:-2]) > 1 else 0
