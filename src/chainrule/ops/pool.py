"""Pooling: the largest or the mean of each window, channel by channel.  Axes: N, C, H, W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Gate, Spec, Value, apply, gate, require_kind
from .arguments import Operand, dtype_of, flag, shape_of, with_axes
from .arithmetic import add, multiply
from .indexing import index
from .reduction import argmax, max, mean
from .shape import astype, pad, reshape
from .unfold import Unfold, check_pictures, window_of
from .window import Pair, Window


def pooled(who: str, window: Window, x: Spec) -> Spec:
    """The shape rule of every pooling."""
    require_kind(who, "x", x, "float")
    check_pictures(who, x)
    for n, border, apart in zip(x.shape[2:], window.padding, window.dilation, strict=True):
        if border and apart > n:
            came = f"a window of pixels {apart} apart over {n} pixels with a border"
            raise ShapeError(who, came, "pixels of the picture in every window", "no padding")
    return x.with_shape((*x.shape[:2], *window.output(who, x.shape)))


def spreads(who: str, window: Window, size: Pair, y: Spec) -> Spec:
    """The shape rule of every pooling's gradient."""
    require_kind(who, "y", y, "float")
    output = window.output(who, size)
    if y.ndim != 4 or y.shape[2:] != output:
        raise ShapeError(
            who, f"y {y}", f"(N, C, {output[0]}, {output[1]})", "the shape of the pooled picture"
        )
    return y.with_shape((*y.shape[:2], *size))


class Pooling(Gate):
    """What pooling gates share: the window, and its arithmetic."""

    window: Window

    def arithmetic(self, *specs: Spec) -> str:
        return self.window.sums(specs[0].shape)

    def columns(self, x: Value, border: float) -> Any:
        """What each window sees, (N, C, KH·KW, H', W')."""
        window, output = self.window, self.window.output(self.label, x.shape)
        (ph, pw), (kh, kw) = window.padding, window.size
        wide = pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), value=border) if ph or pw else x
        columns = apply(Unfold(Window(window.size, window.stride, (0, 0), window.dilation)), wide)
        return reshape(columns, (*x.shape[:2], kh * kw, *output))


@gate
class MaxPool2d(Pooling):
    """out = the largest of each window, NaN if there is one; winner = its place in the window, row by row.

    Routes the upstream gradient to the first winner.
    """

    pattern: ClassVar[str] = "routes"
    window: Window
    outputs: ClassVar[tuple[str, ...]] = ("out", "winner")

    def spec(self, x: Spec) -> tuple[Spec, Spec]:
        out = pooled(self.label, self.window, x)
        return out, Spec(out.shape, np.dtype(np.int32))

    def forward(self, x: np.ndarray) -> Any:
        padded = self.window.padded(x, -np.inf)
        output = self.window.output(self.label, x.shape)
        pieces = enumerate(self.window.pieces(padded, output))
        best = next(pieces)[1].copy(order="K")
        winner = np.zeros_like(best, np.int32)
        for number, piece in pieces:
            # not (piece ≤ best) is also true for NaN, and a NaN that is already best stays
            better = ~(piece <= best) & (best == best)
            np.copyto(best, piece, where=better)
            np.copyto(winner, number, where=better)
        return best, winner

    def backward(self, upstream: Any, *, x: Spec, winner: Value) -> Any:
        return apply(MaxPool2dInput(self.window, x.shape[2:]), upstream[0], winner)  # type: ignore[arg-type]

    def parts(self, x: Value) -> Any:
        columns = self.columns(x, -np.inf)
        return max(columns, axis=2), astype(argmax(columns, axis=2), "int32")


@gate
class MaxPool2dInput(Gate):
    """out = zeros with each y added at its winner's place;  takes the upstream gradient from there."""

    pattern: ClassVar[str] = "spreads"
    window: Window
    size: Pair

    def spec(self, y: Spec, winner: Spec) -> Spec:
        check_winner(self.label, "y", y, winner)
        return spreads(self.label, self.window, self.size, y)

    def forward(self, y: np.ndarray, winner: np.ndarray) -> Any:
        padded = self.window.empty(y.shape[:2], self.size, y.dtype)
        for number, piece in enumerate(self.window.pieces(padded, (y.shape[2], y.shape[3]))):
            piece += np.where(winner == number, y, 0)
        return self.window.inner(padded)

    def backward(self, upstream: Value, *, winner: Value) -> Any:
        return apply(MaxPool2dTake(self.window), upstream, winner), None


@gate
class MaxPool2dTake(Gate):
    """out = x at each winner's place;  its gradient is added there."""

    pattern: ClassVar[str] = "moves"
    window: Window

    def spec(self, x: Spec, winner: Spec) -> Spec:
        out = pooled(self.label, self.window, x)
        check_winner(self.label, "out", out, winner)
        return out

    def forward(self, x: np.ndarray, winner: np.ndarray) -> Any:
        out = np.zeros_like(winner, x.dtype)
        pieces = self.window.pieces(self.window.padded(x), (out.shape[2], out.shape[3]))
        for number, piece in enumerate(pieces):
            np.copyto(out, piece, where=winner == number)
        return out

    def backward(self, upstream: Value, *, x: Spec, winner: Value) -> Any:
        return apply(MaxPool2dInput(self.window, x.shape[2:]), upstream, winner), None  # type: ignore[arg-type]


def check_winner(who: str, name: str, y: Spec, winner: Spec) -> None:
    require_kind(who, "winner", winner, "integer")
    if y.shape != winner.shape:
        raise ShapeError(
            who, f"{name} {y} and winner {winner}", "equal shapes", "the winner that max_pool2d gave"
        )


