"""Copies that exchange axes, by kernels that turn squares in registers where a loop would pick number by number."""

from __future__ import annotations

import numpy as np

from ..kernels.turning import Interleave, Turn
from ..ops.shape import Astype
from .groups import Group, Groups
from .tasks import Argument, Kernel, Task, Wanted, address, share_out
from .views import Axis, View, collapsed

FEW, MANY = 4, 8
"""Numbers side by side that are interleaved, and lines of squares that pay."""


def turned_copy(groups: Groups, group: Group, wanted: Wanted) -> list[Task]:
    """The task of a group that does nothing but copy a value with its axes exchanged; none for any other group."""
    op = group.ops[0]
    if (
        len(group.ops) > 1
        or not isinstance(op.gate, Astype)
        or op.outputs[0] not in wanted.stored - wanted.guarded
    ):
        return []
    return turned(groups, groups.place(groups.view(op.inputs[0])), groups.home(op.outputs[0]))


def turned(groups: Groups, source: View, target: View) -> list[Task]:
    """The task that copies a view to another of its shape, if their neighbours lie along different axes; else none."""
    dtype = groups.flow.specs[target.base].dtype
    axes = collapsed(target.shape, [source.stretched(target.shape), target.strides], ())
    high = next((axis for axis in axes if axis.strides[0] == 1), None)
    wide = next((axis for axis in axes if axis.strides[1] == 1), None)
    if high is None or wide is None or high is wide or dtype != groups.flow.specs[source.base].dtype:
        return []
    outer = [axis for axis in axes if axis is not high and axis is not wide]
    kernel = kernel_for(dtype, len(outer), high, wide)
    if kernel is None or dtype.kind == "b":
        return []
    pieces = share_out(2 * target.size)
    arguments: list[Argument] = [pieces, *(axis.size for axis in (*outer, high, wide))]
    for side, view, line in ((0, source, wide), (1, target, high)):
        arguments += [address(groups, view), *(axis.strides[side] for axis in (*outer, line))]
    moved = dtype.itemsize * (source.there + target.there)
    return [Task(kernel, arguments, pieces, (source.base,), (target.base,), "turn", moved=moved)]


def kernel_for(dtype: np.dtype, outer: int, high: Axis, wide: Axis) -> Kernel | None:
    """What copies lines along one axis to lines along another; None where a loop does as well."""
    if wide.size <= FEW and high.strides[1] == wide.size:
        return Interleave(dtype, outer, wide.size)
    return Turn(dtype, outer) if min(high.size, wide.size) >= MANY else None
