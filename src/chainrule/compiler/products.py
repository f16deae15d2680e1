"""Matrix products to tasks: factors into panels where that pays, then the product with its epilogue."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..graph import Spec
from ..kernels import winograd
from ..kernels.formula import NEXT, Formula, Operand
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.types import LANES
from ..kernels.product import Pack, Product, Tile, tile_for
from ..ops.linear import Matmul
from .flow import Op
from .fuse import FEW_ROWS, Group, Groups, size, stacked
from .pixels import ConvPixels, WinogradPixels
from .tasks import STATUS, Address, Argument, Mapping, Task, Wanted, address, along, share_out
from .views import View, reshaped

SMALL_B = 1 << 18
"""Bytes of B up to which it is read where it lies; beyond, panels are kinder to the caches."""
OFTEN = 4
"""Products with one B from which on panels pay anyway."""
ROOM = 1 << 19
"""Bytes of the tiles of Winograd's algorithm that a piece works on at once."""
STRIPES = 64
"""Columns of the result from which on a transposed A is worth its panels."""


class Factor(NamedTuple):
    """A stack of matrices: its view, and strides from matrix to matrix, along rows, along columns."""

    view: View
    stack: int
    row: int
    column: int


class Sizes(NamedTuple):
    """out (B, M, N) = A (B, M, K) · B (B, K, N)"""

    batches: int
    m: int
    n: int
    depth: int

    @property
    def out(self) -> tuple[int, int, int]:
        return self.batches, self.m, self.n


def product_tasks(groups: Groups, group: Group, wanted: Wanted, packs: set[int]) -> list[Task]:
    """The tasks of a product.  packs: the panels that are there already."""
    if 0 in group.space:
        return []
    op, tasks = group.ops[0], list[Task]()
    after = Epilogue(groups, group, wanted)
    dtype = groups.flow.specs[op.outputs[0]].dtype
    tile = tile_for(dtype)
    if isinstance(op.gate, WinogradPixels):
        return winograd_tasks(groups, op, after, packs)
    window, left = not isinstance(op.gate, Matmul), None
    if window:
        sizes, left, b = sliding(groups, op)
    else:
        sizes, a, b = matrices(groups, group, after)
        left = left_panels(groups, tile, sizes, a, packs, tasks)
        left = left or [address(groups, a.view), a.stack, LANES * a.row, a.row, a.column]
    right = right_panels(groups, tile, sizes, b, packs, tasks)
    right = right or [address(groups, b.view), b.stack, tile.columns, b.row]
    pieces, chunks = shared_out(sizes, tile)
    kernel = Product(dtype, tile, after.formula(dtype, sizes), window)
    arguments: list[Argument] = [pieces, chunks, *sizes, *left, *right, *after.arguments(sizes)]
    factors = [side[0].base for side in (left, right) if isinstance(side[0], Address)]
    reads = tuple(dict.fromkeys([*factors, *(view.base for view, _ in after.mapping.reads)]))
    writes = tuple(home.base for home in after.homes)
    flops = 2 * sizes.batches * sizes.m * sizes.n * sizes.depth
    return [*tasks, Task(kernel, arguments, pieces, reads, writes, "product", flops=flops)]


def matrices(groups: Groups, group: Group, after: Epilogue) -> tuple[Sizes, Factor, Factor]:
    """The sizes and factors of a product of matrices."""
    op = group.ops[0]
    a, b = (factor(groups.place(groups.view(n)), group.space) for n in op.inputs)
    depth = groups.flow.specs[op.inputs[0]].shape[-1]
    return *flattened(Sizes(*group.rows(), depth), a, b, after.arrays), b


class Epilogue:
    """What follows a product, element by element.

    arrays:  (space, strides) of what it reads and stores;  homes: where it stores
    """

    def __init__(self, groups: Groups, group: Group, wanted: Wanted) -> None:
        self.groups, self.specs = groups, groups.flow.specs
        self.grouped = getattr(group.ops[0].gate, "groups", 1) > 1
        self.mapping = Mapping(groups, first=group.ops[0].outputs[0])
        self.mapping.collect(group, lambda other: self.specs[other.outputs[0]].shape)
        self.stored = [v for v in group.makes() if v in wanted.stored]
        self.guards = [v for v in group.makes() if v in wanted.guarded]
        self.homes = [groups.home(v) for v in self.stored]
        self.arrays = [(space_of(group, groups, view, own), own) for view, own in self.mapping.reads]
        self.arrays += [(home.shape, home.strides) for home in self.homes]

    def strides(self, sizes: Sizes) -> list[tuple[int, ...]]:
        """Strides along b, m and n, of what is read and then of what is stored."""
        batches, m, n = sizes.out
        if self.grouped:  # the columns of a group lie beside those of the next
            flat = [reshaped(space, own, (m, batches * n)) or (0, 0) for space, own in self.arrays]
            return [(column * n, row, column) for row, column in flat]
        return [reshaped(space, own, sizes.out) or (0, 0, 0) for space, own in self.arrays]

    def formula(self, dtype: np.dtype, sizes: Sizes) -> Formula:
        """The formula, in which the product itself is operand 0."""
        read = zip(self.mapping.reads, self.strides(sizes), strict=False)
        operands = [Operand(self.specs[view.base].dtype, along(s[2])) for (view, _), s in read]
        steps, place = self.mapping.formula_steps(1), self.mapping.place
        stores = tuple((place[v], Operand(self.specs[v].dtype, NEXT)) for v in self.stored)
        return Formula((Operand(dtype, NEXT), *operands), steps, stores, tuple(place[v] for v in self.guards))

    def arguments(self, sizes: Sizes, *, stacked: bool = True) -> list[Argument]:
        """Addresses and strides of what is read, of what is stored, and the status byte."""
        words: list[Argument] = []
        strides = self.strides(sizes)
        for (view, _), s in zip(self.mapping.reads, strides, strict=False):
            words += [
                address(self.groups, view),
                *s[not stacked : 2],
                *([s[2]] if s[2] not in (0, 1) else []),
            ]
        for home, s in zip(self.homes, strides[len(self.mapping.reads) :], strict=True):
            words += [address(self.groups, home), *s[not stacked : 2]]
        return [*words, Address(STATUS)] if self.guards else words


