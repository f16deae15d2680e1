"""Windows that convolution's relatives and pooling are tried with: overlapping, apart, with a border, with gaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.ops.window import Window

from .rows import Case, Input, whole

#            window, N, C, (H, W): overlapping, apart, with a border, with gaps
WINDOWS: list[tuple[Window, int, int, tuple[int, int]]] = [
    (Window((2, 2), (2, 2)), 2, 3, (4, 6)),
    (Window((3, 2), (2, 1), (1, 0)), 2, 1, (5, 4)),
    (Window((3, 3), (2, 2)), 1, 2, (7, 5)),
    (Window((2, 3), (3, 1), (1, 1)), 2, 2, (5, 5)),
    (Window((1, 1)), 1, 1, (1, 1)),
    (Window((2, 2)), 0, 2, (3, 4)),
]
DILATED = (Window((2, 3), (1, 2), (1, 1), (3, 1)), 2, 2, (5, 6))


def pooling(
    make: Callable[[Window, int, int, tuple[int, int], tuple[int, int]], Case], *more: Any
) -> tuple[Case, ...]:
    """A case for each window, told the output size."""
    return tuple(make(w, n, c, size, w.output("pool", size)) for w, n, c, size in (*WINDOWS, *more))


def winners(window: Window, *shape: int) -> Input:
    return whole(*shape, high=window.size[0] * window.size[1], dtype="int32")


two = Window((2, 2), (2, 2))
