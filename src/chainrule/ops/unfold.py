"""Every window of a picture as a column, and columns laid back as windows.  Axes: N, C, H, W."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..errors import ShapeError
from ..graph import Gate, Spec, Value, apply, gate, require_kind
from .arguments import Operand, pair
from .window import Pair, Window


@gate
class Unfold(Gate):
    """out = every window of x as a column, (N, C·KH·KW, H'·W');  its gradient folds."""

    pattern: ClassVar[str] = "moves"
    window: Window

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "float")
        check_pictures(self.label, x)
        output = self.window.output(self.label, x.shape)
        rows = x.shape[1] * self.window.size[0] * self.window.size[1]
        return x.with_shape((x.shape[0], rows, output[0] * output[1]))

    def forward(self, x: np.ndarray) -> Any:
        return self.window.columns(self.window.padded(x), self.window.output(self.label, x.shape))

    def backward(self, upstream: Value, *, x: Spec) -> Any:
        return apply(Fold(self.window, x.shape[2:]), upstream)  # type: ignore[arg-type]


@gate
class Fold(Gate):
    """out = every column laid back as a window of a picture, overlaps add;  its gradient unfolds."""

    pattern: ClassVar[str] = "spreads"
    window: Window
    size: Pair

    def spec(self, x: Spec) -> Spec:
        require_kind(self.label, "x", x, "float")
        output = self.window.output(self.label, self.size)
        pixels, places = self.window.size[0] * self.window.size[1], output[0] * output[1]
        if x.ndim != 3 or x.shape[1] % pixels or x.shape[2] != places:
            expected = f"(N, C·{pixels}, {places}) for pictures of {self.size[0]}×{self.size[1]}"
            raise ShapeError(self.label, f"x {x}", expected, "the shape that unfold gives")
        return x.with_shape((x.shape[0], x.shape[1] // pixels, *self.size))

    def forward(self, x: np.ndarray) -> Any:
        output, pixels_of_window = (
            self.window.output(self.label, self.size),
            self.window.size[0] * self.window.size[1],
        )
        channels = x.shape[1] // pixels_of_window
        parts = x.reshape(len(x), channels, pixels_of_window, *output).transpose(2, 0, 1, 3, 4)
        return added(parts, self.window, self.size, output)

    def backward(self, upstream: Value) -> Any:
        return apply(Unfold(self.window), upstream)


def laid(rows: np.ndarray, window: Window, size: Pair, output: Pair) -> np.ndarray:
    """Rows (N·H'·W', KH·KW·C) added up as windows of pictures (N, C, *size)."""
    pixels_of_window = window.size[0] * window.size[1]
    parts = rows.reshape(-1, *output, pixels_of_window, rows.shape[1] // pixels_of_window)
    return added(parts.transpose(3, 0, 4, 1, 2), window, size, output)


def added(parts: np.ndarray, window: Window, size: Pair, output: Pair) -> np.ndarray:
    """Parts (KH·KW, N, C, H', W'), one for each pixel of the window, added up as pictures (N, C, *size)."""
    padded = window.empty(parts.shape[1:3], size, parts.dtype)
    for piece, part in zip(window.pieces(padded, output), parts, strict=True):
        piece += part
    return window.inner(padded)


def check_pictures(who: str, x: Spec) -> None:
    """x has the four axes N, C, H, W."""
    if x.ndim != 4:
        hint = "x.reshape(N, C, H, W); one picture has N = 1, a grey one C = 1"
        raise ShapeError(who, f"x {x}", "4 axes (N, C, H, W)", hint)


def unfold(
    x: Operand,
    kernel_size: int | Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Every window of the pictures as a column: (N, C, H, W) to (N, C·KH·KW, H'·W').

    out[n, c·KH·KW + u·KW + v, i·W' + j] = x[n, c, i·stride + u·dilation - padding, …], 0 on the border

    x:  (N, C, H, W) float
    kernel_size, stride, padding, dilation:  the window in pixels, as for conv2d; one number for both axes, or two
    Raises ShapeError if the window does not fit, DTypeError for anything but floats, SettingError for impossible
    settings.
    Source: Chellapilla et al. 2006, "im2col".  Also: nn.Unfold.

    >>> import numpy as np
    >>> unfold(np.arange(9.0).reshape(1, 1, 3, 3), 2)[0].astype(int)
    array([[0, 1, 3, 4],
           [1, 2, 4, 5],
           [3, 4, 6, 7],
           [4, 5, 7, 8]])
    """
    return apply(Unfold(window_of("unfold", kernel_size, stride, padding, dilation)), x)


def fold(
    x: Operand,
    output_size: int | Sequence[int],
    kernel_size: int | Sequence[int],
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
) -> Any:
    """Columns (N, C·KH·KW, H'·W') laid back as windows of pictures (N, C, H, W); overlaps add.

    x:  (N, C·KH·KW, H'·W') float, the columns that unfold makes with these settings
    output_size:  H and W of the pictures
    Raises ShapeError if the columns are not those of the pictures, DTypeError for anything but floats, SettingError
    for impossible settings.
    Also: nn.Fold.

    >>> import numpy as np
    >>> fold(np.ones((1, 4, 2)), (2, 3), 2)[0, 0]
    array([[1., 2., 1.],
           [1., 2., 1.]])
    """
    window = window_of("fold", kernel_size, stride, padding, dilation)
    return apply(Fold(window, pair("fold", "output_size", output_size, 1)), x)


def window_of(who: str, size: Any, stride: Any, padding: Any, dilation: Any = 1) -> Window:
    """A window from a user's settings, checked."""
    return Window(
        pair(who, "kernel_size", size, 1),
        pair(who, "stride", stride, 1),
        pair(who, "padding", padding, 0),
        pair(who, "dilation", dilation, 1),
    )
