"""Convolutions to tasks: as products whose left factor is a sliding window, or by Winograd's algorithm."""

from __future__ import annotations

import numpy as np

from ..graph import Spec
from ..kernels import filters, gradients, winograd
from ..kernels.formula import NEXT, Formula, Operand
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.types import LANES
from ..kernels.product import Product, tile_for
from ..kernels.transforms import GAP, POINTS
from .flow import Op
from .fuse import Group, Groups, size
from .pixels import ConvFilters, ConvPixels
from .products import Epilogue, Factor, Packs, Sizes, multiplied, shared_out
from .tasks import STATUS, Address, Argument, Task, Wanted, address, share_out
from .tiles import WinogradPixels
from .views import View

SUMMED = 32
"""Tiles whose products are summed up together into a filter's gradient."""
SUMS_BYTES = 5 << 20
"""Bytes of sums that are made before they are transformed, where tiles are transformed ahead."""
MANY_FILTERS = 1 << 14
"""Channels times filters from which on the transformed filters leave a core's cache between two blocks of tiles."""


def convolution_tasks(packs: Packs, group: Group, wanted: Wanted) -> list[Task]:
    """The tasks of a convolution with what follows it."""
    if 0 in group.space:
        return []
    after = Epilogue(packs.groups, group, wanted)
    op = group.ops[0]
    if isinstance(op.gate, WinogradPixels):
        return winograd_tasks(packs, op, after)
    slide = sliding_pixels if isinstance(op.gate, ConvPixels) else sliding_filters
    sizes, left, right = slide(packs.groups, op)
    return multiplied(packs, after, sizes, left, right, window=True)


def steps_of(gate: ConvPixels | ConvFilters, x: Spec) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """How far pictures go on: from picture to picture, down and across; from tap to tap, down, across, inside."""
    _, height, width, channels = x.shape
    (down, across), (below, beside) = gate.stride, gate.dilation
    line = width * channels
    return (height * line, down * line, across * channels), (below * line, beside * channels, 1)


def sliding_pixels(groups: Groups, op: Op) -> tuple[Sizes, list[Argument], Factor]:
    """Windows of pictures times filters: the sizes of the product, its left factor, its right one."""
    specs, gate = groups.flow.specs, op.gate
    x, w = (groups.view(n) for n in op.inputs)
    many, high, wide, _ = specs[op.outputs[0]].shape
    kh, kw, near, columns = w.shape
    pixels, taps = steps_of(gate, specs[op.inputs[0]])
    parts, filters = gate.groups, columns // gate.groups
    joined = gate.dilation[1] == 1 and parts == 1  # the taps of a line, and their channels, are one stretch
    along = (kh, 1, kw * near) if joined else (kh, kw, near)
    left: list[Argument] = [address(groups, x), near if parts > 1 else 0, high, wide, *pixels, *along, *taps]
    right = Factor(w, filters if parts > 1 else 0, columns, 1)
    return Sizes(parts, many * high * wide, filters, kh * kw * near), left, right


def sliding_filters(groups: Groups, op: Op) -> tuple[Sizes, list[Argument], Factor]:
    """Windows of pictures, turned, times the gradient to what a convolution makes."""
    specs, gate = groups.flow.specs, op.gate
    x, y = (groups.view(n) for n in op.inputs)
    many, high, wide, columns = y.shape
    kh, kw = gate.size
    pixels, taps = steps_of(gate, specs[op.inputs[0]])
    parts, filters, few = gate.groups, columns // gate.groups, many // gate.shares
    near = specs[op.inputs[0]].shape[3] // parts
    step = near if parts > 1 else few * pixels[0] if gate.shares > 1 else 0
    left: list[Argument] = [address(groups, x), step, kw, near, *taps, few, high, wide, *pixels]
    apart = filters if parts > 1 else few * high * wide * columns if gate.shares > 1 else 0
    sizes = Sizes(parts * gate.shares, kh * kw * near, filters, few * high * wide)
    return sizes, left, Factor(y, apart, columns, 1)


