"""Convolutions of pictures with their channels last: as products over windows, or by Winograd's algorithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Spec
from ..kernels.language.types import LANES
from ..kernels.transforms import SEEN, Scheme
from ..ops.indexing import Index, Slice
from ..ops.linear import Matmul
from ..ops.shape import Concat, PermuteDims, Reshape
from .draft import WHOLE
from .flow import Op
from .pixels import (
    FILTERS,
    FILTERS_BACK,
    LAST,
    ConvFilters,
    ConvPixels,
    WinogradPixels,
    WinogradSums,
    WinogradTiles,
)
from .sliding import Edges, Sliding

MOST_SHARES = 16
"""Partial sums of a filter's gradient."""
LEAST_CHANNELS, MOST_WASTE, MOST_SUMS = 256, 1.7, 1 << 14
"""Where Winograd's algorithm pays: channels times filters, pixels of all tiles for each that there is; and the most
channels times filters of a gradient that is summed in shares.
"""
SCHEMES = (3, 5)
"""Sizes of filters for which there is one."""
WINOGRAD_SHARES = 8
"""Partial sums of a filter's gradient, transformed."""
SHARE_BYTES = 1 << 19
"""Bytes of pictures and gradients that one partial sum may read: what a core's cache holds."""


class ChannelsLast(Sliding):
    """Convolutions of pictures (N, H, W, C)."""

    order = LAST

    def slid(self, gate: Any, x: int, w: int, line: int) -> int:
        filters = self.draft.one(PermuteDims(FILTERS), (w,), line)
        return self.multiplied(x, filters, ConvPixels(gate.stride, gate.dilation, gate.groups), line)

    def sent_back(self, gate: Any, sent: int, edges: Edges, w: int, line: int) -> int:
        rows, filters = self.draft.framed(sent, edges, line), self.mirrored(w, gate.groups, line)
        return self.multiplied(rows, filters, ConvPixels((1, 1), gate.dilation, gate.groups), line)

    def multiplied(self, rows: int, filters: int, direct: ConvPixels, line: int) -> int:
        """Filters (KH, KW, C, F) over pictures with their border: by Winograd's algorithm where that pays."""
        made = direct.spec(self.draft.spec(rows), self.draft.spec(filters))
        scheme = winograd_pays(direct, self.draft.spec(filters), made)
        if scheme is None:
            return self.draft.one(direct, (rows, filters), line)
        transformed = self.transformed(filters, scheme.filters, line)
        return self.draft.one(WinogradPixels(scheme, direct.groups), (rows, transformed), line)

    def transformed(self, square: int, matrix: np.ndarray, line: int) -> int:
        """T s Tᵀ of squares (S, S, C, F) for T (R, S), as (R·R, C, F)."""
        side, _, c, f = self.draft.spec(square).shape
        many, dtype = len(matrix), self.draft.spec(square).dtype
        left = self.draft.constant(matrix.astype(dtype))
        flat = self.draft.one(Reshape((side, side * c * f)), (square,), line)
        rows = self.draft.one(
            Reshape((many, side, c * f)), (self.draft.one(Matmul(), (left, flat), line),), line
        )
        return self.draft.one(
            Reshape((many * many, c, f)), (self.draft.one(Matmul(), (left, rows), line),), line
        )

    def mirrored(self, w: int, groups: int, line: int) -> int:
        """Filters (F, C/G, KH, KW) as (KH, KW, F/G, C), each turned by half a circle."""
        f, c, kh, kw = self.draft.spec(w).shape
        back = Slice(None, None, -1)
        turned = self.draft.one(Index((WHOLE, WHOLE, back, back)), (w,), line)
        if groups == 1:
            return self.draft.one(PermuteDims((2, 3, 0, 1)), (turned,), line)
        parted = self.draft.one(Reshape((groups, f // groups, c, kh, kw)), (turned,), line)
        beside = self.draft.one(PermuteDims((3, 4, 1, 0, 2)), (parted,), line)
        return self.draft.one(Reshape((kh, kw, f // groups, groups * c)), (beside,), line)

    def summed(self, gate: Any, x: int, sent: int, op: Op) -> None:
        """The gradient to filters: by Winograd's algorithm where that pays."""
        draft, line = self.draft, op.line
        pictures, results = draft.spec(x), draft.spec(sent)
        filters = Spec((*gate.size, pictures.shape[3] // gate.groups, results.shape[3]), pictures.dtype)
        scheme = winograd_pays(gate, filters, results)
        if scheme is not None:
            made = self.winograd_sums(scheme, gate.groups, x, sent, line)
        else:
            shares = shares_of(pictures, results, filters, gate.groups)
            inner = ConvFilters(gate.size, gate.stride, gate.dilation, gate.groups, shares)
            made = draft.added(draft.one(inner, (x, sent), line), line)
        draft.ops.append(Op(PermuteDims(FILTERS_BACK), (made,), op.outputs, line))

    def winograd_sums(self, scheme: Scheme, groups: int, rows: int, sent: int, line: int) -> int:
        """The gradient to filters: tiles are transformed where they are used, or all before where the sums are too
        large to keep several of, or where there are groups.
        """
        c, f, taps = self.draft.spec(rows).shape[3] // groups, self.draft.spec(sent).shape[3], scheme.taps
        if c * f <= MOST_SUMS and groups == 1:
            many = self.draft.added(
                self.draft.one(WinogradSums(scheme, WINOGRAD_SHARES), (rows, sent), line), line
            )
        else:
            left = self.draft.one(WinogradTiles(scheme, back=False), (rows,), line)
            right = self.draft.one(WinogradTiles(scheme, back=True), (sent,), line)
            parts = [self.tile_products(left, right, g, groups, line) for g in range(groups)]
            many = parts[0] if groups == 1 else self.draft.one(Concat(2), tuple(parts), line)
        square = self.draft.one(Reshape((SEEN, SEEN, c, f)), (many,), line)
        return self.draft.one(
            Reshape((taps, taps, c, f)), (self.transformed(square, scheme.filters.T, line),), line
        )

    def tile_products(self, left: int, right: int, group: int, groups: int, line: int) -> int:
        """Vᵀ · D of one group, for each point: (36, C/G, F/G)."""

        def own(tiles: int) -> int:
            width = self.draft.spec(tiles).shape[2] // groups
            key = (WHOLE, WHOLE, Slice(group * width, (group + 1) * width, 1))
            return tiles if groups == 1 else self.draft.one(Index(key), (tiles,), line)

        turned = self.draft.one(PermuteDims((0, 2, 1)), (own(left),), line)
        return self.draft.one(Matmul(), (turned, own(right)), line)


def winograd_pays(gate: Any, filters: Spec, out: Spec) -> Scheme | None:
    """Which of Winograd's algorithms is faster than the direct sum: a table found by measuring, without the batch."""
    kh, kw, c, f = filters.shape
    _, height, width, _ = out.shape
    if kh != kw or kh not in SCHEMES or (gate.stride, gate.dilation) != ((1, 1), (1, 1)):
        return None
    each = f // gate.groups
    uneven = c % LANES or each % (LANES if gate.groups == 1 else 2 * LANES)
    if uneven or filters.dtype != np.float32 or 0 in out.shape or c * each < LEAST_CHANNELS:
        return None
    scheme = Scheme(kh)
    computed = scheme.tiles(1, height, width) * scheme.side**2
    return scheme if computed <= MOST_WASTE * height * width else None


def shares_of(x: Spec, y: Spec, w: Spec, groups: int) -> int:
    """How many partial sums a filter's gradient is made of: so many that each reads what a cache holds and all
    threads have work, so few that they stay small beside what is read; a function of the shapes.
    """
    many, read = x.shape[0], (x.size + y.size) * x.dtype.itemsize
    if groups > 1 or many == 0:
        return 1
    most = min(MOST_SHARES, max(1, read // (2 * max(1, w.size) * w.dtype.itemsize)))
    fitting = [p for p in range(1, min(many, most) + 1) if many % p == 0]
    enough = [p for p in fitting if read <= p * SHARE_BYTES]
    return (enough or fitting)[0 if enough else -1]