def sliding(groups: Groups, op: Op) -> tuple[Sizes, list[Argument], Factor]:
    """The sizes of a convolution as a product, its window as the left factor, and its right factor."""
    specs, gate = groups.flow.specs, op.gate
    x, right = (groups.view(n) for n in op.inputs)
    _, height, width, channels = specs[op.inputs[0]].shape
    (sh, sw), (dh, dw) = gate.stride, gate.dilation
    picture, line = height * width * channels, width * channels
    pixels = (picture, sh * line, sw * channels)
    parts, filters = gate.groups, right.shape[-1] // gate.groups
    b = Factor(right, filters if parts > 1 else 0, right.shape[-1], 1)
    near = channels // parts
    if isinstance(gate, ConvPixels):
        many, high, wide, _ = specs[op.outputs[0]].shape
        kh, kw = right.shape[:2]
        taps = (dh * line, dw * channels, 1)
        along = (kh, kw, near) if dw > 1 or parts > 1 else (kh, 1, kw * channels)
        sizes = Sizes(parts, many * high * wide, filters, kh * kw * near)
        rows: tuple[int, ...] = (high, wide, *pixels)
        return sizes, [address(groups, x), near if parts > 1 else 0, *rows, *along, *taps], b
    many, high, wide, _ = right.shape
    kh, kw = gate.size
    few = many // gate.shares
    sizes = Sizes(parts * gate.shares, kh * kw * near, filters, few * high * wide)
    rows = (kw, near, dh * line, dw * channels, 1)
    if gate.shares > 1:
        b = b._replace(stack=few * high * wide * filters)
    step = near if parts > 1 else few * picture if gate.shares > 1 else 0
    return sizes, [address(groups, x), step, *rows, few, high, wide, *pixels], b


