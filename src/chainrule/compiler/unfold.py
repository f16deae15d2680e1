"""Windows as columns, and columns as windows: how they become tasks."""

from __future__ import annotations

from collections.abc import Callable

from ..kernels import unfold as kernels
from ..kernels.language.machine import Machine
from ..ops.unfold import Unfold
from ..ops.window import Window
from .flow import Op
from .groups import Groups
from .tasks import Argument, Task, address, share_out


def columns(groups: Groups, op: Op, status: int) -> list[Task]:
    """Unfold, and fold, its way back; both of numbers in row-major order."""
    specs, window, unfolds = groups.flow.specs, op.gate.window, isinstance(op.gate, Unfold)
    (source,), (target,) = op.inputs, op.outputs
    picture, other = (source, target) if unfolds else (target, source)
    shape, dtype = specs[picture].shape, specs[picture].dtype
    kind = kernels.Unfold if unfolds else kernels.Fold
    kernel: Callable[[Machine], None] = kind(dtype, window.stride[1] == 1)
    pieces = share_out(specs[other].size)
    arguments: list[Argument] = [pieces, shape[0] * shape[1], *sizes(window, shape, op.gate.label)]
    arguments += [address(groups, groups.view(n)) for n in (source, target)]
    reads = (groups.view(source).base,)
    return [Task(kernel, arguments, pieces, reads, (target,), "unfold" if unfolds else "fold")]


def sizes(window: Window, shape: tuple[int, ...], who: str) -> list[int]:
    """For the height, then for the width: size of the picture, places, window, stride, padding, dilation."""
    output, numbers = window.output(who, shape), list[int]()
    for axis in range(2):
        numbers += [shape[axis + 2], output[axis], window.size[axis], window.stride[axis]]
        numbers += [window.padding[axis], window.dilation[axis]]
    return numbers
