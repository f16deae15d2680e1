"""The arithmetic of a sliding window, and the pieces of arrays it shows.  Axes: N, C, H, W.

What slides is described by one frozen `Window`, shared by convolution and pooling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..errors import ShapeError

Pair = tuple[int, int]
MOST_AREA = 2**40
"""Pixels of a picture with its border: beyond, no machine has the memory."""


@dataclass(frozen=True)
class Window:
    """A window of `size` pixels, `dilation` apart, moved by `stride` over a border of `padding`."""

    size: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    def output(self, who: str, shape: tuple[int, ...]) -> Pair:
        """(H', W') for an input of (…, H, W), or a ShapeError with the arithmetic."""
        sizes = tuple(self.along(axis, shape[axis - 2]) for axis in (0, 1))
        if min(sizes) < 1:
            axis = sizes.index(min(sizes))
            given = shape[axis - 2]
            came = f"a window of {self.reach(axis)} over {given} pixels: {self.sum(axis, given)}"
            room = given + 2 * self.padding[axis]
            hint = f"a window of at most {room}, or more padding"
            raise ShapeError(who, came, "at least 1 along height and width", hint)
        area = math.prod(n + 2 * p for n, p in zip(shape[-2:], self.padding, strict=True))
        if area > MOST_AREA:
            came = f"pictures of {area:,} pixels with their border"
            raise ShapeError(who, came, f"at most {MOST_AREA:,}", "less padding")
        return sizes  # type: ignore[return-value]

    def along(self, axis: int, size: int) -> int:
        """(size + 2 · padding - reach) / stride + 1, rounded down."""
        return (size + 2 * self.padding[axis] - self.reach(axis)) // self.stride[axis] + 1

    def beyond(self, axis: int, size: int) -> int:
        """The pixels behind the border that a last window needs which begins inside and ends outside; 0 if none does.

        As PyTorch's ceil_mode: such a window begins in the picture, or in the border before it.
        """
        span = size + 2 * self.padding[axis] - self.reach(axis)
        more = -(-span // self.stride[axis]) * self.stride[axis] - span
        begin = span + more
        return more if begin < size + self.padding[axis] else 0

    def seen(self, axis: int, size: int, output: int, border: bool) -> np.ndarray:
        """How many pixels each window sees along an axis, those of the border counted or not, none beyond it."""
        first = np.arange(output) * self.stride[axis] - self.padding[axis]
        least, most = (-self.padding[axis], size + self.padding[axis]) if border else (0, size)
        return np.minimum(first + self.size[axis], most) - np.maximum(first, least)

    def reach(self, axis: int) -> int:
        """The pixels from the first to the last of the window: dilation · (size - 1) + 1."""
        return self.dilation[axis] * (self.size[axis] - 1) + 1

    def sum(self, axis: int, size: int) -> str:
        """The output size as a sum one can read: (32+2·2−5)/1+1 = 32."""
        top = f"{size}+2·{self.padding[axis]}−{self.reach(axis)}"
        return f"({top})/{self.stride[axis]}+1 = {self.along(axis, size)}"

    def sums(self, shape: tuple[int, ...]) -> str:
        """The sum for the height of pictures (…, H, W), and the one for the width where it differs."""
        height, width = self.sum(0, shape[-2]), self.sum(1, shape[-1])
        return height if height == width else f"{height}, {width}"

    def padded(self, x: np.ndarray, value: float = 0) -> np.ndarray:
        """x with its border, (N, C, H + 2·padding, …); in memory the channels of a pixel lie side by side."""
        if self.padding == (0, 0):
            return x
        out = self.empty(x.shape[:2], x.shape[2:], x.dtype, value)
        self.inner(out)[...] = x
        return out

    def empty(
        self, outer: tuple[int, ...], size: tuple[int, ...], dtype: np.dtype, value: float = 0
    ) -> np.ndarray:
        """Pictures (N, C) of a size, with their border, all of one number."""
        (ph, pw), (n, c), (h, w) = self.padding, outer, size
        return channels_last((n, c, h + 2 * ph, w + 2 * pw), dtype, value)

    def inner(self, padded: np.ndarray) -> np.ndarray:
        """What is left of a padded array without its border."""
        (ph, pw), (h, w) = self.padding, padded.shape[2:]
        return padded[:, :, ph : h - ph, pw : w - pw]

    def pieces(self, padded: np.ndarray, output: Pair) -> Iterator[np.ndarray]:
        """For each pixel of the window, row by row: what it meets at all positions, a view (N, C, H', W')."""
        (sh, sw), (dh, dw) = self.stride, self.dilation
        for u in range(self.size[0]):
            for v in range(self.size[1]):
                rows = slice(u * dh, u * dh + sh * (output[0] - 1) + 1, sh)
                yield padded[:, :, rows, v * dw : v * dw + sw * (output[1] - 1) + 1 : sw]

    def rows(self, padded: np.ndarray, output: Pair, out: np.ndarray) -> np.ndarray:
        """Every window as a row, written into the first N·H'·W' rows of `out` (…, KH·KW·C)."""
        n, c = padded.shape[:2]
        rows = out[: n * output[0] * output[1]]
        order = (0, 4, 5, 2, 3, 1)  # N, H', W', KH, KW, C
        np.copyto(rows.reshape(n, *output, *self.size, c), self.windows(padded, output).transpose(order))
        return rows

    def columns(self, padded: np.ndarray, output: Pair) -> np.ndarray:
        """Every window as a column, a copy (N, C·KH·KW, H'·W')."""
        n, c = padded.shape[:2]
        pixels = self.size[0] * self.size[1]
        return self.windows(padded, output).reshape(n, c * pixels, output[0] * output[1])

    def windows(self, padded: np.ndarray, output: Pair) -> np.ndarray:
        """All windows as a view (N, C, KH, KW, H', W')."""
        sn, sc, sh, sw = padded.strides
        (dh, dw), (th, tw) = self.dilation, self.stride
        shape = (*padded.shape[:2], *self.size, *output)
        return as_strided(padded, shape, (sn, sc, sh * dh, sw * dw, sh * th, sw * tw), writeable=False)


def channels_last(shape: tuple[int, ...], dtype: np.dtype, value: float = 0) -> np.ndarray:
    """An array (N, C, H, W) of one number; in memory the channels of a pixel lie side by side."""
    n, c, h, w = shape
    return np.full((n, h, w, c), value, dtype).transpose(0, 3, 1, 2)


def pixels(x: np.ndarray) -> np.ndarray:
    """(N, C, H, W) as rows of channels, (N·H·W, C); no copy where the channels lie side by side."""
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).reshape(-1 if x.size else 0, x.shape[1])