def winograd_tasks(packs: Packs, op: Op, after: Epilogue) -> list[Task]:
    """A convolution by Winograd's algorithm, all in one pass but for the filters, which are ready."""
    groups, specs, gate = packs.groups, packs.groups.flow.specs, op.gate
    x, panels = (groups.view(n) for n in op.inputs)
    n, high, wide, filters = specs[op.outputs[0]].shape
    c, f, tiles = x.shape[3] // gate.groups, filters // gate.groups, gate.scheme.tiles(n, high, wide)
    block = block_of(c, f)
    pieces = min(MOST_PIECES, gate.groups * -(-tiles // block))
    room = room_of(groups, pieces, POINTS + 1, block * max(c, f), after.dtype)
    sizes = Sizes(1, n * high * wide, filters, c)
    kernel = winograd.Winograd(after.dtype, after.tile, gate.scheme, after.formula(sizes))
    arguments: list[Argument] = [pieces, block, n, high, wide, gate.groups, c, f, *x.shape[1:3]]
    arguments += [address(groups, v) for v in (x, panels)]
    arguments += [Address(room), *after.arguments(sizes, stacked=False)]
    flops = 2 * tiles * POINTS * c * filters
    return [after.task(kernel, arguments, pieces, [x.base, panels.base], "winograd", flops, [room])]


def filter_panels(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Filters, transformed, in panels."""
    (w,), (out,), gate = (groups.view(n) for n in op.inputs), op.outputs, op.gate
    spec = groups.flow.specs[out]
    pieces = share_out(2 * spec.size)
    arguments: list[Argument] = [pieces, gate.groups, w.shape[0] // gate.groups, w.shape[1]]
    arguments += [address(groups, w), Address(out)]
    kernel = filters.FilterPanels(spec.dtype, tile_for(spec.dtype), gate.scheme, gate.back)
    return [Task(kernel, arguments, pieces, (w.base,), (out,), "pack")]


def winograd_sums(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The gradient to filters by Winograd's algorithm, as sums over tiles of the transformed."""
    specs, (out,), gate = groups.flow.specs, op.outputs, op.gate
    x, y = (groups.view(n) for n in op.inputs)
    dtype, block, units = specs[out].dtype, SUMMED, gate.shares * gate.groups
    c, f = x.shape[3] // gate.groups, y.shape[3] // gate.groups
    pieces, room = min(MOST_PIECES, units), room_of(groups, units, 2 * POINTS, block * max(c, f), dtype)
    arguments: list[Argument] = [pieces, gate.shares, block, *y.shape[:3], gate.groups, c, f, *x.shape[1:3]]
    arguments += [address(groups, x), address(groups, y), Address(out), Address(room)]
    flops = 2 * gate.scheme.tiles(*y.shape[:3]) * POINTS * c * f * gate.groups
    kernel = winograd.WinogradFilters(dtype, tile_for(dtype), gate.scheme)
    return [Task(kernel, arguments, pieces, (x.base, y.base), (out, room), "winograd", flops=flops)]


def winograd_tiles(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """All tiles of pictures, or of results, transformed."""
    (x,), (out,), gate = (groups.view(n) for n in op.inputs), op.outputs, op.gate
    spec, (n, high, wide, width) = groups.flow.specs[out], x.shape
    edge, each = 0 if gate.back else gate.scheme.edge, width // gate.groups
    tiles, pieces = gate.scheme.tiles(n, high - edge, wide - edge), share_out(spec.size * 8)
    arguments: list[Argument] = [
        pieces,
        tiles,
        n,
        high - edge,
        wide - edge,
        gate.groups,
        each,
        each,
        high,
        wide,
    ]
    arguments += [address(groups, x), Address(out)]
    kernel = winograd.WinogradTiles(spec.dtype, gate.scheme, gate.columns, gate.back)
    return [Task(kernel, arguments, pieces, (x.base,), (out,), "tiles")]


def tiles_gradient(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The gradient to filters from all tiles, transformed before: a slice of the channels after the other, so that
    the sums of a slice stay in a cache until they are transformed.
    """
    (left, right), (out,), gate = (groups.view(n) for n in op.inputs), op.outputs, op.gate
    dtype, parts, (f, c, *_) = groups.flow.specs[out].dtype, gate.groups, gate.size
    slices = -(-POINTS * f * c * dtype.itemsize // SUMS_BYTES)
    each = -(-c // (slices * LANES)) * LANES
    sums = room_of(groups, 1, POINTS * parts, each * f // parts, dtype)
    tasks = list[Task]()
    for start in range(0, c, each):
        sizes = Sizes(POINTS * parts, min(each, c - start), f // parts, gate.tiles)
        tasks.append(products_of_tiles(groups, sizes, (left, right), sums, start))
        tasks.append(gathered(groups, op, (sums, 1, sizes.m), start, status))
    return tasks


def products_of_tiles(
    groups: Groups, sizes: Sizes, factors: tuple[View, View], sums: int, start: int
) -> Task:
    """Vᵀ · D for some of the channels, for each point and group."""
    specs, tile = groups.flow.specs, tile_for(groups.flow.specs[sums].dtype)
    left, right = factors
    dtype, panel = specs[sums].dtype, sizes.depth * tile.columns
    kernel = Product(dtype, tile, Formula((Operand(dtype, NEXT),), (), ((0, Operand(dtype, NEXT)),)))
    pieces, chunks = shared_out(sizes, tile)
    skipped = Address(left.base, address(groups, left).bytes + start * sizes.depth * dtype.itemsize)
    arguments: list[Argument] = [pieces, chunks, *sizes]
    arguments += [skipped, left.shape[1], sizes.depth * LANES, 1, LANES]
    arguments += [address(groups, right), right.shape[1], panel, tile.columns]
    arguments += [Address(sums), sizes.m * sizes.n + GAP, sizes.n]
    flops = 2 * sizes.batches * sizes.m * sizes.n * sizes.depth
    return Task(kernel, arguments, pieces, (left.base, right.base), (sums,), "product", flops=flops)


def gathered(groups: Groups, op: Op, sums: tuple[int, int, int], start: int, status: int) -> Task:
    """Filters' gradients from the transformed sums of some channels.  sums: their value, shares, channels"""
    (out,), gate, (number, shares, few) = op.outputs, op.gate, sums
    dtype, (f, c, *taps) = groups.flow.specs[out].dtype, gate.size
    pieces = share_out(POINTS * 4 * shares * few * f)
    arguments: list[Argument] = [pieces, shares, gate.groups, f // gate.groups, few, c, Address(number)]
    arguments += [Address(out, start * size(tuple(taps)) * dtype.itemsize), Address(STATUS, status)]
    kernel = gradients.TransformedGradient(dtype, gate.scheme)
    return Task(kernel, arguments, pieces, (number,), (out,), "turn")


def filter_gradient(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The gradient to filters, from its sums."""
    (sums,), (out,), gate = (groups.view(n) for n in op.inputs), op.outputs, op.gate
    spec, (f, c, kh, kw) = groups.flow.specs[out], gate.size
    if gate.scheme is not None:
        return [gathered(groups, op, (sums.base, sums.shape[0], c), 0, status)]
    pieces = share_out(4 * sums.size)
    arguments: list[Argument] = [pieces, sums.shape[0], f, c, kh * kw, address(groups, sums)]
    arguments += [Address(out), Address(STATUS, status)]
    return [Task(gradients.DirectGradient(spec.dtype), arguments, pieces, (sums.base,), (out,), "turn")]


def block_of(channels: int, filters: int) -> int:
    """Tiles of Winograd's algorithm that are worked on together: few, that they stay near, but more where the filters
    have to be fetched again for each block.
    """
    return 32 if channels * filters > MANY_FILTERS else 16


def room_of(groups: Groups, pieces: int, planes: int, width: int, dtype: np.dtype) -> int:
    """Memory in which each piece keeps the transforms of one block, with a gap between the planes."""
    return groups.flow.new(Spec((pieces, planes, width + LANES), dtype))
