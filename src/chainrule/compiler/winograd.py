"""Convolutions by Winograd's algorithm: filters into panels, then tiles in one pass or in three."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..graph import Spec
from ..kernels import filters, winograd
from ..kernels.formula import NEXT, Formula, Operand
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.types import LANES
from ..kernels.product import Product, tile_for
from ..kernels.transforms import GAP, POINTS
from .flow import Op
from .groups import Groups
from .products import Epilogue
from .tasks import Address, Argument, Task, address, share_out

BLOCK = 16
"""Tiles that are transformed, multiplied and brought back together: few, that they stay near."""
MANY_FILTERS = 1 << 13
"""Channels times filters beyond which the transformed filters are read once, for many tiles, and not for each block."""
AT_ONCE = 1 << 23
"""Bytes of the tiles that are then transformed at once: a part of the cache that all cores share."""
SUM_ALONE = Formula((Operand(np.dtype(np.float32), NEXT),), (), ((0, Operand(np.dtype(np.float32), NEXT)),))
"""A product with nothing after it."""


def winograd_tasks(groups: Groups, op: Op, after: Epilogue) -> list[Task]:
    """A convolution with filters that are ready: all in one pass, or in three where the filters are too large to be
    read again for each block of tiles.
    """
    channels = groups.view(op.inputs[0]).shape[3]
    large = channels * op.gate.filters > MANY_FILTERS and op.gate.groups == 1
    return in_three_passes(groups, op, after) if large else in_one_pass(groups, op, after)


def in_one_pass(groups: Groups, op: Op, after: Epilogue) -> list[Task]:
    """Block by block: tiles transformed, multiplied and brought back."""
    gate, (x, panels) = op.gate, (groups.view(n) for n in op.inputs)
    n, high, wide, columns = groups.flow.specs[op.outputs[0]].shape
    c, f, tiles = x.shape[3] // gate.groups, columns // gate.groups, gate.scheme.tiles(n, high, wide)
    pieces = min(MOST_PIECES, gate.groups * -(-tiles // BLOCK))
    room, together = room_of(groups, pieces, POINTS + 1, BLOCK * max(c, f), after.dtype), after.add_up(pieces)
    out = (n, high, wide, columns)
    kernel = winograd.Winograd(after.dtype, after.tile, gate.scheme, after.formula(out))
    arguments: list[Argument] = [pieces, BLOCK, n, high, wide, gate.groups, c, f, *x.shape[1:3]]
    arguments += [address(groups, x), address(groups, panels), Address(room)]
    arguments += after.arguments(out)
    flops = 2 * tiles * POINTS * c * columns
    task = after.task(kernel, arguments, pieces, [x.base, panels.base], "winograd", flops, [room])
    return [task, *together]


def in_three_passes(groups: Groups, op: Op, after: Epilogue) -> list[Task]:
    """Many tiles at once: all transformed, then a product for each point, then all brought back."""
    c = groups.view(op.inputs[0]).shape[3]
    n, high, wide, f = groups.flow.specs[op.outputs[0]].shape
    tiles, width = op.gate.scheme.tiles(n, high, wide), max(c, f)
    block = -(-tiles // -(-tiles * POINTS * width * after.dtype.itemsize // AT_ONCE))
    rooms = [room_of(groups, 1, POINTS, block * width, after.dtype) for _ in range(2)]
    passes = ThreePasses(groups, op, after, block, *rooms)
    stretches = [(first, min(block, tiles - first)) for first in range(0, tiles, block)]
    together = after.add_up(len(stretches) * MOST_PIECES)
    tasks = [task for number, stretch in enumerate(stretches) for task in passes.tasks(number, *stretch)]
    return [*tasks, *together]


class ThreePasses(NamedTuple):
    """A convolution over many tiles: the rooms of their transforms, and of their products."""

    groups: Groups
    op: Op
    after: Epilogue
    block: int
    seen: int
    made: int

    def tasks(self, number: int, first: int, count: int) -> Iterator[Task]:
        """The passes over a stretch of tiles."""
        scheme, dtype, x = self.op.gate.scheme, self.after.dtype, self.groups.view(self.op.inputs[0])
        n, high, wide, f = out = self.groups.flow.specs[self.op.outputs[0]].shape
        c = x.shape[3]
        pieces = MOST_PIECES
        shape: list[Argument] = [pieces, self.block, n, high, wide, 1, c, f, *x.shape[1:3], first]
        words = [*shape, address(self.groups, x), Address(self.seen)]
        seeing = winograd.WinogradTiles(dtype, scheme, None, back=False)
        yield Task(seeing, words, pieces, (x.base,), (self.seen,), "tiles")
        yield self.products(count, f, c)
        words = [*shape, Address(self.made), *self.after.arguments(out, number * MOST_PIECES)]
        results = winograd.WinogradResults(dtype, scheme, self.after.formula(out))
        yield self.after.task(results, words, pieces, [self.made], "winograd", 0)

    def products(self, count: int, f: int, c: int) -> Task:
        """A product for each point: (points, tiles, filters) of so many channels."""
        tile, panels = self.after.tile, self.groups.view(self.op.inputs[1])
        left: list[Argument] = [Address(self.seen), self.block * c + GAP, LANES * c, c, 1]
        right: list[Argument] = [
            address(self.groups, panels),
            panels.shape[1],
            c * tile.columns,
            tile.columns,
        ]
        out: list[Argument] = [Address(self.made), self.block * max(c, f) + GAP, f]
        words = [MOST_PIECES, 1, 1, POINTS, count, f, c, *left, *right, *out]
        kernel, read = Product(self.after.dtype, tile, SUM_ALONE), (self.seen, panels.base)
        flops = 2 * count * POINTS * c * f
        return Task(kernel, words, MOST_PIECES, read, (self.made,), "product", flops=flops)


def filter_panels(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """Filters, transformed, in panels."""
    (w,), (out,), gate = (groups.view(n) for n in op.inputs), op.outputs, op.gate
    spec = groups.flow.specs[out]
    pieces = share_out(2 * spec.size)
    arguments: list[Argument] = [pieces, gate.groups, w.shape[0] // gate.groups, w.shape[1]]
    arguments += [address(groups, w), Address(out)]
    kernel = filters.FilterPanels(spec.dtype, tile_for(spec.dtype), gate.scheme, gate.back)
    return [Task(kernel, arguments, pieces, (w.base,), (out,), "pack")]


def winograd_tiles(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """All tiles of pictures, or of results, transformed."""
    (x,), (out,), gate = (groups.place(groups.view(n)) for n in op.inputs), op.outputs, op.gate
    spec, (n, rows, columns, width) = groups.flow.specs[out], x.shape
    edge, each = 0 if gate.back else gate.scheme.edge, width // gate.groups
    high, wide = rows - edge, columns - edge
    tiles, pieces = gate.scheme.tiles(n, high, wide), share_out(spec.size * 8)
    arguments: list[Argument] = [pieces, tiles, n, high, wide, gate.groups, each, each, rows, columns, 0]
    arguments += [address(groups, x), *(x.strides[:3] if gate.back else ()), Address(out)]
    kernel = winograd.WinogradTiles(spec.dtype, gate.scheme, gate.columns, gate.back)
    return [Task(kernel, arguments, pieces, (x.base,), (out,), "tiles")]


def room_of(groups: Groups, pieces: int, planes: int, width: int, dtype: np.dtype) -> int:
    """Memory in which each piece keeps the transforms of one block, with a gap between the planes."""
    return groups.flow.new(Spec((pieces, planes, width + GAP), dtype))
