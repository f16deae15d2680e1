"""Pooling to a size that is asked for, whatever the size of the pictures.  Axes: N, C, H, W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from ..graph import Spec, apply, require_kind
from .arguments import Operand, dtype_of, pair, shape_of, with_axes
from .pool import max_pool2d
from .reduction import max, mean
from .resample import Resample
from .window import Pair

Size = int | None | Sequence[int | None]


def sizes(who: str, x: Operand, output_size: Size) -> tuple[Pair, Pair]:
    """H and W of the pictures, and of the result: None keeps one."""
    shape = with_axes(who, "x", x, "N, C, H, W")
    require_kind(who, "x", Spec(shape, dtype_of(x)), "float")
    size = shape[2:]
    if 0 in size:
        raise ShapeError(who, f"x of {size[0]}×{size[1]} pixels", "at least 1", "skip empty pictures")
    high, wide = checked_size(who, output_size)
    return (size[0], size[1]), (size[0] if high is None else high, size[1] if wide is None else wide)


def checked_size(who: str, output_size: Size) -> tuple[int | None, int | None]:
    """H' and W', each ≥ 1, or None."""
    both = tuple(output_size) if isinstance(output_size, Sequence) else (output_size, output_size)
    high, wide = pair(who, "output_size", [1 if n is None else n for n in both], 1)
    return None if both[0] is None else high, None if both[1] is None else wide


def adaptive_avg_pool2d(x: Operand, output_size: Size) -> Any:
    """The means of H' × W' shares of each picture.

    Share i of an axis goes from pixel ⌊i·H/H'⌋ to before ⌈(i + 1)·H/H'⌉: shares overlap where H' does not divide H.

    x:  (N, C, H, W) float
    output_size:  H' and W', ≥ 1; one number for both, None to keep a size
    Returns (N, C, H', W').
    Raises ShapeError for pictures without pixels, DTypeError for anything but floats, SettingError for impossible
    sizes.
    Also: nn.AdaptiveAvgPool2d.

    >>> import numpy as np
    >>> adaptive_avg_pool2d(np.arange(6.0).reshape(1, 1, 2, 3), (1, 2))
    array([[[[2., 3.]]]])
    """
    size, output = sizes("adaptive_avg_pool2d", x, output_size)
    if output == (1, 1):
        return global_avg_pool2d(x)
    for axis, (n, m) in enumerate(zip(size, output, strict=True)):
        x = apply(Resample(axis + 2, "mean", n, m), x) if n != m else x
    return x


def adaptive_max_pool2d(x: Operand, output_size: Size) -> Any:
    """The largest pixels of H' × W' shares of each picture, the shares of adaptive_avg_pool2d.

    x:  (N, C, H, W) float
    output_size:  H' and W', ≥ 1; one number for both, None to keep a size
    Returns (N, C, H', W').
    Raises ShapeError for pictures without pixels, DTypeError for anything but floats, SettingError for impossible
    sizes.
    Also: nn.AdaptiveMaxPool2d.

    >>> import numpy as np
    >>> adaptive_max_pool2d(np.arange(6.0).reshape(1, 1, 2, 3), (1, 2))
    array([[[[4., 5.]]]])
    """
    size, output = sizes("adaptive_max_pool2d", x, output_size)
    if output == (1, 1):
        return global_max_pool2d(x)
    for axis, (n, m) in enumerate(zip(size, output, strict=True)):
        x = x if n % m == 0 else apply(Resample(axis + 2, "shares", n, m), x)
    high, wide = shape_of(x)[2:]
    return max_pool2d(x, (high // output[0], wide // output[1]))


def global_avg_pool2d(x: Operand) -> Any:
    """The mean of all pixels of each channel: (N, C, H, W) float to (N, C, 1, 1).

    Raises ShapeError for anything but pictures, DTypeError for anything but floats.
    Source: Lin et al. 2014, network in network, §3.2.  Also: nn.GlobalAvgPool2d.

    >>> import numpy as np
    >>> global_avg_pool2d(np.arange(6.0).reshape(1, 1, 2, 3))
    array([[[[2.5]]]])
    """
    sizes("global_avg_pool2d", x, 1)
    return mean(x, axis=(2, 3), keepdims=True)


def global_max_pool2d(x: Operand) -> Any:
    """The largest pixel of each channel: (N, C, H, W) float to (N, C, 1, 1).

    Raises ShapeError for anything but pictures, DTypeError for anything but floats.
    Also: nn.GlobalMaxPool2d.

    >>> import numpy as np
    >>> global_max_pool2d(np.arange(6.0).reshape(1, 1, 2, 3))
    array([[[[5.]]]])
    """
    sizes("global_max_pool2d", x, 1)
    return max(x, axis=(2, 3), keepdims=True)
