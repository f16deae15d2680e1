"""Larger pictures: of nearest pixels, of pixels between, of channels laid out.  Axes: N, C, H, W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Spec, apply, require_kind
from .arguments import Operand, at_least, dtype_of, flag, pair, with_axes
from .resample import Resample
from .shape import permute_dims, reshape
from .window import Pair

MODES = ("nearest", "bilinear")
Scale = float | Sequence[float] | None


def upsample(
    x: Operand,
    *,
    size: int | Sequence[int] | None = None,
    scale_factor: Scale = None,
    mode: str = "nearest",
    align_corners: bool = False,
) -> Any:
    """Pictures in another size, larger or smaller.

    nearest:   each pixel of the result is the one of x that its upper left corner lies in
    bilinear:  it is a mean of the four around its centre, by distance; beyond the outermost centres nothing changes

    x:  (N, C, H, W) float
    size:  H' and W', or one number for both
    scale_factor:  instead of a size, how many pixels become of one, > 0; H' = ⌊H · scale_factor⌋
    mode:  "nearest" or "bilinear"
    align_corners:  for bilinear, whether the outermost pixels of x and of the result lie on each other
    Returns (N, C, H', W').
    Raises ShapeError for pictures without pixels, DTypeError for anything but floats, SettingError for impossible
    settings.
    Also: nn.Upsample.

    >>> import numpy as np
    >>> x = np.array([1.0, 3.0]).reshape(1, 1, 1, 2)
    >>> upsample(x, size=(1, 4)), upsample(x, size=(1, 4), mode="bilinear")
    (array([[[[1., 1., 3., 3.]]]]), array([[[[1. , 1.5, 2.5, 3. ]]]]))
    """
    shape = with_axes("upsample", "x", x, "N, C, H, W")
    require_kind("upsample", "x", Spec(shape, dtype_of(x)), "float")
    before = shape[2:]
    if 0 in before:
        raise ShapeError(
            "upsample", f"x of {before[0]}×{before[1]} pixels", "at least 1", "skip empty pictures"
        )
    kind = kind_of("upsample", mode, flag("upsample", "align_corners", align_corners))
    after, steps = sizes("upsample", (before[0], before[1]), size, scale_factor)
    for axis in (1, 0) if after[0] > before[0] else (0, 1):  # along lines while there are fewer of them
        n, m, step = before[axis], after[axis], steps[axis]
        gate = Resample(axis + 2, kind, n, m, 1.0 if kind == "aligned" else step)
        x = x if n == m and step == 1 else apply(gate, x)
    return x


def kind_of(who: str, mode: str, align_corners: bool) -> str:
    """How a place is made of pixels."""
    if mode not in MODES:
        raise SettingError(who, f"mode {mode!r}", " or ".join(map(repr, MODES)), 'mode="nearest"')
    if align_corners and mode == "nearest":
        raise SettingError(who, "align_corners with nearest pixels", "bilinear ones", 'mode="bilinear"')
    return "nearest" if mode == "nearest" else "aligned" if align_corners else "linear"


def sizes(who: str, before: Pair, size: Any, scale_factor: Scale) -> tuple[Pair, tuple[float, float]]:
    """The size after, and how many pixels lie from place to place."""
    wanted = checked_target(who, size, scale_factor)
    if size is not None:
        return (int(wanted[0]), int(wanted[1])), (before[0] / wanted[0], before[1] / wanted[1])
    after = pair(who, "size", [int(n * s) for n, s in zip(before, wanted, strict=True)], 1)
    return after, (1 / wanted[0], 1 / wanted[1])


def checked_target(who: str, size: Any, scale_factor: Scale) -> tuple[float, float]:
    """The size or the scales, whichever is told."""
    if (size is None) == (scale_factor is None):
        came = "neither size nor scale_factor" if size is None else "both size and scale_factor"
        raise SettingError(who, came, "one of the two", "scale_factor=2")
    return checked_scale(who, scale_factor) if size is None else pair(who, "size", size, 1)


def checked_scale(who: str, scale_factor: Any) -> tuple[float, float]:
    """A scale for height and width: one number for both, or two; finite and > 0."""
    both = tuple(scale_factor) if isinstance(scale_factor, Sequence) else (scale_factor, scale_factor)
    real = all(isinstance(s, int | float | np.number) and not isinstance(s, bool) for s in both)
    if not real or len(both) != 2 or not all(0 < s < np.inf for s in both):
        expected = "a finite number > 0, or a pair of them"
        raise SettingError(who, f"scale_factor {scale_factor!r}", expected, "scale_factor=2")
    return float(both[0]), float(both[1])


def pixel_shuffle(x: Operand, upscale_factor: int) -> Any:
    """r² channels laid out as r × r pixels: out[n, c, i·r + u, j·r + v] = x[n, c·r² + u·r + v, i, j].

    x:  (N, C·r², H, W)
    upscale_factor:  r ≥ 1
    Returns (N, C, H·r, W·r).
    Raises ShapeError unless r² divides the channels, DTypeError for what is no array, SettingError for r below 1.
    Source: Shi et al. 2016, §3.2.  Also: nn.PixelShuffle.

    >>> import numpy as np
    >>> pixel_shuffle(np.arange(4.0).reshape(1, 4, 1, 1), 2)[0, 0]
    array([[0., 1.],
           [2., 3.]])
    """
    r = at_least("pixel_shuffle", "upscale_factor", upscale_factor, 1)
    n, channels, high, wide = with_axes("pixel_shuffle", "x", x, "N, C·r², H, W")
    if channels % (r * r):
        came = f"x of {channels} channels"
        raise ShapeError("pixel_shuffle", came, f"a multiple of {r * r}", f"{r * r} channels for each")
    c = channels // (r * r)
    apart = permute_dims(reshape(x, (n, c, r, r, high, wide)), (0, 1, 4, 2, 5, 3))
    return reshape(apart, (n, c, high * r, wide * r))


def pixel_unshuffle(x: Operand, downscale_factor: int) -> Any:
    """r × r pixels as r² channels: pixel_shuffle undone.

    x:  (N, C, H·r, W·r)
    downscale_factor:  r ≥ 1
    Returns (N, C·r², H, W).
    Raises ShapeError unless r divides height and width, DTypeError for what is no array, SettingError for r below 1.
    Also: nn.PixelUnshuffle.

    >>> import numpy as np
    >>> pixel_unshuffle(np.arange(4.0).reshape(1, 1, 2, 2), 2).ravel()
    array([0., 1., 2., 3.])
    """
    r = at_least("pixel_unshuffle", "downscale_factor", downscale_factor, 1)
    n, c, high, wide = with_axes("pixel_unshuffle", "x", x, "N, C, H·r, W·r")
    if high % r or wide % r:
        came = f"x of {high}×{wide} pixels"
        raise ShapeError("pixel_unshuffle", came, f"multiples of {r}", "pad, or another factor")
    apart = permute_dims(reshape(x, (n, c, high // r, r, wide // r, r)), (0, 1, 3, 5, 2, 4))
    return reshape(apart, (n, c * r * r, high // r, wide // r))
