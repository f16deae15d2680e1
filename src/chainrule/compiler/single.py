"""Gates with kernels of their own: how each becomes tasks.  Floor 4 is where gates and kernels meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..graph import Gate
from ..kernels import dropout as dropout_kernel
from ..kernels import indexing as index_kernels
from ..kernels import pooling, pooling_inside
from ..kernels.formula import Formula, Operand
from ..kernels.language.machine import Machine
from ..kernels.loops import Loops
from ..ops.dropout import Dropout
from ..ops.indexing import Index, IndexAdd, ScatterAlongAxis, Slice, TakeAlongAxis
from ..ops.norm import ChannelSum
from ..ops.pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake
from ..ops.reduction import Argmax, Argmin
from ..ops.resample import Resample
from ..ops.scan import CumulativeSum
from ..ops.shape import Concat, Pad
from ..ops.unfold import Fold, Unfold
from .abreast_tasks import filters_abreast
from .depthwise import DepthwiseFilters, DepthwiseInput, DepthwisePixels
from .depthwise_tasks import depthwise_filters, depthwise_input, depthwise_pixels
from .flow import Op
from .fuse import surrounds
from .gradients import filter_gradient, tiles_gradient, winograd_sums
from .groups import Groups, size
from .homes import inside, places
from .indexing import add_along_axis, add_rows, take_along_axis, take_rows, winner
from .keys import WHOLE
from .labels import LabelCheck
from .pixels import FiltersAbreast, Interleave, Pixels
from .resample import resample
from .scan import scan
from .tasks import (
    STATUS,
    Address,
    Argument,
    Task,
    address,
    along,
    arranged,
    crossed,
    lengthened,
    placed,
    share_out,
)
from .tiles import FilterGradient, FilterPanels, TilesGradient, WinogradSums, WinogradTiles
from .turning import turned
from .unfold import columns
from .views import View, collapsed, indexed, is_basic
from .winograd import filter_panels, winograd_tiles

Lowering = Callable[[Groups, Op, int], list[Task] | None]


def move(groups: Groups, source: View, target: View, name: str = "copy") -> list[Task]:
    """Copy the elements of one view to those of another of the same shape; stretched axes are read again."""
    if 0 in target.shape:
        return []
    exchanged = turned(groups, source, target)
    if exchanged:
        return exchanged
    specs = groups.flow.specs
    loops = arranged(collapsed(target.shape, [source.stretched(target.shape), target.strides], ()))
    across = crossed(loops)
    *outer, inner = across or lengthened(loops)
    dtype = specs[target.base].dtype
    width = inner.strides[1] if inner.size > 1 else 1
    formula = Formula((Operand(dtype, along(inner.strides[0])),), (), ((0, Operand(dtype, along(width))),))
    pieces = share_out(2 * target.size)
    arguments: list[Argument] = [pieces, *(axis.size for axis in (*outer, inner))]
    arguments += placed(address(groups, source), 0, outer, inner)
    arguments += placed(address(groups, target), 1, outer, inner)
    kernel = Loops(formula, len(outer), crossed=across is not None)
    moved = dtype.itemsize * (source.there + target.there)
    return [Task(kernel, arguments, pieces, (source.base,), (target.base,), name, moved=moved)]


def fill(groups: Groups, target: View, value: float) -> list[Task]:
    """Write one number everywhere in a view."""
    dtype = groups.flow.specs[target.base].dtype
    constant = groups.flow.constant(np.asarray(value, dtype))
    return move(groups, groups.view(constant), target, "fill")


def around(groups: Groups, whole: View, key: tuple[Slice, ...], value: float) -> list[Task]:
    """Write one number wherever a key of slices names no element; everywhere if it steps over some."""
    slices = [slice(*k).indices(n) for k, n in zip(key, whole.shape, strict=True)]
    if any(step != 1 for _, _, step in slices):
        return fill(groups, whole, value)
    tasks, left = list[Task](), whole
    for axis, (start, stop, _) in enumerate(slices):
        stop = max(start, stop)
        for border in ends(left, axis, start, left.shape[axis] - stop):
            tasks += fill(groups, border, value)
        left = along_axis(left, axis, start, stop)
    return tasks


def ends(view: View, axis: int, before: int, after: int) -> Iterator[View]:
    """The first and the last of a view along an axis; as one view, where they are equally many."""
    n, stride = view.shape[axis], view.strides[axis]
    if before == after > 0:
        shape = (*view.shape[:axis], 2, before, *view.shape[axis + 1 :])
        strides = (*view.strides[:axis], stride * (n - after), stride, *view.strides[axis + 1 :])
        yield View(view.base, shape, strides, view.offset)
    else:
        yield along_axis(view, axis, 0, before)
        yield along_axis(view, axis, n - after, n)


def along_axis(view: View, axis: int, start: int, stop: int) -> View:
    """A stretch of a view along one axis."""
    return indexed(view, (WHOLE,) * axis + (Slice(start, stop, 1),))


def laid_down(groups: Groups, op: Op) -> list[Task]:
    """Each input into its place in the output, unless the group that makes it has written it there."""
    pairs = [(groups.view(n), place) for n, place in zip(op.inputs, places(groups, op), strict=True)]
    return [
        task for view, place in pairs if view.base not in groups.homes for task in move(groups, view, place)
    ]


def concat(groups: Groups, op: Op, status: int) -> list[Task] | None:
    return laid_down(groups, op)


def interleave(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Each input at its places, and zeros at those that have none."""
    whole = groups.home(op.outputs[0])
    zeros = [task for key in op.gate.empty for task in fill(groups, indexed(whole, key), 0)]
    return [*zeros, *laid_down(groups, op)]


