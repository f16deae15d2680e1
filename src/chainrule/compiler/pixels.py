"""Gates of pictures as plans run them, borders made before: channels last, (N, H, W, C), or where channels are few the
pictures abreast, (C, H, W, N).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..graph import Gate, Spec, gate
from ..ops.conv import Conv2d, Conv2dInput, Conv2dWeight
from ..ops.indexing import Slice
from ..ops.window import Pair, Window

Order = tuple[int, int, int, int]
LAST: Order = (0, 2, 3, 1)
"""The axes of pictures (N, C, H, W) as (N, H, W, C): channels last."""
ABREAST: Order = (1, 2, 3, 0)
"""The axes of pictures (N, C, H, W) as (C, H, W, N): pictures side by side."""
FILTERS, FILTERS_BACK = (2, 3, 1, 0), (3, 2, 0, 1)
"""The axes of filters (F, C, KH, KW) as (KH, KW, C, F), and back."""


def back(order: Order) -> Order:
    """The axes of pictures in an order as (N, C, H, W).

    >>> back(LAST), back(ABREAST)
    ((0, 3, 1, 2), (3, 0, 1, 2))
    """
    n, c, h, w = (order.index(axis) for axis in range(4))
    return n, c, h, w


TO_FIRST = back(LAST)


@gate
class ConvPixels(Gate):
    """out (N, H', W', F) = the windows of x (N, H, W, C) times the filters w (KH, KW, C/groups, F)"""

    stride: Pair
    dilation: Pair
    groups: int

    def window(self, w: Spec) -> Window:
        return Window((w.shape[0], w.shape[1]), self.stride, (0, 0), self.dilation)

    def spec(self, x: Spec, w: Spec) -> Spec:
        height, width = self.window(w).output(self.label, (*x.shape[:1], *x.shape[1:3]))
        return Spec((x.shape[0], height, width, w.shape[3]), x.dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        return int(self.spec(*specs).size * math.prod(specs[1].shape[:3]))

    def forward(self, x: np.ndarray, w: np.ndarray) -> Any:
        plain = Conv2d(self.stride, (0, 0), self.dilation, self.groups)
        return plain.forward(x.transpose(TO_FIRST), w.transpose(FILTERS_BACK)).transpose(LAST)


@gate
class ConvFilters(Gate):
    """out (shares, KH, KW, C/groups, F) = the windows of x (N, H, W, C) weighted by y (N, H', W', F)

    shares:  sums over so many equal shares of the pictures, to be added
    """

    size: Pair
    stride: Pair
    dilation: Pair
    groups: int
    shares: int

    def spec(self, x: Spec, y: Spec) -> Spec:
        return Spec((self.shares, *self.size, x.shape[3] // self.groups, y.shape[3]), x.dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        x, y = specs
        return int(y.size * math.prod(self.size) * (x.shape[3] // self.groups))

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        plain = Conv2dWeight(self.size, self.stride, (0, 0), self.dilation, self.groups)
        pairs = zip(np.split(x, self.shares), np.split(y, self.shares), strict=True)
        made = [plain.forward(a.transpose(TO_FIRST), b.transpose(TO_FIRST)) for a, b in pairs]
        return np.stack([part.transpose(FILTERS) for part in made])


@gate
class Interleave(Gate):
    """out = each input at the places of its key, and zeros at those of the keys without one; together they are all"""

    keys: tuple[tuple[Slice, ...], ...]
    empty: tuple[tuple[Slice, ...], ...]
    shape: tuple[int, ...]

    def spec(self, *parts: Spec) -> Spec:
        return parts[0].with_shape(self.shape)

    def forward(self, *parts: np.ndarray) -> Any:
        out = np.zeros(self.shape, parts[0].dtype)
        for key, part in zip(self.keys, parts, strict=True):
            out[tuple(slice(*k) for k in key)] = part
        return out


@gate
class Pixels(Gate):
    """Any other gate of pictures, on pictures in this order."""

    inner: Gate
    order: Order = LAST

    def spec(self, *specs: Spec) -> Any:
        first = back(self.order)
        made = self.inner.spec(*(s.with_shape(tuple(s.shape[a] for a in first)) for s in specs))
        parts = made if isinstance(made, tuple) else (made,)
        turned = tuple(s.with_shape(tuple(s.shape[a] for a in self.order)) for s in parts)
        return turned if isinstance(made, tuple) else turned[0]

    @property
    def outputs(self) -> tuple[str, ...]:  # type: ignore[override]  # those of the inner one
        return self.inner.outputs

    def forward(self, *arrays: np.ndarray) -> Any:
        made = self.inner.forward(*(a.transpose(back(self.order)) for a in arrays))
        if isinstance(made, tuple):
            return tuple(part.transpose(self.order) for part in made)
        return made.transpose(self.order)


# --- pictures abreast -------------------------------------------------------------------------------------


def lanes_of(stride: Pair, wide: int, many: int) -> tuple[int, int]:
    """Places of a line of results that are visited one by one, and lanes of each: a whole line at once, unless its
    pixels lie a stride apart.

    >>> lanes_of((2, 1), 5, 8), lanes_of((1, 2), 5, 8)
    ((1, 40), (5, 8))
    """
    return (1, wide * many) if stride[1] == 1 else (wide, many)


@gate
class ConvAbreast(Gate):
    """out (F, H', W', N) = the windows of x (C, H, W, N) times the filters w (F, C/groups, KH, KW)"""

    stride: Pair
    dilation: Pair
    groups: int

    def spec(self, x: Spec, w: Spec) -> Spec:
        window = Window((w.shape[2], w.shape[3]), self.stride, (0, 0), self.dilation)
        return Spec((w.shape[0], *window.output(self.label, x.shape[:3]), x.shape[3]), x.dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        return int(self.spec(*specs).size * math.prod(specs[1].shape[1:]))

    def forward(self, x: np.ndarray, w: np.ndarray) -> Any:
        plain = Conv2d(self.stride, (0, 0), self.dilation, self.groups)
        return plain.forward(x.transpose(back(ABREAST)), w).transpose(ABREAST)


@gate
class InputAbreast(Gate):
    """out (C, H, W, N) = each number of y (F, H', W', N) times its filter of w (F, C/groups, KH, KW), laid down

    size:   H and W;  before: how far the first line and column of y lie behind the filter's last tap on pixel 0
    edges:  columns of zeros in y, before and after
    """

    size: Pair
    before: Pair
    dilation: Pair
    groups: int
    edges: Pair

    def spec(self, y: Spec, w: Spec) -> Spec:
        return Spec((w.shape[1] * self.groups, *self.size, y.shape[3]), y.dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        y, w = specs
        columns = y.shape[2] - sum(self.edges)
        return int(math.prod((*y.shape[:2], columns, y.shape[3])) * math.prod(w.shape[1:]))

    def forward(self, y: np.ndarray, w: np.ndarray) -> Any:
        inner = y[:, :, self.edges[0] : y.shape[2] - self.edges[1]].transpose(back(ABREAST))
        window = Window(w.shape[2:], (1, 1), (0, 0), self.dilation)
        reach = (window.reach(0) - 1, window.reach(1) - 1)
        # on pictures so wide that all of every filter lies inside, of which the results are a part
        wide = tuple(n + r for n, r in zip(inner.shape[2:], reach, strict=True))
        laid = Conv2dInput(wide, dilation=self.dilation, groups=self.groups).forward(inner, w)
        out = np.zeros((*laid.shape[:2], *self.size), y.dtype)
        places = [place(r, b, n, s) for r, b, n, s in zip(reach, self.before, wide, self.size, strict=True)]
        (to_h, of_h), (to_w, of_w) = places
        out[:, :, to_h, to_w] = laid[:, :, of_h, of_w]
        return out.transpose(ABREAST)


def place(reach: int, before: int, wide: int, size: int) -> tuple[slice, slice]:
    """Which pixels of the result there are along an axis, and where: pixel p of it is p + reach - before of all."""
    first = min(size, max(0, before - reach))
    last = max(first, min(size, wide + before - reach))
    return slice(first, last), slice(first + reach - before, last + reach - before)


@gate
class FiltersAbreast(Gate):
    """out (shares, F, C/groups, KH, KW) = the windows of x (C, H, W, N) weighted by y (F, H', W', N)

    shares:  sums over so many shares of the lines, to be added
    """

    size: Pair
    stride: Pair
    dilation: Pair
    groups: int
    shares: int

    def spec(self, x: Spec, y: Spec) -> Spec:
        return Spec((self.shares, y.shape[0], x.shape[0] // self.groups, *self.size), x.dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        x, y = specs
        return int(y.size * math.prod(self.size) * (x.shape[0] // self.groups))

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        plain = Conv2dWeight(self.size, self.stride, (0, 0), self.dilation, self.groups)
        made = plain.forward(x.transpose(back(ABREAST)), y.transpose(back(ABREAST)))
        rest = np.zeros((self.shares - 1, *made.shape), x.dtype)
        return np.concatenate([made[None], rest])
