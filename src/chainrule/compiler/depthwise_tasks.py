"""Depthwise convolutions to tasks: sizes, where the first taps meet, strides of results and filters."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

from ..kernels import depthwise as kernels
from ..kernels.language.types import CACHE_LINE
from .flow import Op
from .groups import Groups, size
from .sliding import tap
from .tasks import Address, Argument, Task, address, share_out


class Axis(NamedTuple):
    """Height or width, as the kernels count it: results, pixels, the pixel that the first tap of the first one meets;
    taps, pixels from result to result and from tap to tap.
    """

    results: int
    length: int
    first: int
    taps: int
    stride: int
    dilation: int


class Phase(NamedTuple):
    """Pixels that lie a stride apart along one axis see the same taps: the first pixel, how they meet y, taps of w."""

    pixel: int
    axis: Axis
    tap: int
    step: int


def goes_past(groups: Groups, out: int) -> bool:
    """Whether results go past the caches: pixels begin at cache lines."""
    spec = groups.flow.specs[out]
    return out in groups.past and spec.shape[3] * spec.dtype.itemsize % CACHE_LINE == 0


def pieces_of(many: int, lines: int, flops: int) -> int:
    """How many pieces share out the lines."""
    return max(1, min(share_out(flops), many * lines))


def axes_of(gate: Any, x: tuple[int, ...], y: tuple[int, ...]) -> tuple[Axis, Axis]:
    """How the windows of x (N, H, W, C) meet its pixels, one for each of y (N, H', W', C)."""
    window = gate.window
    settings = zip(y[1:3], x[1:3], window.padding, window.size, window.stride, window.dilation, strict=True)
    down, across = (Axis(n, length, -p, *rest) for n, length, p, *rest in settings)
    return down, across


def depthwise_pixels(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The convolution itself."""
    (out,), (x, w) = op.outputs, (groups.view(n) for n in op.inputs)
    spec = groups.flow.specs[out]
    if 0 in spec.shape:
        return []
    many, high, wide, channels = spec.shape
    down, across = axes_of(op.gate, x.shape, spec.shape)
    flops = 2 * op.gate.multiply_adds(groups.flow.specs[op.inputs[0]], groups.flow.specs[op.inputs[1]])
    pieces = pieces_of(many, high, flops)
    arguments: list[Argument] = [pieces, many, channels, high, address(groups, x), *down, *across[:3]]
    arguments += [Address(out), high * wide * channels, wide * channels, channels]
    arguments += [address(groups, w), w.shape[1] * channels, channels]
    kernel = kernels.Depthwise(spec.dtype, (kernels.Across(*across[3:]),), True, goes_past(groups, out))
    return [Task(kernel, arguments, pieces, (x.base, w.base), (out,), "depthwise", flops=flops)]


def depthwise_input(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The gradient to the pictures: pixels that see the same taps are one convolution of y."""
    (out,), (y, w), gate = op.outputs, (groups.view(n) for n in op.inputs), op.gate
    spec = groups.flow.specs[out]
    if 0 in spec.shape:
        return []
    many, height, width, channels = spec.shape
    stride, item, start = gate.window.stride, spec.dtype.itemsize, address(groups, w)
    flops = 2 * gate.multiply_adds(*(groups.flow.specs[n] for n in op.inputs))
    found = list(itertools.product(*(phases(gate, axis, y.shape[1 + axis]) for axis in (0, 1))))
    lines = max(down.axis.results for down, _ in found)
    pieces = pieces_of(many, lines, flops)
    arguments: list[Argument] = [pieces, many, channels, lines, address(groups, y)]
    for down, across in found:
        first = (down.pixel * width + across.pixel) * channels
        tap = (down.tap * w.shape[1] + across.tap) * channels
        arguments += [*down.axis, *across.axis[:3], Address(out, first * item)]
        arguments += [height * width * channels, stride[0] * width * channels, stride[1] * channels]
        arguments.append(Address(start.base, start.bytes + tap * item))
        arguments += [down.step * w.shape[1] * channels, across.step * channels]
    kernel = kernels.Depthwise(
        spec.dtype,
        tuple(kernels.Across(*across.axis[3:]) for _, across in found),
        False,
        goes_past(groups, out),
    )
    return [Task(kernel, arguments, pieces, (y.base, w.base), (out,), "depthwise", flops=flops)]


def phases(gate: Any, axis: int, rows: int) -> list[Phase]:
    """The pixels that see the same taps along one axis; the taps in the order of the lines of y that they meet.

    Pixel p is met by tap u of line i of y if i · stride + u · dilation - padding = p.
    """
    window = gate.window
    taps, stride, padding, dilation = (
        window.size[axis],
        window.stride[axis],
        window.padding[axis],
        window.dilation[axis],
    )
    length, found = gate.size[axis], []
    for pixel in range(min(stride, length)):
        least = tap(pixel, padding, stride)  # 0 if the stride is 1
        count = len(range(least, taps, stride)) if dilation == 1 else taps
        results = len(range(pixel, length, stride))
        reach = (count - 1) * dilation
        first = (pixel + padding - least) // stride - reach
        last = least + max(0, count - 1) * stride
        found.append(
            Phase(pixel, Axis(results, rows, first, count, 1, dilation), last if count else 0, -stride)
        )
    return found


def depthwise_filters(groups: Groups, op: Op, status: int) -> list[Task] | None:
    """The gradient to the filters, in shares."""
    (out,), (x, y), gate = op.outputs, (groups.view(n) for n in op.inputs), op.gate
    spec = groups.flow.specs[out]
    down, across = axes_of(gate, x.shape, y.shape)
    many, high, _, channels = y.shape
    arguments: list[Argument] = [gate.shares, many, channels, high, *down, *across[:3]]
    arguments += [address(groups, x), address(groups, y), Address(out)]
    kernel = kernels.DepthwiseFilters(spec.dtype, kernels.Across(*across[3:]))
    flops = 2 * size(y.shape) * down.taps * across.taps
    return [Task(kernel, arguments, gate.shares, (x.base, y.base), (out,), "depthwise", flops=flops)]
