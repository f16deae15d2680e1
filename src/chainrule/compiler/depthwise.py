"""Convolutions whose channels have a filter each, on pictures (N, H, W, C): they stay so, and get no border."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..graph import Gate, Spec, gate
from ..kernels.depthwise import MOST_TAPS
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.types import LANES
from ..ops.conv import Conv2d, Conv2dInput, Conv2dWeight
from ..ops.shape import PermuteDims, Reshape
from ..ops.window import Pair, Window
from .draft import Draft
from .flow import Op
from .pixels import LAST, TO_FIRST

TAPS_FIRST, TAPS_LAST = (1, 2, 0), (2, 0, 1)
"""The axes of filters (C, KH, KW) as (KH, KW, C), and back."""


def is_depthwise(gate: Any, filters: tuple[int, ...]) -> bool:
    """Whether each of at least 16 channels has one filter, of those that have a kernel."""
    each = filters[0] == gate.groups >= LANES and filters[1] == 1
    return each and filters[3] <= MOST_TAPS and (gate.stride == (1, 1) or gate.dilation == (1, 1))


def plain_filters(w: np.ndarray) -> np.ndarray:
    """Filters (KH, KW, C) as (C, 1, KH, KW)."""
    return w.transpose(TAPS_LAST)[:, None]


@gate
class DepthwisePixels(Gate):
    """out (N, H', W', C) = the windows of x (N, H, W, C), each channel times its filter of w (KH, KW, C)"""

    window: Window

    def spec(self, x: Spec, w: Spec) -> Spec:
        output = self.window.output(self.label, (*x.shape[:1], *x.shape[1:3]))
        return Spec((x.shape[0], *output, x.shape[3]), x.dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        return int(self.spec(*specs).size * math.prod(self.window.size))

    def forward(self, x: np.ndarray, w: np.ndarray) -> Any:
        plain = Conv2d(self.window.stride, self.window.padding, self.window.dilation, w.shape[2])
        return plain.forward(x.transpose(TO_FIRST), plain_filters(w)).transpose(LAST)


@gate
class DepthwiseInput(Gate):
    """out (N, *size, C) = each number of y (N, H', W', C) times its filter of w (KH, KW, C), laid down"""

    window: Window
    size: Pair

    def spec(self, y: Spec, w: Spec) -> Spec:
        return Spec((y.shape[0], *self.size, y.shape[3]), y.dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        return int(specs[0].size * math.prod(self.window.size))

    def forward(self, y: np.ndarray, w: np.ndarray) -> Any:
        window = self.window
        plain = Conv2dInput(self.size, window.stride, window.padding, window.dilation, w.shape[2])
        return plain.forward(y.transpose(TO_FIRST), plain_filters(w)).transpose(LAST)


@gate
class DepthwiseFilters(Gate):
    """out (shares, KH, KW, C) = the windows of x (N, H, W, C) weighted by y (N, H', W', C), channel by channel

    shares:  sums over so many shares of the lines, to be added
    """

    window: Window
    shares: int

    def spec(self, x: Spec, y: Spec) -> Spec:
        return Spec((self.shares, *self.window.size, x.shape[3]), x.dtype)

    def multiply_adds(self, *specs: Spec) -> int:
        return int(specs[1].size * math.prod(self.window.size))

    def forward(self, x: np.ndarray, y: np.ndarray) -> Any:
        window = self.window
        plain = Conv2dWeight(window.size, window.stride, window.padding, window.dilation, x.shape[3])
        made = plain.forward(x.transpose(TO_FIRST), y.transpose(TO_FIRST))[:, 0].transpose(TAPS_FIRST)
        return np.concatenate([made[None], np.zeros((self.shares - 1, *made.shape), x.dtype)])


class Depthwise:
    """Writes depthwise convolutions and their gradients down, on pictures with their channels last."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def convolution(self, op: Op) -> bool:
        (x, w), line = op.inputs, op.line
        pictures = self.draft.turned(x, LAST, line)
        made = self.draft.one(DepthwisePixels(self.window(op, w)), (pictures, self.filters(w, line)), line)
        self.draft.settle(op.outputs[0], made, LAST, line)
        return True

    def to_input(self, op: Op) -> bool:
        (y, w), line = op.inputs, op.line
        gate = DepthwiseInput(self.window(op, w), op.gate.size)
        made = self.draft.one(gate, (self.draft.turned(y, LAST, line), self.filters(w, line)), line)
        self.draft.settle(op.outputs[0], made, LAST, line)
        return True

    def to_filters(self, op: Op) -> bool:
        draft, line, (out,) = self.draft, op.line, op.outputs
        x, y = (draft.turned(n, LAST, line) for n in op.inputs)
        many, lines, *_ = draft.spec(y).shape
        shares = max(1, min(MOST_PIECES, many * lines))
        sums = draft.one(DepthwiseFilters(self.window(op, out), shares), (x, y), line)
        turned = draft.one(PermuteDims(TAPS_LAST), (draft.added(sums, line),), line)
        draft.ops.append(Op(Reshape(draft.spec(out).shape), (turned,), (out,), line))
        return True

    def window(self, op: Op, filters: int) -> Window:
        """The window of a convolution or one of its gradients."""
        high, wide = self.draft.spec(filters).shape[2:]
        return Window((high, wide), op.gate.stride, op.gate.padding, op.gate.dilation)

    def filters(self, w: int, line: int) -> int:
        """Filters (C, 1, KH, KW) as (KH, KW, C)."""
        channels, _, high, wide = self.draft.spec(w).shape
        flat = self.draft.one(Reshape((channels, high, wide)), (w,), line)
        return self.draft.one(PermuteDims(TAPS_FIRST), (flat,), line)
