"""Gates with kernels of their own: how each becomes tasks.  Floor 4 is where gates and kernels meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..graph import Gate
from ..kernels import dropout as dropout_kernel
from ..kernels import indexing as index_kernels
from ..kernels import pooling, pooling_inside
from ..kernels.formula import NEXT, STRIDED, Formula, Operand
from ..kernels.language.machine import Machine
from ..kernels.loops import Loops
from ..ops.dropout import Dropout
from ..ops.indexing import Given, Index, IndexAdd, ScatterAlongAxis, Slice, TakeAlongAxis
from ..ops.norm import ChannelSum
from ..ops.pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake
from ..ops.reduction import Argmax
from ..ops.shape import Concat, Pad
from .abreast_tasks import filters_abreast
from .depthwise import DepthwiseFilters, DepthwiseInput, DepthwisePixels
from .depthwise_tasks import depthwise_filters, depthwise_input, depthwise_pixels
from .flow import Op
from .fuse import surrounds
from .gradients import filter_gradient, tiles_gradient, winograd_sums
from .groups import Groups, size
from .homes import inside, places
from .labels import LabelCheck
from .pixels import FiltersAbreast, Interleave, Pixels
from .tasks import STATUS, Address, Argument, Task, address, along, arranged, crossed, placed, share_out
from .tiles import FilterGradient, FilterPanels, TilesGradient, WinogradSums, WinogradTiles
from .turning import turned
from .views import View, collapsed, indexed, is_basic, reshaped
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
    *outer, inner = across or loops
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
    return indexed(view, (Slice(None, None, None),) * axis + (Slice(start, stop, 1),))


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


def index(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Rows picked by one integer array; keys with several arrays are left to NumPy."""
    seen = rows_picked(op.gate.key, groups.flow.specs[op.inputs[0]].shape)
    if seen is None:
        return None
    (out,) = op.outputs
    high, length, width = seen
    count = groups.flow.specs[op.inputs[1]].size
    return take(groups, op, status, (high, count, width), length, out, spread_index=True)


def take_along_axis(groups: Groups, op: Op, status: int) -> list[Task] | None:
    shape, axis = groups.flow.specs[op.outputs[0]].shape, op.gate.axis
    length = groups.flow.specs[op.inputs[0]].shape[axis]
    space = size(shape[:axis]), shape[axis], size(shape[axis + 1 :])
    return take(groups, op, status, space, length, op.outputs[0], spread_index=False)


def take(
    groups: Groups,
    op: Op,
    status: int,
    space: tuple[int, int, int],
    length: int,
    out: int,
    *,
    spread_index: bool,
) -> list[Task] | None:
    """out[a, j, b] = x[a, i, b]; the index does not depend on a and b where it is spread."""
    high, count, width = space
    x, numbers = groups.view(op.inputs[0]), groups.view(op.inputs[1])
    seen = reshaped(x.shape, x.strides, (high, length, width))
    where = index_strides(numbers, space, spread_index)
    if seen is None or where is None or 0 in space:
        return [] if 0 in space else None
    specs = groups.flow.specs
    index_operand = Operand(specs[numbers.base].dtype, along(where[2]) if width > 1 or spread_index else NEXT)
    x_along = along(seen[2]) if width > 1 else NEXT
    kernel = index_kernels.Take(specs[x.base].dtype, index_operand, x_along)
    pieces = share_out(size(space) * 4)
    arguments: list[Argument] = [pieces, high, count, width, length, address(groups, x), seen[0], seen[1]]
    arguments += [seen[2]] if x_along == STRIDED else []
    arguments += [
        address(groups, numbers),
        where[0],
        where[1],
        *where[2:3] * (index_operand.along == STRIDED),
    ]
    arguments += [Address(out), count * width, width, Address(STATUS, status)]
    return [Task(kernel, arguments, pieces, (x.base, numbers.base), (out,), "take", guard=status)]


def index_strides(numbers: View, space: tuple[int, int, int], spread: bool) -> tuple[int, ...] | None:
    """Strides of the indices over (a, j, b)."""
    if spread:
        flat = reshaped(numbers.shape, numbers.strides, (space[1],))
        return None if flat is None else (0, flat[0], 0)
    return reshaped(numbers.shape, numbers.strides, space)


