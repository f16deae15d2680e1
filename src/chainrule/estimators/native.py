"""Points go past queries in compiled code, on all threads: each piece has queries of its own, so that no bit depends on
how many threads there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CompileError
from ..kernels.call import Call
from ..kernels.language.control import MOST_PIECES
from ..kernels.language.types import F32
from ..kernels.nearest import Nearest
from ..kernels.panels import Pack
from ..kernels.product import Tile, tile_for
from .best import Best
from .sides import Side

Array = NDArray[Any]

STRIP = 1 << 17
"""Bytes of panels that stay in a cache while queries go past."""


def can_compile() -> bool:
    """Whether there is a compiler for this processor."""
    try:
        tile_for(F32)
    except CompileError:
        return False
    return True


def look(asked: Side, held: Side, best: Best, rise: float, numbers: range, metric: str) -> None:
    """Let points go past queries, and keep the best.

    rise:  what a distance is multiplied by in a bound;  numbers: those of the points
    """
    if not len(asked) or not len(held):
        return
    tile = tile_for(F32)
    panels, begin = packed(held, tile)
    count, width = asked.rows.shape
    pieces = min(MOST_PIECES, -(-count // tile.rows))
    strip = max(1, STRIP // (4 * width * tile.columns))
    sizes = [pieces, count, len(held), width, strip]
    rows = [asked.rows, panels, begin, np.array([rise]), asked.number]
    samples = [asked.samples.shape[1], held.samples, asked.samples]
    inverse = [x.inverse for x in (held, asked) if x.inverse is not None]
    kept = [best.distances, best.numbers, best.distances.shape[1], best.looked]
    kernel = Nearest(tile, metric, held.samples.dtype, asked.samples.dtype)
    arguments = [*sizes, *rows, numbers.start, numbers.step, *samples, *inverse, best.limits, best.k, *kept]
    Call(kernel, arguments, pieces).run()


def packed(held: Side, tile: Tile) -> tuple[Array, Array]:
    """The rows of points in panels, and what their sums begin with: infinity beyond the last."""
    count, width = held.rows.shape
    panels = -(-count // tile.columns)
    made = np.empty((panels, width, tile.columns), np.float32)
    begin = np.full(panels * tile.columns, np.inf, np.float32)
    begin[:count] = held.number
    kernel, pieces = Pack(F32, tile, along_k=True), min(MOST_PIECES, panels)
    Call(kernel, [pieces, 1, count, width, held.rows, 0, width, made], pieces).run()
    return made, begin
