"""Transposed convolution: the way back of a convolution, applied forward.

Axes: x (N, C, H, W), w (C, F/groups, KH, KW).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Spec, Value, apply, common_dtype, gate
from .arguments import Operand, at_least, check_bias, named, pair, with_axes
from .arithmetic import add
from .conv import Conv2dInput, check_filters, check_groups
from .conv1d import flat, lines
from .shape import reshape
from .unfold import check_pictures, window_of
from .window import Pair, Window


@gate
class ConvTranspose2d(Conv2dInput):
    """out[n, f, i·stride + u·dilation - padding, …] += w[c,f,u,v] · x[n,c,i,j]

    size:  H' and W' of the result, of those that conv2d would make x of.  The gradient to x is the convolution of the
    upstream gradient with w, the one to w that of its windows with x.
    """

    def spec(self, x: Spec, w: Spec) -> Spec:
        dtype = common_dtype(self.label, {"x": x, "w": w}, "float")
        check_pictures(self.label, x)
        check_filters(self.label, w, "C, F/groups, KH, KW")
        check_channels(self.label, x, w)
        check_groups(self.label, w.shape[1] * self.groups, w.shape[0], self.groups)
        before = self.window(w.shape).output(self.label, self.size)
        if x.shape[2:] != before:
            came, expected = f"x {x}", f"x (N, {w.shape[0]}, {before[0]}, {before[1]})"
            raise ShapeError(self.label, came, expected, "a size that conv2d makes x of")
        return Spec((x.shape[0], w.shape[1] * self.groups, *self.size), dtype)

    def forward(self, x: np.ndarray, w: np.ndarray) -> Any:
        return super().forward(x, w)

    def backward(self, upstream: Value, *, x: Value, w: Value) -> Any:  # type: ignore[override]
        return super().backward(upstream, y=x, w=w)

    def parts(self, x: Value, w: Value) -> Any:
        return super().parts(x, w)


def check_channels(who: str, x: Spec, w: Spec) -> None:
    """Each channel of x has filters."""
    if x.shape[1] != w.shape[0]:
        came = f"x has {x.shape[1]} channels (shape {x.shape}), w has {w.shape[0]} (shape {w.shape})"
        hint = f"filters ({x.shape[1]}, F/groups, {w.shape[2]}, {w.shape[3]})"
        raise ShapeError(who, came, "equally many", hint)


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
    _, depth, *size = with_axes(who, "w", w, "C, F/groups, KH, KW")
    window = window_of(who, [max(n, 1) for n in size], stride, padding, dilation)
    after = larger_size(who, window, shape, pair(who, "output_padding", output_padding, 0))
    parts = at_least(who, "groups", groups, 1)
    gate = ConvTranspose2d(after, window.stride, window.padding, window.dilation, parts)
    out = apply(gate, x, w)
    if b is None:
        return out
    check_bias(who, b, depth * parts)
    return add(out, reshape(b, (1, -1, 1, 1)))


@named
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
