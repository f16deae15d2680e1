"""Weighted sums of places along an axis: how they become tasks."""

from __future__ import annotations

from ..kernels import resample as kernels
from .flow import Op
from .groups import Groups, size
from .tasks import Address, Argument, Task, address, share_out


def resample(groups: Groups, op: Op, status: int) -> list[Task]:
    """One pass by a table that is known beforehand."""
    specs, gate, (x,), (out,) = groups.flow.specs, op.gate, op.inputs, op.outputs
    shape, dtype = specs[out].shape, specs[out].dtype
    place, weight, count = gate.table()
    high, width = size(shape[: gate.axis]), size(shape[gate.axis + 1 :])
    table = [groups.flow.constant(a) for a in (place, count, weight.astype(dtype))]
    pieces = share_out(size(shape) * (1 + len(place)))
    source = groups.view(x)
    arguments: list[Argument] = [
        *(pieces, high, specs[x].shape[gate.axis], width, shape[gate.axis], len(place)),
        *(Address(n) for n in table),
        *(address(groups, source), Address(out)),
    ]
    kernel = kernels.Resample(dtype, width == 1)
    return [Task(kernel, arguments, pieces, (source.base, *table), (out,), "resample")]
