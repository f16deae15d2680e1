"""Convolutions of pictures abreast to tasks: sizes, axes, strides of the filters."""

from __future__ import annotations

from typing import NamedTuple

from ..kernels import abreast
from .flow import Op
from .groups import Groups, size
from .pixels import ConvAbreast, InputAbreast, lanes_of
from .products import Epilogue
from .tasks import Address, Argument, Task, address, share_out
from .views import View

WORK = 400_000
"""Operations that are worth a piece of their own."""


class Axis(NamedTuple):
    """Height or width, as the kernels count it."""

    taps: int
    stride: int
    dilation: int
    before: int
    pixels: int
    edge: int


class Filters(NamedTuple):
    """Filters of a group and their channels; where they lie, and strides along groups, filters, channels, taps."""

    many: int
    channels: int
    where: Address
    strides: tuple[int, ...]


def abreast_task(groups: Groups, op: Op, after: Epilogue, rows: tuple[int, ...]) -> Task:
    """A convolution, or its gradient to the pictures, with what follows: over results (F, lines, places, lanes)."""
    gate, x, w = op.gate, groups.view(op.inputs[0]), groups.view(op.inputs[1])
    (_, high, wide, many), (_, lines, places, lanes) = x.shape, rows
    axes, filters = (ahead if isinstance(gate, ConvAbreast) else turned)(groups, gate, x, w)
    tile = abreast.conv_tile(filters.many, after.dtype)
    work = 2 * size(rows) * filters.channels * axes[0].taps * axes[1].taps
    units = gate.groups * lines * places
    pieces = min(share_out(work, WORK), units * -(-lanes // tile.columns))
    stretches = min(-(-2 * pieces // units), -(-lanes // tile.columns))
    arguments: list[Argument] = [pieces, stretches, many, gate.groups, *filters[:2], lines, places, lanes]
    arguments += [high, wide, *axes[0], *axes[1], address(groups, x), filters.where, *filters.strides]
    kernel = abreast.ConvAbreast(after.dtype, tile, after.formula(rows))
    arguments += after.arguments(rows)
    flops = 2 * gate.multiply_adds(*(groups.flow.specs[n] for n in op.inputs[:2]))
    return after.task(kernel, arguments, pieces, [x.base, w.base], "convolve", flops)


def ahead(groups: Groups, gate: ConvAbreast, x: View, w: View) -> tuple[list[Axis], Filters]:
    """The axes of a convolution, and its filters."""
    settings = zip(w.shape[2:], gate.stride, gate.dilation, x.shape[1:3], strict=True)
    axes = [Axis(taps, stride, dilation, 0, pixels, 0) for taps, stride, dilation, pixels in settings]
    each = w.shape[0] // gate.groups
    return axes, Filters(each, w.shape[1], address(groups, w), (each * w.strides[0], *w.strides))


def turned(groups: Groups, gate: InputAbreast, y: View, w: View) -> tuple[list[Axis], Filters]:
    """The axes of a gradient to pictures, and its filters: channels for filters, the last tap first."""
    edges = ((0, 0), gate.edges)
    settings = zip(w.shape[2:], gate.dilation, gate.before, y.shape[1:3], edges, strict=True)
    axes = [
        Axis(taps, 1, dilation, before, pixels - first - last, first)
        for taps, dilation, before, pixels, (first, last) in settings
    ]
    (f, near, *taps), (of_f, of_c, *steps) = w.shape, w.strides
    start, each = address(groups, w), f // gate.groups
    end = (
        sum((t - 1) * s for t, s in zip(taps, steps, strict=True)) * groups.flow.specs[w.base].dtype.itemsize
    )
    strides = (each * of_f, of_c, of_f, *(-s for s in steps))
    return axes, Filters(near, each, Address(start.base, start.bytes + end), strides)


def filters_abreast(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The gradient to filters."""
    specs, (out,), gate = groups.flow.specs, op.outputs, op.gate
    x, y = (groups.view(n) for n in op.inputs)
    (filters, lines, wide, many), (channels, *pixels, _), dtype = y.shape, x.shape, specs[out].dtype
    places, lanes = lanes_of(gate.stride, wide, many)
    near, each = channels // gate.groups, filters // gate.groups
    settings = zip(gate.size, gate.stride, gate.dilation, pixels, strict=True)
    axes = [Axis(taps, stride, dilation, 0, n, 0) for taps, stride, dilation, n in settings]
    taps = near * size(gate.size)
    tile = abreast.gradient_tile(each, taps, dtype)
    units = gate.shares * gate.groups * -(-each // tile.rows) * -(-taps // tile.vectors)
    flops = 2 * size(y.shape) * taps
    pieces = min(share_out(flops, WORK), units)
    arguments: list[Argument] = [pieces, gate.shares, many, gate.groups, each, near, lines, places, lanes]
    arguments += [*pixels, *axes[0], *axes[1], address(groups, x), address(groups, y), Address(out)]
    kernel = abreast.FiltersAbreast(dtype, tile)
    return [Task(kernel, arguments, pieces, (x.base, y.base), (out,), "convolve", flops=flops)]
