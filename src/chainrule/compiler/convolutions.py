"""Convolutions to tasks: as products whose left factor is a sliding window, or by Winograd's algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..graph import Spec
from ..kernels import winograd
from ..kernels.formula import NEXT, Formula, Operand
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.types import LANES
from ..kernels.product import Product, tile_for
from ..kernels.transforms import POINTS
from .abreast_tasks import abreast_task
from .flow import Op
from .fuse import ON_PICTURES, Group, Groups
from .pixels import ConvFilters, ConvPixels, WinogradPixels
from .products import Epilogue, Factor, Factors, Packs, Sizes, multiplied
from .tasks import Address, Argument, Task, Wanted, address, share_out

SUMMED = 32
"""Tiles whose products are summed up together into a filter's gradient."""
BLOCK = 16
"""Tiles that are transformed, multiplied and brought back together: few, that they stay near."""
MANY_FILTERS = 1 << 13
"""Channels times filters beyond which the transformed filters are read once, for many tiles, and not for each block."""
AT_ONCE = 1 << 23
"""Bytes of the tiles that are then transformed at once: a part of the cache that all cores share."""
SUM_ALONE = Formula((Operand(np.dtype(np.float32), NEXT),), (), ((0, Operand(np.dtype(np.float32), NEXT)),))
"""A product with nothing after it."""


def convolution_tasks(packs: Packs, group: Group, wanted: Wanted) -> list[Task]:
    """The tasks of a convolution with what follows it."""
    if 0 in group.space:
        return []
    after = Epilogue(packs.groups, group, wanted)
    op = group.ops[0]
    if isinstance(op.gate, WinogradPixels):
        return winograd_tasks(packs, op, after)
    if isinstance(op.gate, ON_PICTURES):
        return [abreast_task(packs.groups, op, after, group.rows())]
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
    """A convolution by Winograd's algorithm: transformed filters into panels, then all else in one pass, or in three
    where the filters are too large to be read again for each block of tiles.
    """
    u = packs.groups.view(op.inputs[1])
    many, c, columns = u.shape
    panels = packs.number(Factor(u, c * columns, columns, 1), (many, c, columns), after.tile)
    large = c * columns > MANY_FILTERS and op.gate.groups == 1
    tasks = (
        in_three_passes(packs.groups, op, after, panels)
        if large
        else in_one_pass(packs.groups, op, after, panels)
    )
    return [*packs.fresh(), *tasks]


def in_one_pass(groups: Groups, op: Op, after: Epilogue, panels: int) -> list[Task]:
    """Block by block: tiles transformed, multiplied and brought back."""
    specs, gate = groups.flow.specs, op.gate
    x, u = (groups.view(n) for n in op.inputs)
    many, c, columns = u.shape
    n, high, wide, _ = specs[op.outputs[0]].shape
    f, tiles = columns // gate.groups, gate.scheme.tiles(n, high, wide)
    pieces = min(MOST_PIECES, gate.groups * -(-tiles // BLOCK))
    room = room_of(groups, pieces, POINTS + 1, BLOCK * max(c, f), after.dtype)
    sizes = Sizes(1, n * high * wide, columns, c)
    kernel = winograd.Winograd(after.dtype, after.tile, gate.scheme, after.formula(sizes.out))
    arguments: list[Argument] = [pieces, BLOCK, n, high, wide, gate.groups, c, f, *x.shape[1:3]]
    arguments += [address(groups, x), Address(panels), Address(room)]
    arguments += after.arguments(sizes.out, stacked=False)
    flops = 2 * tiles * many * c * columns
    return [after.task(kernel, arguments, pieces, [x.base, panels], "winograd", flops, [room])]


def in_three_passes(groups: Groups, op: Op, after: Epilogue, panels: int) -> list[Task]:
    """Many tiles at once: all transformed, then a product for each point, then all brought back."""
    many, c, f = groups.view(op.inputs[1]).shape
    n, high, wide, _ = groups.flow.specs[op.outputs[0]].shape
    tiles, width = op.gate.scheme.tiles(n, high, wide), max(c, f)
    block = -(-tiles // -(-tiles * many * width * after.dtype.itemsize // AT_ONCE))
    rooms = [room_of(groups, 1, many, block * width, after.dtype) for _ in range(2)]
    passes = ThreePasses(groups, op, after, panels, block, *rooms)
    firsts = range(0, tiles, block)
    return [task for first in firsts for task in passes.tasks(first, min(block, tiles - first))]


class ThreePasses(NamedTuple):
    """A convolution over many tiles: the rooms of their transforms, and of their products."""

    groups: Groups
    op: Op
    after: Epilogue
    panels: int
    block: int
    seen: int
    made: int

    def tasks(self, first: int, count: int) -> Iterator[Task]:
        """The passes over some tiles."""
        scheme, dtype = self.op.gate.scheme, self.after.dtype
        x, u = (self.groups.view(n) for n in self.op.inputs)
        many, c, f = u.shape
        n, high, wide, _ = self.groups.flow.specs[self.op.outputs[0]].shape
        pieces = share_out(many * count * (c + f) * 8)
        shape: list[Argument] = [pieces, self.block, n, high, wide, 1, c, f, *x.shape[1:3], first]
        words = [*shape, address(self.groups, x), Address(self.seen)]
        seeing = winograd.WinogradTiles(dtype, scheme, False, LANES)
        yield Task(seeing, words, pieces, (x.base,), (self.seen,), "tiles")
        yield self.products((many, count, f, c))
        sizes = Sizes(1, n * high * wide, f, c)
        words = [*shape, Address(self.made), *self.after.arguments(sizes.out, stacked=False)]
        results = winograd.WinogradResults(dtype, scheme, self.after.formula(sizes.out))
        yield self.after.task(results, words, pieces, [self.made], "winograd", 0)

    def products(self, sizes: tuple[int, int, int, int]) -> Task:
        """A product for each point: (points, tiles, filters) of so many channels."""
        many, count, f, c = sizes
        tile, plane = self.after.tile, self.block * max(c, f) + LANES
        panel = c * tile.columns
        left: list[Argument] = [Address(self.seen), plane, LANES * c, c, 1]
        right: list[Argument] = [Address(self.panels), -(-f // tile.columns) * panel, panel, tile.columns]
        words = [MOST_PIECES, 1, 1, many, count, f, c, *left, *right, Address(self.made), plane, f]
        kernel, read = Product(self.after.dtype, tile, SUM_ALONE), (self.seen, self.panels)
        flops = 2 * count * many * c * f
        return Task(kernel, words, MOST_PIECES, read, (self.made,), "product", flops=flops)


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


def room_of(groups: Groups, pieces: int, planes: int, width: int, dtype: np.dtype) -> int:
    """Memory in which each piece keeps the transforms of one block, with a gap between the planes."""
    return groups.flow.new(Spec((pieces, planes, width + LANES), dtype))
