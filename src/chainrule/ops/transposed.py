"""Transposed convolution: the way back of a convolution, applied forward.

Axes: x (N, C, H, W), w (C, F/groups, KH, KW).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import SettingError, ShapeError
from ..graph import apply
from .arguments import Operand, at_least, check_bias, pair, with_axes
from .arithmetic import add
from .conv import Conv2dInput, checked_groups
from .conv1d import flat, lines
from .shape import reshape
from .unfold import window_of
from .window import Pair, Window


def larger_size(who: str, window: Window, shape: tuple[int, ...], more: Pair) -> Pair:
    """The size of the pictures that a convolution would make these of; `more` pixels beyond the least."""
    for value, stride in zip(more, window.stride, strict=True):
        if value >= stride:
            came = f"output_padding {more} with stride {window.stride}"
            raise SettingError(who, came, "less than the stride", "output_padding=0")
    size = tuple(
        (shape[axis - 2] - 1) * window.stride[axis]
        - 2 * window.padding[axis]
        + window.reach(axis)
        + more[axis]
        for axis in (0, 1)
    )
    if min(size) < 1:
        came = f"pictures of {size[0]}×{size[1]} pixels from x {shape}"
        raise ShapeError(who, came, "at least 1 along height and width", "less padding")
    return size[0], size[1]


def conv_transpose2d(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    output_padding: int | Sequence[int] = 0,
    groups: int = 1,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Lay each pixel's filters down, `stride` apart, and add where they overlap: the gradient of conv2d as a layer.

    out[n, f, i·stride + u·dilation - padding, …] += w[c,f,u,v] · x[n,c,i,j], and b[f] everywhere

    x:  (N, C, H, W) float           pictures, channels first
    w:  (C, F/groups, KH, KW) float  filters
    b:  (F,) float, or None
    stride:    pixels between two filters laid down, ≥ 1;  padding: pixels cut off on each side, ≥ 0
    output_padding:  more lines and columns at the end, from 0 to stride - 1: which of the sizes that conv2d would
               make this one of
    dilation:  pixels between two pixels of a filter, ≥ 1;  groups: parts of C that do not meet
    Returns (N, F, H', W') with H' = (H - 1)·stride - 2·padding + dilation·(KH - 1) + output_padding + 1.
    Raises ShapeError if the channels differ or nothing is left, DTypeError for anything but floats of one width,
    SettingError for impossible settings.
    Source: Zeiler et al. 2010; Dumoulin and Visin 2016, §4.  Also: nn.ConvTranspose2d.

    >>> import numpy as np
    >>> conv_transpose2d(np.ones((1, 1, 1, 2)), np.ones((1, 1, 1, 3)), stride=2)
    array([[[[1., 1., 2., 1., 1.]]]])
    """
    return transposed("conv_transpose2d", x, w, b, stride, padding, output_padding, groups, dilation)


def transposed(
    who: str,
    x: Operand,
    w: Operand,
    b: Operand | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Any:
    """The same, for who asks."""
    shape = with_axes(who, "x", x, "N, C, H, W")
    channels, depth, *size = with_axes(who, "w", w, "C, F/groups, KH, KW")
    if channels != shape[1]:
        came = f"x has {shape[1]} channels (shape {shape}), w has {channels} (shape {channels, depth, *size})"
        raise ShapeError(who, came, "equally many", f"filters ({shape[1]}, F/groups, {size[0]}, {size[1]})")
    parts = checked_groups(who, groups)
    window = window_of(who, [max(n, 1) for n in size], stride, padding, dilation)
    more = pair(who, "output_padding", output_padding, 0)
    gate = Conv2dInput(
        larger_size(who, window, shape, more), window.stride, window.padding, window.dilation, parts
    )
    out = apply(gate, x, w)
    if b is None:
        return out
    check_bias(who, b, depth * parts)
    return add(out, reshape(b, (1, -1, 1, 1)))


def conv_transpose1d(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    groups: int = 1,
    dilation: int = 1,
) -> Any:
    """Lay each sample's filters down, `stride` apart, and add where they overlap.

    x:  (N, C, L) float         signals, channels first
    w:  (C, F/groups, K) float  filters
    b:  (F,) float, or None
    Returns (N, F, L') with L' = (L - 1)·stride - 2·padding + dilation·(K - 1) + output_padding + 1; the settings are
    those of conv_transpose2d, in samples.
    Raises ShapeError if the channels differ or nothing is left, DTypeError for anything but floats of one width,
    SettingError for impossible settings.
    Also: nn.ConvTranspose1d.

    >>> import numpy as np
    >>> conv_transpose1d(np.array([[[1.0, 10.0]]]), np.ones((1, 1, 2)), stride=2)
    array([[[ 1.,  1., 10., 10.]]])
    """
    who = "conv_transpose1d"
    with_axes(who, "x", x, "N, C, L")
    with_axes(who, "w", w, "C, F/groups, K")
    wide = (1, at_least(who, "stride", stride, 1))
    cut = (0, at_least(who, "padding", padding, 0))
    more = (0, at_least(who, "output_padding", output_padding, 0))
    apart = (1, at_least(who, "dilation", dilation, 1))
    return lines(transposed(who, flat(x), flat(w), b, wide, cut, more, groups, apart))
