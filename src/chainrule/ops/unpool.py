"""Pooled pictures made large again: each number back at the place it was taken from.  Axes: N, C, H, W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from .arguments import Operand, named, pair, with_axes
from .indexing import scatter_along_axis
from .pool import pool_window
from .shape import reshape
from .window import Pair, Window


@named
def max_unpool2d(
    x: Operand,
    indices: Operand,
    kernel_size: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: int | Sequence[int] | None = None,
) -> Any:
    """Zeros, with each number of x at the pixel that its index names: max_pool2d undone, but for what it threw away.

    x:  (N, C, H', W') float
    indices:  (N, C, H', W') integers y·W + x, as max_pool2d gives them with return_indices.  Where two name the same
              pixel, as windows that overlap may, their numbers add
    kernel_size, stride, padding:  those of the pooling
    output_size:  H and W of the pictures, within a stride of (H' - 1)·stride - 2·padding + KH, which it is unless told
    Returns (N, C, H, W).
    Raises ShapeError if x and indices differ or the size cannot be, DTypeError for anything but floats and integers,
    SettingError for impossible settings, IndexingError for a pixel that there is not.
    Source: Zeiler and Fergus 2014, §2.1.  Also: nn.MaxUnpool2d.

    >>> import numpy as np
    >>> from chainrule import max_pool2d
    >>> x = np.array([[1.0, 2.0], [4.0, 3.0]]).reshape(1, 1, 2, 2)
    >>> max_unpool2d(*max_pool2d(x, 2, return_indices=True), 2)
    array([[[[0., 0.],
             [4., 0.]]]])
    """
    who = "max_unpool2d"
    window = pool_window(who, kernel_size, stride, padding)
    shape = n, c, high, wide = with_axes(who, "x", x, "N, C, H', W'")
    if with_axes(who, "indices", indices, "N, C, H', W'") != shape:
        came = f"x {shape} and indices {indices.shape}"  # type: ignore[union-attr]
        raise ShapeError(who, came, "equal shapes", "the indices that max_pool2d gave")
    size = original_size(who, window, (high, wide), output_size)
    flat = [reshape(part, (n, c, high * wide)) for part in (x, indices)]
    return reshape(scatter_along_axis(*flat, axis=2, size=size[0] * size[1]), (n, c, *size))


def original_size(who: str, window: Window, output: Pair, wanted: Any) -> Pair:
    """The size of the pictures that were pooled: the one wanted, if they can have had it."""
    least = [(output[a] - 1) * window.stride[a] - 2 * window.padding[a] + window.size[a] for a in (0, 1)]
    if wanted is None:
        size = (least[0], least[1])
    else:
        size = pair(who, "output_size", wanted[-2:] if isinstance(wanted, Sequence) else wanted, 1)
    far = any(abs(n - m) >= s for n, m, s in zip(size, least, window.stride, strict=True))
    if far or min(size) < 1:
        came = f"output_size {size} for x of {output[0]}×{output[1]} pixels"
        hint = "the size of the pictures that were pooled"
        raise ShapeError(who, came, f"within a stride of {least[0]}×{least[1]}", hint)
    return size
