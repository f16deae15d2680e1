"""Convolutions to tasks: as products whose left factor is a sliding window, or by Winograd's algorithm."""

from __future__ import annotations

import numpy as np

from ..graph import Spec
from ..kernels import winograd
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.types import LANES
from ..kernels.product import tile_for
from ..kernels.transforms import POINTS
from .flow import Op
from .fuse import Group, Groups
from .pixels import ConvFilters, ConvPixels, WinogradPixels
from .products import Epilogue, Factor, Factors, Packs, Sizes, multiplied
from .tasks import Address, Argument, Task, Wanted, address, share_out

SUMMED = 32
"""Tiles whose products are summed up together into a filter's gradient."""
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
    return multiplied(packs, after, sizes, [Factors(sizes.depth, left, right)], window=True)


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
    """A convolution by Winograd's algorithm: transformed filters into panels, then all else in one pass."""
    groups, specs, gate = packs.groups, packs.groups.flow.specs, op.gate
    x, u = (groups.view(n) for n in op.inputs)
    many, c, columns = u.shape
    n, high, wide, _ = specs[op.outputs[0]].shape
    f, tiles = columns // gate.groups, gate.scheme.tiles(n, high, wide)
    panels = packs.number(Factor(u, c * columns, columns, 1), (many, c, columns), after.tile)
    block = block_of(c, f)
    pieces = min(MOST_PIECES, gate.groups * -(-tiles // block))
    room = room_of(groups, pieces, POINTS + 1, block * max(c, f), after.dtype)
    sizes = Sizes(1, n * high * wide, columns, c)
    kernel = winograd.Winograd(after.dtype, after.tile, gate.scheme, after.formula(sizes))
    arguments: list[Argument] = [pieces, block, n, high, wide, gate.groups, c, f, *x.shape[1:3]]
    arguments += [address(groups, x), Address(panels), Address(room), *after.arguments(sizes, stacked=False)]
    flops = 2 * tiles * many * c * columns
    task = after.task(kernel, arguments, pieces, [x.base, panels], "winograd", flops, [room])
    return [*packs.fresh(), task]


def winograd_sums(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The gradient to filters by Winograd's algorithm, as sums over tiles of the transformed."""
    specs, (out,), scheme = groups.flow.specs, op.outputs, op.gate.scheme
    x, y = (groups.view(n) for n in op.inputs)
    shares, many, c, f = specs[out].shape
    dtype, block = specs[out].dtype, SUMMED
    room = room_of(groups, shares, 2 * POINTS, block * max(c, f), dtype)
    arguments: list[Argument] = [shares, shares, block, *y.shape[:3], 1, c, f, *x.shape[1:3]]
    arguments += [address(groups, x), address(groups, y), Address(out), Address(room)]
    flops = 2 * scheme.tiles(*y.shape[:3]) * many * c * f
    kernel = winograd.WinogradFilters(dtype, tile_for(dtype), scheme)
    return [Task(kernel, arguments, shares, (x.base, y.base), (out, room), "winograd", flops=flops)]


def winograd_tiles(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """All tiles of pictures, or of results, transformed."""
    (x,), (out,), gate = (groups.view(n) for n in op.inputs), op.outputs, op.gate
    many, tiles, width = groups.flow.specs[out].shape
    edge = 0 if gate.back else gate.scheme.edge
    n, high, wide, _ = x.shape
    pieces = share_out(many * tiles * width * 8)
    arguments: list[Argument] = [pieces, tiles, n, high - edge, wide - edge, 1, width, width, high, wide, 0]
    arguments += [address(groups, x), Address(out)]
    kernel = winograd.WinogradTiles(groups.flow.specs[out].dtype, gate.scheme, gate.back)
    return [Task(kernel, arguments, pieces, (x.base,), (out,), "tiles")]


def block_of(channels: int, filters: int) -> int:
    """Tiles of Winograd's algorithm that are worked on together: few, that they stay near, but more where the filters
    have to be fetched again for each block.
    """
    return 32 if channels * filters > MANY_FILTERS else 16


def room_of(groups: Groups, pieces: int, planes: int, width: int, dtype: np.dtype) -> int:
    """Memory in which each piece keeps the transforms of one block, with a gap between the planes."""
    return groups.flow.new(Spec((pieces, planes, width + LANES), dtype))