def winograd_tasks(groups: Groups, op: Op, after: Epilogue, packs: set[int]) -> list[Task]:
    """A convolution by Winograd's algorithm: transformed filters into panels, then all else in one pass."""
    specs, (x, u) = groups.flow.specs, (groups.view(n) for n in op.inputs)
    dtype, tasks = specs[op.outputs[0]].dtype, list[Task]()
    tile = tile_for(dtype)
    many, c, f = u.shape
    out = specs[op.outputs[0]].shape
    sizes = Sizes(1, size(out[:3]), f, c)
    number = groups.panels(u, (many, c, f), tile.columns)
    if number not in packs:
        packs.add(number)
        tasks.append(packed(groups, number, tile, many, f, c, Factor(u, c * f, f, 1)))
    block = block_of(c, f)
    tiles = out[0] * -(-out[1] // winograd.SIDE) * -(-out[2] // winograd.SIDE)
    pieces = min(MOST_PIECES, -(-tiles // block))
    room = groups.flow.new(Spec((pieces, many, block * (c + f) + 2 * LANES), dtype))
    kernel = winograd.Winograd(dtype, tile, after.formula(dtype, sizes))
    arguments: list[Argument] = [pieces, block, *out[:3], c, f, *x.shape[1:3]]
    arguments += [address(groups, x), Address(number), Address(room), *after.arguments(sizes, stacked=False)]
    reads = tuple(dict.fromkeys([x.base, number, *(view.base for view, _ in after.mapping.reads)]))
    writes = (room, *(home.base for home in after.homes))
    flops = 2 * tiles * many * c * f
    return [*tasks, Task(kernel, arguments, pieces, reads, writes, "winograd", flops=flops)]


def block_of(channels: int, filters: int) -> int:
    """Tiles of Winograd's algorithm that are worked on together: what a core's cache holds, more where the filters
    do not stay in it.
    """
    each = 4 * winograd.POINTS * (channels + filters)
    fitting = max(ROOM // each // 8 * 8, 8)
    return max(fitting, 32) if channels * filters > 1 << 14 else min(fitting, 64)


def factor(view: View, out: tuple[int, ...]) -> Factor:
    """A stack of matrices as the product reads it."""
    return Factor(view, stacked(view, out) or 0, *view.strides[-2:])


def flattened(
    sizes: Sizes, a: Factor, b: Factor, arrays: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> tuple[Sizes, Factor]:
    """A stack times one matrix is one product with more rows, if everything in the epilogue can follow."""
    if b.stack or sizes.batches == 1:
        return sizes, a
    rows = reshaped((sizes.batches, sizes.m), (a.stack, a.row), (sizes.batches * sizes.m,))
    joined = Sizes(1, sizes.batches * sizes.m, sizes.n, sizes.depth)
    if rows is None or any(reshaped(space, own, joined.out) is None for space, own in arrays):
        return sizes, a
    return joined, Factor(a.view, 0, rows[0], a.column)


def shared_out(sizes: Sizes, tile: Tile) -> tuple[int, int]:
    """Pieces, and chunks of rows.  Rows are cut first: the loops before and after are cut by rows too."""
    high, wide = -(-sizes.m // tile.rows), -(-sizes.n // tile.columns)
    work = 2 * sizes.batches * sizes.m * sizes.n * sizes.depth
    pieces = min(share_out(work, 400_000), sizes.batches * high * wide)
    return pieces, min(pieces, high)


def right_panels(
    groups: Groups, tile: Tile, sizes: Sizes, b: Factor, packs: set[int], tasks: list[Task]
) -> list[Argument] | None:
    """B in panels: their address, and the stride from stack to stack; None where B is read where it lies."""
    near = b.column == 1 and sizes.n % LANES == 0
    small = sizes.depth * sizes.n * itemsize(groups, b.view) <= SMALL_B
    seldom = (small and groups.product_uses(b.view) < OFTEN) or sizes.batches * sizes.m <= FEW_ROWS
    if near and (seldom or sizes.n <= tile.columns):
        return None
    many = sizes.batches if b.stack else 1
    number = groups.panels(b.view, (many, sizes.depth, sizes.n), tile.columns)
    if number not in packs:
        packs.add(number)
        tasks.append(packed(groups, number, tile, many, sizes.n, sizes.depth, b))
    panel = sizes.depth * tile.columns
    each = -(-sizes.n // tile.columns) * panel
    return [Address(number), each if b.stack else 0, panel, tile.columns]


def left_panels(
    groups: Groups, tile: Tile, sizes: Sizes, a: Factor, packs: set[int], tasks: list[Task]
) -> list[Argument] | None:
    """A transposed A in panels of 16 rows, where many columns of the result pay for it; else None."""
    if a.row != 1 or a.column == 1 or sizes.n < STRIPES or sizes.m < LANES or sizes.depth < LANES:
        return None
    if a.column * itemsize(groups, a.view) * sizes.depth < SMALL_B:
        return None
    turned = View(
        a.view.base,
        (*a.view.shape[:-2], sizes.depth, sizes.m),
        (*a.view.strides[:-2], a.column, 1),
        a.view.offset,
    )
    narrow = Tile(tile.rows, 1)
    many = sizes.batches if a.stack else 1
    number = groups.panels(turned, (many, sizes.depth, sizes.m), narrow.columns)
    if number not in packs:
        packs.add(number)
        tasks.append(
            packed(groups, number, narrow, many, sizes.m, sizes.depth, Factor(turned, a.stack, a.column, 1))
        )
    group = sizes.depth * LANES
    each = -(-sizes.m // LANES) * group
    return [Address(number), each if a.stack else 0, group, 1, LANES]


def packed(groups: Groups, number: int, tile: Tile, many: int, n: int, depth: int, b: Factor) -> Task:
    """The task that lays a stack of (K, N) matrices out in panels."""
    along_k = b.column != 1 and n > 1
    stride = b.column if along_k else b.row
    pieces = min(share_out(many * depth * n, 8192), many * -(-n // tile.columns))
    arguments: list[Argument] = [
        pieces,
        many,
        n,
        depth,
        address(groups, b.view),
        b.stack,
        stride,
        Address(number),
    ]
    dtype = groups.flow.specs[b.view.base].dtype
    return Task(Pack(dtype, tile, along_k), arguments, pieces, (b.view.base,), (number,), "pack")


def itemsize(groups: Groups, view: View) -> int:
    return int(groups.flow.specs[view.base].dtype.itemsize)


def space_of(group: Group, groups: Groups, view: View, strides: tuple[int, ...]) -> tuple[int, ...]:
    """The shape over which an operand of the epilogue was stretched."""
    for op in group.ops[1:]:
        shape = groups.flow.specs[op.outputs[0]].shape
        if any(groups.view(n) == view and view.stretched(shape) == strides for n in op.inputs):
            return shape
    return group.space
