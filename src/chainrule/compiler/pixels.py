"""Gates of pictures as plans run them: channels last, (N, H, W, C), borders made before."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..graph import Gate, Spec, gate
from ..ops.conv import Conv2d, Conv2dWeight
from ..ops.indexing import Slice
from ..ops.window import Pair, Window

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)
"""The axes of pictures (N, C, H, W) as (N, H, W, C), and back."""
FILTERS, FILTERS_BACK = (2, 3, 1, 0), (3, 2, 0, 1)
"""The axes of filters (F, C, KH, KW) as (KH, KW, C, F), and back."""


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
        return plain.forward(x.transpose(TO_FIRST), w.transpose(FILTERS_BACK)).transpose(TO_LAST)


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
    """Any other gate of pictures, on pictures with their channels last."""

    inner: Gate

    def spec(self, *specs: Spec) -> Any:
        made = self.inner.spec(*(s.with_shape(tuple(s.shape[a] for a in TO_FIRST)) for s in specs))
        parts = made if isinstance(made, tuple) else (made,)
        turned = tuple(s.with_shape(tuple(s.shape[a] for a in TO_LAST)) for s in parts)
        return turned if isinstance(made, tuple) else turned[0]

    @property
    def outputs(self) -> tuple[str, ...]:  # type: ignore[override]  # those of the inner one
        return self.inner.outputs

    def forward(self, *arrays: np.ndarray) -> Any:
        made = self.inner.forward(*(a.transpose(TO_FIRST) for a in arrays))
        if isinstance(made, tuple):
            return tuple(part.transpose(TO_LAST) for part in made)
        return made.transpose(TO_LAST)
