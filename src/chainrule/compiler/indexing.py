"""Gates with indices to tasks: picking elements by number, adding them back, finding a winner.

An array is seen as (A, J, B): what lies before an axis, along it, and behind it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..graph import Spec
from ..kernels.formula import NEXT, STRIDED, Operand
from ..kernels.indexing import Add, AddEach, Largest, LargestOfRow, Take
from ..ops.reduction import Argmin
from .flow import Op
from .groups import Groups, size
from .tasks import STATUS, Address, Argument, Task, address, along, share_out
from .views import View, contiguous, reshaped

LONG_ROW = 32
"""Numbers of a row from which on its winner is found by a vector that runs along it."""

Strides = tuple[int, ...]
Space = tuple[int, int, int]


def take_rows(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """x (A, L…, B) at a flat integer array for each of the axes L; other keys have been written with this one."""
    high, *lengths, width = groups.flow.specs[op.inputs[0]].shape
    space = high, groups.flow.specs[op.inputs[1]].size, width
    return take(groups, op, status, space, lengths, flat(groups, op))


def take_along_axis(groups: Groups, op: Op, status: int) -> list[Task] | None:
    space = around_axis(groups.flow.specs[op.outputs[0]].shape, op.gate.axis)
    length = groups.flow.specs[op.inputs[0]].shape[op.gate.axis]
    return take(groups, op, status, space, [length], [contiguous(space)])


def add_rows(groups: Groups, op: Op, status: int) -> list[Task]:
    """x (A, J, B) added to an array (A, L…, B) at a flat integer array for each of the axes L."""
    high, *lengths, width = op.gate.shape
    space = high, groups.flow.specs[op.inputs[1]].size, width
    return add(groups, op, status, space, lengths, groups.view(op.inputs[0]).strides, flat(groups, op))


def add_along_axis(groups: Groups, op: Op, status: int) -> list[Task]:
    space = around_axis(groups.flow.specs[op.inputs[0]].shape, op.gate.axis)
    return add(groups, op, status, space, [op.gate.size], contiguous(space), [contiguous(space)])


def flat(groups: Groups, op: Op) -> list[Strides]:
    """The strides of flat indices along a, j, b."""
    return [(0, groups.view(n).strides[0], 0) for n in op.inputs[1:]]


def around_axis(shape: tuple[int, ...], axis: int) -> Space:
    """
    >>> around_axis((2, 3, 4, 5), 2)
    (6, 4, 5)
    """
    return size(shape[:axis]), shape[axis], size(shape[axis + 1 :])


def take(
    groups: Groups, op: Op, status: int, space: Space, lengths: Sequence[int], where: Sequence[Strides]
) -> list[Task]:
    """out[a, j, b] = x[a, i, b], of an x in row-major order; where: the strides of each index along a, j, b.

    The vector runs along the last axis that is not 1.
    """
    if 0 in space:
        return []
    (out,), (high, count, width) = op.outputs, space
    x, *indices = (groups.view(n) for n in op.inputs)
    steps, target, where = (math.prod(lengths) * width, width, 1), contiguous(space), list(where)
    if width == 1 and count == 1:
        space, steps, target = (1, 1, high), (0, 1, steps[0]), (0, 0, 1)
        where = [(0, 0, a) for a, _, _ in where]
    elif width == 1:
        space, steps, target = (high, 1, count), (steps[0], 1, 0), (count, 0, 1)
        where = [(a, 0, j) for a, j, _ in where]
    specs, pieces = groups.flow.specs, share_out(size(space) * 4)
    across = space[0] * space[1] < pieces
    operands = tuple(operand(specs, v, s) for v, s in zip(indices, where, strict=True))
    kernel = Take(specs[x.base].dtype, operands, along(steps[2]), across)
    arguments: list[Argument] = [pieces, *space, *lengths, *placed(groups, x, steps)]
    for view, strides in zip(indices, where, strict=True):
        arguments += placed(groups, view, strides)
    arguments += [Address(out), *target[:2], Address(STATUS, status)]
    reads = tuple(view.base for view in (x, *indices))
    moved = 2 * size(space) * specs[out].dtype.itemsize + sum(
        v.there * specs[v.base].dtype.itemsize for v in indices
    )
    return [Task(kernel, arguments, pieces, reads, (out,), "take", guard=status, moved=moved)]


def add(
    groups: Groups,
    op: Op,
    status: int,
    space: Space,
    lengths: Sequence[int],
    source: Strides,
    where: Sequence[Strides],
) -> list[Task]:
    """out[a, i, b] += x[a, j, b]; source, where: the strides of x and of each index along a, j, b.

    The vector runs along b, whose places differ.  Where b is 1 it runs along a, if that is the longer side, or
    numbers are added one by one.
    """
    if 0 in space:
        return []
    (out,), (high, count, width) = op.outputs, space
    target, arrays = (math.prod(lengths) * width, width, 1), [*where, source]
    if width == 1 and high >= count:
        space, target = (1, count, high), (0, 1, target[0])
        arrays = [(0, j, a) for a, j, _ in arrays]
    each = width == 1 and high < count
    if each:
        arrays = [(a, j) for a, j, _ in arrays]
    specs, pieces = groups.flow.specs, share_out(size(space) * 4)
    across = space[0] < pieces and not each
    pieces = pieces if across else min(pieces, space[0])
    x, *indices = (groups.view(n) for n in op.inputs)
    *operands, last = (operand(specs, v, s) for v, s in zip((*indices, x), arrays, strict=True))
    kernel = (
        AddEach(tuple(operands), last)
        if each
        else Add(tuple(operands), last, Operand(specs[out].dtype, along(target[2])), across)
    )
    arguments: list[Argument] = [pieces, *(space[:2] if each else space), *lengths]
    arguments += [Address(out), target[0]] if each else [Address(out), *fitting(target)]
    for view, strides in zip((*indices, x), arrays, strict=True):
        arguments += placed(groups, view, strides)
    reads = tuple(view.base for view in (x, *indices))
    arguments.append(Address(STATUS, status))
    return [Task(kernel, arguments, pieces, (*reads, out), (out,), "scatter", guard=status)]


def operand(specs: Sequence[Spec], view: View, strides: Strides) -> Operand:
    """A view as an operand of a kernel."""
    return Operand(specs[view.base].dtype, along(strides[-1]))


def placed(groups: Groups, view: View, strides: Strides) -> list[Argument]:
    """The arguments of one operand: its address and its strides."""
    return [address(groups, view), *fitting(strides)]


def fitting(strides: Strides) -> Strides:
    """The strides that a kernel is told: the last one only if it is one."""
    return strides if along(strides[-1]) == STRIDED else strides[:-1]


def winner(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The first largest, or smallest, along one axis: of long rows each by itself; else the vector goes over the longer
    side of what is left.
    """
    (out,), x = op.outputs, groups.view(op.inputs[0])
    high, length, width = space = around_axis(x.shape, op.gate.axis)
    seen = reshaped(x.shape, x.strides, space)
    if seen is None:
        return None
    if high * width == 0:
        return []
    outer, step, inner = seen
    smallest = isinstance(op.gate, Argmin)
    if width == 1 and length >= LONG_ROW and (high == 1 or outer == length) and step == 1:
        pieces, dtype = min(share_out(x.size * 4), high), groups.flow.specs[x.base].dtype
        words: list[Argument] = [pieces, high, length, address(groups, x), Address(out)]
        return [Task(LargestOfRow(dtype, smallest), words, pieces, (x.base,), (out,), "argmax")]
    if width == 1:  # many rows: the vector goes over them
        high, width, outer, inner = 1, high, 0, outer
    read = Operand(groups.flow.specs[x.base].dtype, along(inner) if width > 1 else NEXT)
    pieces = min(share_out(x.size * 4), high)
    arguments: list[Argument] = [pieces, high, length, width, address(groups, x), outer, step]
    arguments += [inner] if read.along == STRIDED else []
    arguments += [Address(out), width]
    return [Task(Largest(read, smallest), arguments, pieces, (x.base,), (out,), "argmax")]
