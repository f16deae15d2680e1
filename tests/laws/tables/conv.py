"""Rows of the gates of `ops/conv`: convolution."""

from __future__ import annotations

from typing import Any

from chainrule.errors import SettingError, ShapeError
from chainrule.ops.conv import Conv2d, Conv2dInput, Conv2dWeight
from chainrule.ops.window import Window

from .. import reference
from ..builders import widths
from ..rows import Bad, Case, Row, bad, case, real


def sliding(
    name: str,
    settings: list[tuple[Any, ...]],
    refused: tuple[Bad, ...],
    function: Any,
    make: Any,
    **bounds: Any,
) -> Row:
    """A row for one of the three gates of convolution, with a case for each setting."""
    cases = tuple(make(*s) for s in settings)
    return Row(
        name, cases, function, refused, native="convolve or product or winograd or depthwise", **bounds
    )


#            stride, padding, dilation, groups, N, C, F, (H, W), (KH, KW)
CONVOLUTIONS: list[tuple[Any, ...]] = [
    ((1, 1), (0, 0), (1, 1), 1, 2, 3, 2, (4, 5), (3, 2)),
    ((2, 1), (1, 2), (1, 1), 1, 2, 2, 3, (5, 4), (3, 3)),
    ((1, 2), (1, 0), (2, 1), 2, 1, 4, 6, (6, 5), (2, 3)),
    ((3, 3), (0, 1), (1, 2), 1, 2, 1, 2, (7, 5), (2, 2)),
    ((2, 2), (0, 0), (1, 1), 3, 2, 3, 3, (5, 7), (1, 1)),
    ((1, 1), (0, 0), (1, 1), 1, 1, 1, 1, (1, 1), (1, 1)),
    ((1, 1), (1, 1), (1, 1), 1, 0, 2, 3, (4, 5), (3, 3)),
    ((1, 1), (0, 1), (1, 1), 1, 2, 3, 17, (4, 5), (3, 2)),  # too many filters for pictures abreast
    ((2, 1), (1, 2), (1, 1), 1, 2, 2, 18, (5, 4), (3, 3)),
    ((1, 2), (1, 0), (2, 1), 2, 1, 4, 34, (6, 5), (2, 3)),
    ((1, 1), (1, 1), (1, 1), 1, 1, 32, 16, (4, 7), (3, 3)),  # enough channels for Winograd's algorithm
    ((1, 1), (1, 0), (2, 1), 16, 2, 16, 16, (5, 7), (3, 2)),  # a filter for each of enough channels
    ((3, 2), (1, 2), (1, 1), 19, 1, 19, 19, (6, 9), (2, 3)),
    ((1, 1), (3, 3), (1, 1), 16, 1, 16, 16, (2, 2), (3, 3)),
]


def convolution(
    stride: Any, padding: Any, dilation: Any, groups: int, n: int, c: int, f: int, size: Any, k: Any
) -> Case:
    return case(Conv2d(stride, padding, dilation, groups), real(n, c, *size), real(f, c // groups, *k))


def to_input(
    stride: Any, padding: Any, dilation: Any, groups: int, n: int, c: int, f: int, size: Any, k: Any
) -> Case:
    output = Window(k, stride, padding, dilation).output("conv2d", size)
    gate = Conv2dInput(size, stride, padding, dilation, groups)
    return case(gate, real(n, f, *output), real(f, c // groups, *k))


def to_weight(
    stride: Any, padding: Any, dilation: Any, groups: int, n: int, c: int, f: int, size: Any, k: Any
) -> Case:
    output = Window(k, stride, padding, dilation).output("conv2d", size)
    gate = Conv2dWeight(k, stride, padding, dilation, groups)
    return case(gate, real(n, c, *size), real(n, f, *output))


ROWS: tuple[Row, ...] = (
    sliding(
        "Conv2d",
        CONVOLUTIONS,
        (
            bad(ShapeError, Conv2d(), real(2, 5, 5), real(1, 2, 3, 3)),
            bad(ShapeError, Conv2d(), real(2, 2, 5, 5), real(1, 3, 3)),
            bad(ShapeError, Conv2d(), real(1, 1, 4, 4), real(1, 3, 3, 3)),
            bad(ShapeError, Conv2d(), real(1, 1, 4, 2), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2d((1, 1), (0, 0), (3, 1)), real(1, 1, 5, 5), real(1, 1, 3, 1)),
            bad(ShapeError, Conv2d(), real(1, 1, 4, 4), real(0, 1, 3, 3)),
            bad(ShapeError, Conv2d(), real(1, 1, 4, 4), real(1, 1, 0, 3)),
            bad(SettingError, Conv2d(groups=2), real(1, 3, 4, 4), real(2, 1, 3, 3)),
            bad(SettingError, Conv2d(groups=2), real(1, 4, 4, 4), real(3, 2, 3, 3)),
            *widths(Conv2d(), real(1, 1, 4, 4), real(1, 1, 3, 3)),
        ),
        reference.conv2d,
        convolution,
        eps=2e-6,
    ),
    sliding(
        "Conv2dInput",
        CONVOLUTIONS,
        (
            bad(ShapeError, Conv2dInput((4, 4)), real(1, 1, 2, 2), real(1, 3, 3)),
            bad(ShapeError, Conv2dInput((4, 4)), real(1, 1, 2, 2), real(3)),
            bad(ShapeError, Conv2dInput((4, 4)), real(1, 1, 4, 4), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2dInput((4, 4)), real(1, 2, 2, 2), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2dInput((4, 4)), real(2, 2), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2dInput((2, 4)), real(1, 1, 2, 2), real(1, 1, 3, 3)),
            bad(SettingError, Conv2dInput((4, 4), groups=2), real(1, 3, 2, 2), real(3, 1, 3, 3)),
            *widths(Conv2dInput((4, 4)), real(1, 1, 2, 2), real(1, 1, 3, 3)),
        ),
        reference.conv2d_input,
        to_input,
        eps=2e-6,
    ),
    sliding(
        "Conv2dWeight",
        CONVOLUTIONS,
        (
            bad(ShapeError, Conv2dWeight((3, 3)), real(4, 4), real(1, 1, 2, 2)),
            bad(ShapeError, Conv2dWeight((3, 3)), real(4), real(1, 1, 2, 2)),
            bad(ShapeError, Conv2dWeight((3, 3)), real(1, 1, 4, 4), real(1, 1, 3, 3)),
            bad(ShapeError, Conv2dWeight((3, 3)), real(2, 1, 4, 4), real(1, 1, 2, 2)),
            bad(ShapeError, Conv2dWeight((3, 3)), real(1, 1, 4, 4), real(1, 2, 2)),
            bad(SettingError, Conv2dWeight((3, 3), groups=2), real(1, 3, 4, 4), real(1, 2, 2, 2)),
            bad(SettingError, Conv2dWeight((3, 3), groups=2), real(1, 2, 4, 4), real(1, 3, 2, 2)),
            *widths(Conv2dWeight((3, 3)), real(1, 1, 4, 4), real(1, 1, 2, 2)),
        ),
        reference.conv2d_weight,
        to_weight,
        eps=2e-6,
    ),
)