def rows_picked(key: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """(A, L, B) where a key is one integer array at one axis and whole slices elsewhere."""
    whole = Slice(None, None, None)
    places = [k for k, entry in enumerate(key) if isinstance(entry, Given)]
    if len(places) != 1 or any(entry != whole for entry in key if not isinstance(entry, Given)):
        return None
    (axis,) = places
    return size(shape[:axis]), shape[axis], size(shape[axis + 1 :])


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
    seen = rows_picked(op.gate.key, op.gate.shape)
    if seen is None:
        return None
    high, length, width = seen
    count = groups.flow.specs[op.inputs[1]].size
    return add(groups, op, status, (high, count, width), length, spread_index=True)


def scatter_along_axis(groups: Groups, op: Op, status: int) -> list[Task] | None:
    shape, axis = groups.flow.specs[op.inputs[0]].shape, op.gate.axis
    space = size(shape[:axis]), shape[axis], size(shape[axis + 1 :])
    return add(groups, op, status, space, op.gate.size, spread_index=False)


def add(
    groups: Groups, op: Op, status: int, space: tuple[int, int, int], length: int, *, spread_index: bool
) -> list[Task] | None:
    """out[a, i, b] += x[a, j, b] on zeros."""
    (out,) = op.outputs
    high, count, width = space
    x, numbers = groups.view(op.inputs[0]), groups.view(op.inputs[1])
    seen = reshaped(x.shape, x.strides, space)
    where = index_strides(numbers, space, spread_index)
    tasks = fill(groups, groups.view(out), 0)
    if 0 in space:
        return tasks
    if seen is None or where is None:
        return None
    specs = groups.flow.specs
    narrow = width == 1
    index_operand = Operand(
        specs[numbers.base].dtype, NEXT if narrow and not spread_index else along(where[2])
    )
    x_operand = Operand(specs[x.base].dtype, NEXT if narrow else along(seen[2]))
    kernel = index_kernels.Add(specs[out].dtype, index_operand, x_operand)
    pieces = min(share_out(size(space) * 4), high)
    arguments: list[Argument] = [pieces, high, count, width, length, Address(out), length * width, width]
    arguments += [
        address(groups, numbers),
        where[0],
        where[1],
        *where[2:3] * (index_operand.along == STRIDED),
    ]
    arguments += [address(groups, x), seen[0], seen[1], *seen[2:3] * (x_operand.along == STRIDED)]
    arguments.append(Address(STATUS, status))
    reads = (x.base, numbers.base, out)
    return [*tasks, Task(kernel, arguments, pieces, reads, (out,), "scatter", guard=status)]


def argmax(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The first largest along one axis; the longer side of what is left becomes the vector."""
    (out,), x = op.outputs, groups.view(op.inputs[0])
    axis = op.gate.axis
    high, width = size(x.shape[:axis]), size(x.shape[axis + 1 :])
    seen = reshaped(x.shape, x.strides, (high, x.shape[axis], width))
    if seen is None:
        return None
    if high * width == 0:
        return []
    outer, step, inner = seen
    if width == 1:  # many rows: the vector goes over them
        high, width, outer, inner = 1, high, 0, outer
    operand = Operand(groups.flow.specs[x.base].dtype, along(inner) if width > 1 else NEXT)
    pieces = min(share_out(x.size * 4), high)
    arguments: list[Argument] = [pieces, high, x.shape[axis], width, address(groups, x), outer, step]
    arguments += [inner] if operand.along == STRIDED else []
    arguments += [Address(out), width]
    return [Task(index_kernels.Largest(operand), arguments, pieces, (x.base,), (out,), "argmax")]


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
    Argmax: argmax,
    Concat: concat,
    DepthwiseFilters: depthwise_filters,
    DepthwiseInput: depthwise_input,
    DepthwisePixels: depthwise_pixels,
    Dropout: dropout,
    FilterGradient: filter_gradient,
    FilterPanels: filter_panels,
    FiltersAbreast: filters_abreast,
    Index: index,
    IndexAdd: index_add,
    Interleave: interleave,
    LabelCheck: label_check,
    Pad: pad,
    Pixels: pixels,
    ScatterAlongAxis: scatter_along_axis,
    TakeAlongAxis: take_along_axis,
    TilesGradient: tiles_gradient,
    WinogradSums: winograd_sums,
    WinogradTiles: winograd_tiles,
}
"""The table gate → kernel, for gates that are neither fused loops nor products nor views."""


def single_tasks(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The tasks of an op with a kernel of its own; None where NumPy has to run it."""
    lowering = LOWERINGS.get(type(op.gate))
    return None if lowering is None else lowering(groups, op, status)