def pad(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The border, and the middle."""
    whole = groups.home(op.outputs[0])
    return [*around(groups, whole, inside(groups, op), op.gate.value), *laid_down(groups, op)]


def index_add(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Zeros, and what is added: a copy for a key of slices, sums where rows are named by number."""
    (out,), x = op.outputs, groups.view(op.inputs[0])
    if surrounds(op.gate):
        return [*around(groups, groups.home(out), op.gate.key, 0), *laid_down(groups, op)]
    if is_basic(op.gate.key):
        whole, key = groups.view(out), op.gate.key
        slices = all(isinstance(k, Slice) for k in key) and len(key) == len(whole.shape)
        rest = around(groups, whole, key, 0) if slices else fill(groups, whole, 0)
        return [*rest, *move(groups, x, indexed(whole, key))]
    return [*fill(groups, groups.view(out), 0), *add_rows(groups, op, status)]


def scatter_along_axis(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Zeros, and what is added along an axis."""
    return [*fill(groups, groups.view(op.outputs[0]), 0), *add_along_axis(groups, op, status)]


def dropout(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Bits below the limit are kept; the limit and the factor are those of the plain gate."""
    (out,), x, step = op.outputs, groups.view(op.inputs[0]), groups.view(op.inputs[1])
    if not x.whole:
        return None
    specs, gate = groups.flow.specs, op.gate
    if specs[step.base].dtype != np.int64:
        return None
    keep = 1 - gate.p
    scale = groups.flow.constant(np.asarray(1 / keep, specs[out].dtype))
    pieces = share_out(x.size * 8)
    arguments: list[Argument] = [pieces, x.size, address(groups, x), address(groups, step), Address(out)]
    arguments += [gate.layer, gate.seed & 0xFFFFFFFF, gate.seed >> 32, int(keep * 2.0**32), Address(scale)]
    kernel = dropout_kernel.Dropout(specs[out].dtype)
    return [Task(kernel, arguments, pieces, (x.base, step.base, scale), (out,), "dropout")] if x.size else []


def label_check(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Every label is one of 0 … classes - 1, or the walk ends here."""
    labels = groups.view(op.inputs[1])
    if not labels.whole:
        return None
    pieces = share_out(labels.size)
    kernel = index_kernels.Within(groups.flow.specs[labels.base].dtype)
    arguments: list[Argument] = [
        pieces,
        labels.size,
        op.gate.classes,
        address(groups, labels),
        Address(STATUS, status),
    ]
    return [Task(kernel, arguments, pieces, (labels.base,), (), "check", guard=status)]


def pixels(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Gates of pictures whose channels lie last."""
    specs, gate = groups.flow.specs, op.gate.inner
    sources, targets = [specs[n] for n in op.inputs], [specs[n] for n in op.outputs]
    dtype = targets[0].dtype
    if isinstance(gate, ChannelSum):
        rows, channels = size(sources[0].shape[:3]), sources[0].shape[3]
        before, after = gate.reach(channels)
        pieces = share_out(sources[0].size * (1 + before + after))
        kernel: Callable[[Machine], None] = pooling.ChannelSum(dtype)
        numbers = [pieces, rows, channels, before, after]
    else:
        shapes = [spec.shape for spec in (sources[0], targets[0])]
        kind, back = POOLINGS[type(gate)]
        (many, height, width, channels), (_, high, wide, _) = reversed(shapes) if back else shapes
        window = gate.window
        pieces = share_out(size(shapes[0]) * window.size[0] * window.size[1])
        kernel = written_out(gate, dtype) or kind(dtype, window.dilation)
        numbers = [pieces, many, channels]
        for axis, (inside, outside) in enumerate(((height, high), (width, wide))):
            border = window.padding[axis]
            stride = min(window.stride[axis], inside + 2 * border + 1)  # beyond, there is one window anyway
            numbers += [inside, outside, window.size[axis], stride, border]
    values = [*op.inputs, *op.outputs]
    views = [groups.view(n) for n in values]
    if any(not view.whole for view in views):
        return None
    if 0 in targets[0].shape:
        return []
    arguments: list[Argument] = [*numbers, *(address(groups, view) for view in views)]
    reads = tuple(view.base for view in views[: len(op.inputs)])
    return [Task(kernel, arguments, pieces, reads, tuple(op.outputs), "pool")]


def written_out(gate: Any, dtype: np.dtype) -> Callable[[Machine], None] | None:
    """The kernel of a pooling whose windows are small and inside of their pictures; on the way back also apart."""
    window = gate.window
    whole = window.padding == (0, 0) and window.dilation == (1, 1)
    if not whole or window.size[0] * window.size[1] > pooling_inside.MOST_PIXELS:
        return None
    if isinstance(gate, MaxPool2d):
        return pooling_inside.MaxPoolInside(dtype, window.size)
    if isinstance(gate, MaxPool2dInput) and window.stride == window.size:
        return pooling_inside.MaxPoolInputApart(dtype, window.size)
    return None


POOLINGS: dict[type[Gate], tuple[Callable[..., Callable[[Machine], None]], bool]] = {
    MaxPool2d: (pooling.MaxPool, False),
    MaxPool2dInput: (pooling.MaxPoolInput, True),
    MaxPool2dTake: (pooling.MaxPoolTake, False),
    AvgPool2d: (pooling.AvgPool, False),
    AvgPool2dInput: (pooling.AvgPoolInput, True),
}
"""The kernel of each pooling, and whether it goes from the windows back to the pictures."""

LOWERINGS: dict[type[Gate], Lowering] = {
    Argmax: winner,
    Argmin: winner,
    Concat: concat,
    CumulativeSum: scan,
    DepthwiseFilters: depthwise_filters,
    DepthwiseInput: depthwise_input,
    DepthwisePixels: depthwise_pixels,
    Dropout: dropout,
    FilterGradient: filter_gradient,
    FilterPanels: filter_panels,
    FiltersAbreast: filters_abreast,
    Fold: columns,
    Index: take_rows,
    IndexAdd: index_add,
    Interleave: interleave,
    LabelCheck: label_check,
    Pad: pad,
    Pixels: pixels,
    Resample: resample,
    ScatterAlongAxis: scatter_along_axis,
    TakeAlongAxis: take_along_axis,
    TilesGradient: tiles_gradient,
    Unfold: columns,
    WinogradSums: winograd_sums,
    WinogradTiles: winograd_tiles,
}
"""The table gate → kernel, for gates that are neither fused loops nor products nor views."""


def single_tasks(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The tasks of an op with a kernel of its own; None where NumPy has to run it."""
    lowering = LOWERINGS.get(type(op.gate))
    return None if lowering is None else lowering(groups, op, status)