@gate
class AvgPool2d(Pooling):
    """out = the mean of each window, the border's zeros counted;  hands the upstream gradient / n to each pixel."""

    pattern: ClassVar[str] = "spreads"
    window: Window

    def spec(self, x: Spec) -> Spec:
        return pooled(self.label, self.window, x)

    def forward(self, x: np.ndarray) -> Any:
        pieces = self.window.pieces(self.window.padded(x), self.window.output(self.label, x.shape))
        total = next(pieces).copy(order="K")
        for piece in pieces:
            total += piece
        return total / (self.window.size[0] * self.window.size[1])

    def backward(self, upstream: Value, *, x: Spec) -> Any:
        return apply(AvgPool2dInput(self.window, x.shape[2:]), upstream)  # type: ignore[arg-type]

    def parts(self, x: Value) -> Any:
        return mean(self.columns(x, 0.0), axis=2)


@gate
class AvgPool2dInput(Gate):
    """out = each y / n added to all pixels of its window;  its gradient is pooled."""

    pattern: ClassVar[str] = "spreads"
    window: Window
    size: Pair

    def spec(self, y: Spec) -> Spec:
        return spreads(self.label, self.window, self.size, y)

    def forward(self, y: np.ndarray) -> Any:
        padded = self.window.empty(y.shape[:2], self.size, y.dtype)
        share = y / (self.window.size[0] * self.window.size[1])
        for piece in self.window.pieces(padded, (y.shape[2], y.shape[3])):
            piece += share
        return self.window.inner(padded)

    def backward(self, upstream: Value) -> Any:
        return apply(AvgPool2d(self.window), upstream)


def pool_window(who: str, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> Window:
    """The window of a pooling: the stride is its size unless told; at most half of it is border."""
    window = window_of(who, kernel_size, kernel_size if stride is None else stride, padding, dilation)
    if any(2 * p > k for p, k in zip(window.padding, window.size, strict=True)):
        came = f"padding {window.padding} for windows of {window.size}"
        raise SettingError(who, came, "at most half of the window", "a smaller padding")
    return window


def widened(x: Operand, window: Window, value: float) -> Any:
    """x with what lies behind its border, where a last window would look that is not whole."""
    shape = shape_of(x)
    high, wide = (window.beyond(axis, shape[axis + 2]) for axis in (0, 1))
    return pad(x, ((0, 0), (0, 0), (0, high), (0, wide)), value=value) if high or wide else x


def flat_indices(winner: Operand, window: Window, size: Pair) -> Any:
    """The pixel of each winner as a number y·W + x, which is how PyTorch counts."""
    (high, wide), (rows, columns) = window.size, shape_of(winner)[2:]
    down, along = window.dilation
    taps = np.arange(high)[:, None] * (down * size[1]) + np.arange(wide) * along
    top = np.arange(rows)[:, None] * window.stride[0] - window.padding[0]
    left = np.arange(columns) * window.stride[1] - window.padding[1]
    return add(index(taps.ravel(), winner), top * size[1] + left)


def max_pool2d(
    x: Operand,
    kernel_size: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest pixel of each window; windows may overlap.  The border counts as -infinity.

    x:  (N, C, H, W) float
    stride:  the kernel size unless told
    dilation:  pixels between two pixels of a window, ≥ 1
    ceil_mode:  also windows that begin inside and end outside
    return_indices:  also where the largest pixels are, as numbers y·W + x, int64: what `max_unpool2d` wants
    Returns (N, C, H', W') with H' = (H + 2·padding - dilation·(KH - 1) - 1) // stride + 1, rounded up with ceil_mode;
    with return_indices a tuple of that and the indices.
    Raises ShapeError if the window does not fit, DTypeError for anything but floats, SettingError for impossible
    settings, padding over half of the window among them.
    Also: nn.MaxPool2d.

    >>> import numpy as np
    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    window = pool_window("max_pool2d", kernel_size, stride, padding, dilation)
    ceil, told = (
        flag("max_pool2d", "ceil_mode", ceil_mode),
        flag("max_pool2d", "return_indices", return_indices),
    )
    shape = with_axes("max_pool2d", "x", x, "N, C, H, W")
    out, winner = apply(MaxPool2d(window), widened(x, window, -np.inf) if ceil else x)
    return (out, flat_indices(winner, window, shape[2:])) if told else out  # type: ignore[arg-type]


def avg_pool2d(
    x: Operand,
    kernel_size: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window; windows may overlap.

    x:  (N, C, H, W) float
    stride:  the kernel size unless told
    ceil_mode:  also windows that begin inside and end outside, the mean of what they see
    count_include_pad:  whether the border's zeros count
    Returns (N, C, H', W') with H' = (H + 2·padding - KH) // stride + 1, rounded up with ceil_mode.
    Raises ShapeError if the window does not fit, DTypeError for anything but floats, SettingError for impossible
    settings, padding over half of the window among them.
    Also: nn.AvgPool2d.

    >>> import numpy as np
    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    window = pool_window("avg_pool2d", kernel_size, stride, padding)
    shape = with_axes("avg_pool2d", "x", x, "N, C, H, W")
    ceil = flag("avg_pool2d", "ceil_mode", ceil_mode)
    border = flag("avg_pool2d", "count_include_pad", count_include_pad)
    out = apply(AvgPool2d(window), widened(x, window, 0.0) if ceil else x)
    high, wide = (window.seen(axis, shape[axis + 2], n, border) for axis, n in enumerate(shape_of(out)[2:]))
    counted, whole = high[:, None] * wide, window.size[0] * window.size[1]
    return out if (counted == whole).all() else multiply(out, (whole / counted).astype(dtype_of(out)))
