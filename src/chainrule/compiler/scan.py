"""Running totals to tasks: along rows, or row by row where columns lie side by side."""

from __future__ import annotations

from collections.abc import Callable

from ..kernels.language.machine import Machine
from ..kernels.scan import ScanColumns, ScanRows
from .flow import Op
from .groups import Groups
from .indexing import around_axis
from .tasks import Address, Argument, Task, address, share_out


def scan(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Rows are shared out; where there are too few of them, their columns."""
    (out,), gate, x = op.outputs, op.gate, groups.view(op.inputs[0])
    dtype, (high, length, width) = groups.flow.specs[out].dtype, around_axis(x.shape, gate.axis)
    if not x.size:
        return []
    pieces = share_out(2 * x.size)
    across = width > 1 and high < pieces
    pieces = pieces if across else min(pieces, high)
    kernel: Callable[[Machine], None] = ScanRows(dtype, gate.reverse)
    sizes = [high, length]
    if width > 1:
        kernel, sizes = ScanColumns(dtype, gate.reverse, across), [high, length, width]
    arguments: list[Argument] = [pieces, *sizes, address(groups, x), Address(out)]
    return [Task(kernel, arguments, pieces, (x.base,), (out,), "scan", flops=x.size)]
