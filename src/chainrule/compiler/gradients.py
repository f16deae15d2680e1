"""Gradients to filters, from sums over tiles or windows to where filters lie."""

from __future__ import annotations

from ..kernels import gradients, winograd
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.types import LANES
from ..kernels.product import Product, tile_for
from ..kernels.transforms import GAP, POINTS
from .flow import Op
from .groups import Groups, size
from .products import Sizes, shared_out
from .tasks import STATUS, Address, Argument, Task, address, share_out
from .views import View
from .winograd import SUM_ALONE, room_of

SUMMED = 32
"""Tiles whose products are summed up together into a filter's gradient."""
SUMS_BYTES = 5 << 20
"""Bytes of sums that are made before they are transformed, where tiles are transformed ahead."""


def winograd_sums(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The gradient to filters by Winograd's algorithm, as sums over tiles of the transformed."""
    specs, (out,), gate = groups.flow.specs, op.outputs, op.gate
    x, y = (groups.place(groups.view(n)) for n in op.inputs)
    dtype, block, units = specs[out].dtype, SUMMED, gate.shares * gate.groups
    c, f = x.shape[3] // gate.groups, y.shape[3] // gate.groups
    pieces, room = min(MOST_PIECES, units), room_of(groups, units, 2 * POINTS, block * max(c, f), dtype)
    arguments: list[Argument] = [pieces, gate.shares, block, *y.shape[:3], gate.groups, c, f, *x.shape[1:3]]
    arguments += [address(groups, x), address(groups, y), *y.strides[:3], Address(out), Address(room)]
    flops = 2 * gate.scheme.tiles(*y.shape[:3]) * POINTS * c * f * gate.groups
    kernel = winograd.WinogradFilters(dtype, tile_for(dtype), gate.scheme)
    return [Task(kernel, arguments, pieces, (x.base, y.base), (out, room), "winograd", flops=flops)]


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
    kernel = Product(dtype, tile, SUM_ALONE)
    pieces, chunks = shared_out(sizes, tile)
    skipped = Address(left.base, address(groups, left).bytes + start * sizes.depth * dtype.itemsize)
    arguments: list[Argument] = [pieces, chunks, 1, *sizes]
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
