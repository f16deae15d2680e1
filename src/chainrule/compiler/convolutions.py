"""Convolutions to tasks: as products whose left factor is a sliding window, or by Winograd's algorithm."""

from __future__ import annotations

from .abreast_tasks import abreast_task
from .flow import Op
from .groups import ON_PICTURES, Group, Groups
from .pixels import ConvFilters, ConvPixels
from .products import Epilogue, Factor, Factors, Packs, Sizes, multiplied
from .tasks import Argument, Task, Wanted, address
from .tiles import WinogradPixels
from .views import View
from .winograd import winograd_tasks


def convolution_tasks(packs: Packs, group: Group, wanted: Wanted) -> list[Task]:
    """The tasks of a convolution with what follows it."""
    if 0 in group.space:
        return []
    after = Epilogue(packs.groups, group, wanted)
    op = group.ops[0]
    if isinstance(op.gate, WinogradPixels):
        return winograd_tasks(packs.groups, op, after)
    if isinstance(op.gate, ON_PICTURES):
        return [abreast_task(packs.groups, op, after, group.rows())]
    slide = sliding_pixels if isinstance(op.gate, ConvPixels) else sliding_filters
    sizes, left, right = slide(packs.groups, op)
    return multiplied(packs, after, sizes, [Factors(sizes.depth, left, right)], window=True)


def steps_of(gate: ConvPixels | ConvFilters, x: View) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """How far pictures go on: from picture to picture, down and across; from tap to tap, down, across, inside."""
    picture, line, pixel, _ = x.strides
    (down, across), (below, beside) = gate.stride, gate.dilation
    return (picture, down * line, across * pixel), (below * line, beside * pixel, 1)


def sliding_pixels(groups: Groups, op: Op) -> tuple[Sizes, list[Argument], Factor]:
    """Windows of pictures times filters: the sizes of the product, its left factor, its right one."""
    specs, gate = groups.flow.specs, op.gate
    x, w = (groups.place(groups.view(n)) for n in op.inputs)
    many, high, wide, _ = specs[op.outputs[0]].shape
    kh, kw, near, columns = w.shape
    pixels, taps = steps_of(gate, x)
    parts, filters = gate.groups, columns // gate.groups
    joined = taps[1] == near and parts == 1  # the taps of a line, and their channels, are one stretch
    along = (kh, 1, kw * near) if joined else (kh, kw, near)
    left: list[Argument] = [address(groups, x), near if parts > 1 else 0, high, wide, *pixels, *along, *taps]
    right = Factor(w, filters if parts > 1 else 0, columns, 1)
    return Sizes(parts, many * high * wide, filters, kh * kw * near), left, right


def sliding_filters(groups: Groups, op: Op) -> tuple[Sizes, list[Argument], Factor]:
    """Windows of pictures, turned, times the gradient to what a convolution makes."""
    gate, (x, y) = op.gate, (groups.place(groups.view(n)) for n in op.inputs)
    many, high, wide, columns = y.shape
    kh, kw = gate.size
    pixels, taps = steps_of(gate, x)
    parts, filters, few = gate.groups, columns // gate.groups, many // gate.shares
    near = x.shape[3] // parts
    step = near if parts > 1 else few * pixels[0] if gate.shares > 1 else 0
    left: list[Argument] = [address(groups, x), step, kw, near, *taps, few, high, wide, *pixels]
    apart = filters if parts > 1 else few * high * wide * columns if gate.shares > 1 else 0
    sizes = Sizes(parts * gate.shares, kh * kw * near, filters, few * high * wide)
    return sizes, left, Factor(y, apart, columns, 1)
