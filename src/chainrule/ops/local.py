"""Filters of their own at every place of a picture.  Axes: N, C, H, W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from .arguments import Operand, named, with_axes
from .arithmetic import add
from .linear import matmul
from .shape import matrix_transpose, permute_dims, reshape
from .unfold import unfold, window_of


@named
def locally_connected2d(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Convolution whose filters differ from place to place: every window times its own matrix.

    out[n,f,i,j] = b[f,i,j] + Σ_c,u,v  w[i,j,f,c,u,v] · x[n, c, i·stride + u·dilation - padding, …]

    x:  (N, C, H, W) float              pictures, channels first
    w:  (H', W', F, C, KH, KW) float    filters for each place
    b:  (F, H', W') float, or None
    Returns (N, F, H', W') with the H' and W' of conv2d; stride, padding and dilation in pixels, as there.
    Raises ShapeError if the filters are not those of the places, DTypeError for anything but floats of one width,
    SettingError for impossible settings.
    Source: LeCun 1989; Taigman et al. 2014.  Also: nn.LocallyConnected2d.

    >>> import numpy as np
    >>> w = np.array([1.0, 10.0]).reshape(1, 2, 1, 1, 1, 1)
    >>> locally_connected2d(np.ones((1, 1, 1, 2)), w)
    array([[[[ 1., 10.]]]])
    """
    who = "locally_connected2d"
    n, channels, *size = with_axes(who, "x", x, "N, C, H, W")
    high, wide, filters, depth, *kernel = with_axes(who, "w", w, "H', W', F, C, KH, KW")
    if 0 in kernel:
        raise ShapeError(who, f"filters of {kernel[0]}×{kernel[1]} pixels", "at least 1", "a larger filter")
    window = window_of(who, kernel, stride, padding, dilation)
    output = window.output(who, (n, channels, *size))
    if (high, wide, depth) != (*output, channels):
        came = f"w for {high}×{wide} places and {depth} channels, x {n, channels, *size}"
        expected = f"({output[0]}, {output[1]}, F, {channels}, {kernel[0]}, {kernel[1]})"
        raise ShapeError(who, came, expected, "the places that conv2d would have")
    seen = unfold(x, kernel, stride=stride, padding=padding, dilation=dilation)
    columns = permute_dims(seen, (2, 0, 1))
    rows = reshape(w, (high * wide, filters, channels * kernel[0] * kernel[1]))
    each = permute_dims(matmul(columns, matrix_transpose(rows)), (1, 2, 0))
    out = reshape(each, (n, filters, high, wide))
    if b is None:
        return out
    if with_axes(who, "b", b, "F, H', W'") != (filters, high, wide):
        raise ShapeError(who, f"b {b.shape}", f"({filters}, {high}, {wide})", "one bias for each output")  # type: ignore[union-attr]
    return add(out, b)
