"""Convolution by unfolding and one matrix product, and its two gradients.

Axes: x (N, C, H, W), w (F, C/groups, KH, KW), out (N, F, H', W').  The three gates of convolution are one
trilinear form seen from three sides, so each one's gradients are the other two.

In memory, results have the channels of a pixel side by side: then a window's row is a run of the picture, and one
matrix product serves many pictures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from ..errors import SettingError, ShapeError
from ..graph import Gate, Spec, Value, apply, common_dtype, gate
from .arguments import Operand, at_least, check_bias, pair, shape_of
from .arithmetic import add
from .linear import matmul
from .reduction import sum
from .shape import matrix_transpose, pad, reshape
from .unfold import Fold, Unfold, check_pictures, laid
from .window import Pair, Window, channels_last, pixels

CACHE = 1 << 22
"""Bytes of unfolded pictures to hold at once, so that a matrix product finds them in the cache."""


class Sliding(Gate):
    """What the gates of convolution share: the window, and the filters in groups."""

    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int

    def window(self, size: tuple[int, ...]) -> Window:
        return Window((size[-2], size[-1]), self.stride, self.padding, self.dilation)

    def matrices(self, w: np.ndarray) -> np.ndarray:
        """Filters (F, C/G, KH, KW) as matrices (G, KH·KW·C/G, F/G)."""
        f, c, kh, kw = w.shape
        parts = w.reshape(self.groups, f // self.groups, c, kh, kw).transpose(0, 3, 4, 2, 1)
        return parts.reshape(self.groups, kh * kw * c, f // self.groups)

    def shares(self, channels: int) -> list[slice]:
        """The channels of each group."""
        size = channels // self.groups
        return [slice(g * size, (g + 1) * size) for g in range(self.groups)]

    def columns(self, x: Value, size: tuple[int, ...]) -> Any:
        """Every window of bordered pictures as a column, (N, G, C/G·KH·KW, H'·W')."""
        (ph, pw), window = self.padding, Window((size[-2], size[-1]), self.stride, (0, 0), self.dilation)
        wide = pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw))) if ph or pw else x
        columns = apply(Unfold(window), wide)
        n, rows, places = columns.shape
        return reshape(columns, (n, self.groups, rows // self.groups, places))

    def rows(self, w: Value) -> Any:
        """Filters (F, C/G, KH, KW) as rows, (G, F/G, C/G·KH·KW)."""
        return reshape(w, (self.groups, w.shape[0] // self.groups, math.prod(w.shape[1:])))

    def sent(self, y: Value) -> Any:
        """Pictures (N, F, H', W') as columns, (N, G, F/G, H'·W')."""
        n, f, h, w = y.shape
        return reshape(y, (n, self.groups, f // self.groups, h * w))

    def chunks(self, n: int, places: int, width: int, dtype: np.dtype) -> tuple[np.ndarray, list[slice]]:
        """Room for the rows of a few pictures, used again and again, and which pictures they are.

        places: rows of one picture;  width: of a row
        """
        few = max(1, min(n, CACHE // (dtype.itemsize * max(1, places * width))))
        return np.empty((few * places, width), dtype), [slice(k, min(k + few, n)) for k in range(0, n, few)]


@gate
class Conv2d(Sliding):
    """out[n,f,i,j] = Σ_c,u,v w[f,c,u,v] · x[n, c, i·stride + u·dilation - padding, …]"""

    pattern: ClassVar[str] = "mixes"
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    def spec(self, x: Spec, w: Spec) -> Spec:
        dtype = common_dtype(self.label, {"x": x, "w": w}, "float")
        check_pictures(self.label, x)
        check_filters(self.label, w)
        check_groups(self.label, x.shape[1], w.shape[0], self.groups)
        check_channels(self.label, x, w, self.groups)
        return Spec((x.shape[0], w.shape[0], *self.window(w.shape).output(self.label, x.shape)), dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        return int(self.spec(*specs).size * math.prod(specs[1].shape[1:]))

    def arithmetic(self, *specs: Spec) -> str:
        return self.window(specs[1].shape).sums(specs[0].shape)

    def forward(self, x: np.ndarray, w: np.ndarray) -> Any:
        window = self.window(w.shape)
        output = window.output(self.label, x.shape)
        filters, parts = (
            self.matrices(w),
            list(zip(self.shares(x.shape[1]), self.shares(len(w)), strict=True)),
        )
        out = channels_last((len(x), len(w), *output), x.dtype)
        room, chunks = self.chunks(len(x), output[0] * output[1], w[0].size, x.dtype)
        for some in chunks:
            made = pixels(out[some])
            for matrix, (inside, outside) in zip(filters, parts, strict=True):
                rows = window.rows(window.padded(x[some, inside]), output, room)
                np.matmul(rows, matrix, out=made[:, outside])
        return out

    def backward(self, upstream: Value, *, x: Value, w: Value) -> Any:
        settings = self.settings()
        to_x = Conv2dInput(size=x.shape[2:], **settings)  # type: ignore[arg-type]
        to_w = Conv2dWeight(size=w.shape[2:], **settings)  # type: ignore[arg-type]
        return lambda: apply(to_x, upstream, w), lambda: apply(to_w, x, upstream)

    def parts(self, x: Value, w: Value) -> Any:
        output = self.window(w.shape).output(self.label, x.shape)
        out = matmul(self.rows(w), self.columns(x, w.shape))
        return reshape(out, (x.shape[0], w.shape[0], *output))


@gate
class Conv2dInput(Sliding):
    """The gradient of convolution to its input: every number of y lays its filter down, overlaps add."""

    pattern: ClassVar[str] = "mixes"
    size: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    def spec(self, y: Spec, w: Spec) -> Spec:
        dtype = common_dtype(self.label, {"y": y, "w": w}, "float")
        check_filters(self.label, w)
        check_groups(self.label, w.shape[1] * self.groups, w.shape[0], self.groups)
        output = self.window(w.shape).output(self.label, self.size)
        if y.shape[1:] != (w.shape[0], *output):
            expected = f"y (N, {w.shape[0]}, {output[0]}, {output[1]})"
            raise ShapeError(self.label, f"y {y}", expected, "the shape of conv2d's output")
        return Spec((y.shape[0], w.shape[1] * self.groups, *self.size), dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        y, w = specs
        return int(y.size * math.prod(w.shape[1:]))

    def forward(self, y: np.ndarray, w: np.ndarray) -> Any:
        window, output, channels = self.window(w.shape), (y.shape[2], y.shape[3]), w.shape[1] * self.groups
        filters, parts = self.matrices(w), list(zip(self.shares(channels), self.shares(len(w)), strict=True))
        out = channels_last((len(y), channels, *self.size), y.dtype)
        room, chunks = self.chunks(len(y), output[0] * output[1], w[0].size, y.dtype)
        for some in chunks:
            for matrix, (inside, outside) in zip(filters, parts, strict=True):
                sent = pixels(y[some, outside])
                rows = np.matmul(sent, matrix.T, out=room[: len(sent)])
                out[some, inside] = laid(rows, window, self.size, output)
        return out

    def backward(self, upstream: Value, *, y: Value, w: Value) -> Any:
        forward = Conv2d(self.stride, self.padding, self.dilation, self.groups)
        to_w = Conv2dWeight(w.shape[2:], *forward.settings().values())  # type: ignore[arg-type]
        return lambda: apply(forward, upstream, w), lambda: apply(to_w, upstream, y)

    def parts(self, y: Value, w: Value) -> Any:
        columns = matmul(matrix_transpose(self.rows(w)), self.sent(y))
        n, groups, rows, places = columns.shape
        return apply(Fold(self.window(w.shape), self.size), reshape(columns, (n, groups * rows, places)))


@gate
class Conv2dWeight(Sliding):
    """The gradient of convolution to its filters: every window of x weighted by the number of y it made."""

    pattern: ClassVar[str] = "mixes"
    size: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    def spec(self, x: Spec, y: Spec) -> Spec:
        dtype = common_dtype(self.label, {"x": x, "y": y}, "float")
        check_pictures(self.label, x)
        output = self.window(self.size).output(self.label, x.shape)
        if y.ndim != 4 or (y.shape[0], *y.shape[2:]) != (x.shape[0], *output) or not x.shape[1] * y.shape[1]:
            expected = f"y ({x.shape[0]}, F, {output[0]}, {output[1]}), F and C at least 1"
            raise ShapeError(self.label, f"y {y} for x {x}", expected, "the shape of conv2d's output")
        check_groups(self.label, x.shape[1], y.shape[1], self.groups)
        return Spec((y.shape[1], x.shape[1] // self.groups, *self.size), dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        x, y = specs
        return int(y.size * (x.shape[1] // self.groups) * math.prod(self.size))

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        window, output = self.window(self.size), (y.shape[2], y.shape[3])
        channels, filters = x.shape[1] // self.groups, y.shape[1] // self.groups
        total = np.zeros((self.groups, self.size[0] * self.size[1] * channels, filters), x.dtype)
        parts = list(zip(self.shares(x.shape[1]), self.shares(y.shape[1]), strict=True))
        room, chunks = self.chunks(len(x), output[0] * output[1], total.shape[1], x.dtype)
        for some in chunks:
            for matrix, (inside, outside) in zip(total, parts, strict=True):
                rows = window.rows(window.padded(x[some, inside]), output, room)
                matrix += np.matmul(rows.T, pixels(y[some, outside]))
        # (G, KH, KW, C/G, F/G) to (F, C/G, KH, KW)
        by_filter = total.reshape(self.groups, *self.size, channels, filters).transpose(0, 4, 3, 1, 2)
        return np.ascontiguousarray(by_filter).reshape(y.shape[1], channels, *self.size)

    def backward(self, upstream: Value, *, x: Value, y: Value) -> Any:
        forward = Conv2d(self.stride, self.padding, self.dilation, self.groups)
        to_x = Conv2dInput(x.shape[2:], *forward.settings().values())  # type: ignore[arg-type]
        return lambda: apply(to_x, y, upstream), lambda: apply(forward, x, upstream)

    def parts(self, x: Value, y: Value) -> Any:
        each = matmul(self.sent(y), matrix_transpose(self.columns(x, self.size)))
        return reshape(sum(each, axis=0), (y.shape[1], x.shape[1] // self.groups, *self.size))


def check_filters(who: str, w: Spec, axes: str = "F, C/groups, KH, KW") -> None:
    """w has these four axes, none of them empty."""
    if w.ndim != 4 or 0 in w.shape:
        raise ShapeError(who, f"w {w}", f"4 axes ({axes}), each at least 1", f"w.reshape({axes})")


def check_groups(who: str, channels: int, filters: int, groups: int) -> None:
    """Channels and filters can be cut into groups."""
    if channels % groups or filters % groups:
        came = f"{groups} groups for {channels} channels and {filters} filters"
        raise SettingError(who, came, "groups that divide both", "groups=1")


def check_channels(who: str, x: Spec, w: Spec, groups: int) -> None:
    """Filters (F, C/groups, KH, KW) see the channels of their group of pictures (N, C, H, W)."""
    channels = x.shape[1]
    if channels // groups != w.shape[1]:
        came = f"x has {channels} channels (shape {x.shape}) in {groups} groups, w has {w.shape[1]} (shape {w.shape})"
        hint = f"filters (F, {channels // groups}, {w.shape[2]}, {w.shape[3]}), as of Conv2d({channels}, …)"
        if x.shape[3] == w.shape[1] * groups:
            hint = "permute_dims(x, (0, 3, 1, 2)), if the channels of the pictures come last"
        raise ShapeError(who, came, f"{channels // groups} channels in w", hint)


def conv2d(
    x: Operand,
    w: Operand,
    b: Operand | None = None,
    *,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Any:
    """Slide each filter over the pictures and sum the products.

    out[n,f,i,j] = b[f] + Σ_c,u,v  w[f,c,u,v] · x[n, c, i·stride + u·dilation - padding, …]

    x:  (N, C, H, W) float           pictures, channels first
    w:  (F, C/groups, KH, KW) float  filters
    b:  (F,) float, or None
    stride:    pixels between two windows, ≥ 1;  padding: zeros on each side, ≥ 0
    dilation:  pixels between two pixels of a filter, ≥ 1;  groups: parts of C that do not see each other
    Returns (N, F, H', W') with H' = (H + 2·padding - dilation·(KH - 1) - 1) // stride + 1.
    Raises ShapeError if the channels differ or the filter does not fit, DTypeError for anything but floats of one
    width, SettingError for impossible settings.
    Cost: 2·N·F·C/groups·KH·KW·H'·W' flops.
    Source: LeCun et al. 1998, §II.  Also: nn.Conv2d.

    >>> import numpy as np
    >>> from chainrule import Tensor
    >>> conv2d(Tensor(np.ones((1, 1, 3, 3), "float32")), np.ones((1, 1, 2, 2), "float32")).shape
    (1, 1, 2, 2)
    """
    gate = Conv2d(
        pair("conv2d", "stride", stride, 1),
        pair("conv2d", "padding", padding, 0),
        pair("conv2d", "dilation", dilation, 1),
        at_least("conv2d", "groups", groups, 1),
    )
    out = apply(gate, x, w)
    if b is None:
        return out
    check_bias("conv2d", b, shape_of(w)[0])
    return add(out, reshape(b, (1, -1, 1, 1)))
