"""Convolutions of pictures with their channels last: as products over windows, or by Winograd's algorithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Spec
from ..kernels.language.types import LANES
from ..kernels.product import tile_for
from ..kernels.transforms import Scheme
from ..ops.indexing import Index, Slice
from ..ops.shape import PermuteDims, Reshape
from .flow import Op
from .keys import WHOLE
from .pixels import FILTERS, LAST, ConvFilters, ConvPixels
from .sliding import Edges, Sliding
from .tiles import FilterGradient, FilterPanels, TilesGradient, WinogradPixels, WinogradSums, WinogradTiles

MOST_SHARES = 16
"""Partial sums of a filter's gradient."""
LEAST_CHANNELS, MOST_WASTE, MOST_SUMS = 256, 1.7, 1 << 14
"""Where Winograd's algorithm pays: channels times filters, pixels of all tiles for each that there is; and the most
channels times filters of a gradient that is summed in shares.
"""
SCHEMES = (2, 3, 5)
"""Sizes of filters for which there is one."""
MOST_OF_TWO = 256
"""Channels of 2×2 filters up to which it is as near as elsewhere: its tiles of 5×5 results take the highest powers."""
FEW_SHARES, MANY_SHARES, LARGE_SUMS = 4, 8, 1 << 12
"""Partial sums of a filter's gradient, transformed; the fewer from so many channels times filters on."""
SHARE_BYTES = 1 << 19
"""Bytes of pictures and gradients that one partial sum may read: what a core's cache holds."""


class ChannelsLast(Sliding):
    """Convolutions of pictures (N, H, W, C)."""

    order = LAST

    def slid(self, gate: Any, x: int, w: int, line: int) -> int:
        return self.multiplied(x, w, ConvPixels(gate.stride, gate.dilation, gate.groups), line)

    def sent_back(self, gate: Any, sent: int, edges: Edges, w: int, line: int) -> int:
        rows = self.draft.framed(sent, edges, line)
        return self.multiplied(rows, w, ConvPixels((1, 1), gate.dilation, gate.groups), line, back=True)

    def multiplied(self, rows: int, w: int, direct: ConvPixels, line: int, *, back: bool = False) -> int:
        """Filters (F, C/G, KH, KW), or (back) mirrored ones, over pictures with their border: by Winograd's algorithm
        where that pays.
        """
        draft, parts = self.draft, direct.groups
        f, c, *taps = draft.spec(w).shape
        sides = (f // parts, parts * c) if back else (c, f)
        filters = Spec((*taps, *sides), draft.spec(w).dtype)
        scheme = winograd_pays(direct, filters, direct.spec(draft.spec(rows), filters))
        if scheme is None:
            turned = self.mirrored(w, parts, line) if back else draft.one(PermuteDims(FILTERS), (w,), line)
            return draft.one(direct, (rows, turned), line)
        columns = tile_for(filters.dtype).columns
        panels = draft.one(FilterPanels(scheme, parts, columns, back), (w,), line)
        return draft.one(WinogradPixels(scheme, parts, columns, sides[1]), (rows, panels), line)

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
        draft = self.draft
        pictures, results = draft.spec(x), draft.spec(sent)
        filters = Spec((*gate.size, pictures.shape[3] // gate.groups, results.shape[3]), pictures.dtype)
        scheme = winograd_pays(gate, filters, results)
        if scheme is not None:
            self.winograd_gradient(op, scheme, x, sent)
            return
        shares = shares_of(pictures, results, filters, gate.groups)
        inner = ConvFilters(gate.size, gate.stride, gate.dilation, gate.groups, shares)
        made = draft.one(inner, (x, sent), op.line)
        draft.ops.append(Op(FilterGradient(draft.spec(op.outputs[0]).shape), (made,), op.outputs, op.line))

    def winograd_gradient(self, op: Op, scheme: Scheme, rows: int, sent: int) -> None:
        """The gradient to filters: tiles are transformed where they are used, or all before where the sums are too
        large to keep several of.
        """
        draft, parts, line = self.draft, op.gate.groups, op.line
        size = draft.spec(op.outputs[0]).shape
        each = size[0] // parts * size[1]
        if each <= MOST_SUMS:
            shares = FEW_SHARES if each >= LARGE_SUMS else MANY_SHARES
            made = draft.one(WinogradSums(scheme, parts, shares), (rows, sent), line)
            draft.ops.append(Op(FilterGradient(size, parts, scheme), (made,), op.outputs, line))
            return
        columns = LANES, tile_for(draft.spec(rows).dtype).columns
        left = draft.one(WinogradTiles(scheme, parts, columns[0], back=False), (rows,), line)
        right = draft.one(WinogradTiles(scheme, parts, columns[1], back=True), (sent,), line)
        gate = TilesGradient(scheme, size, parts, scheme.tiles(*draft.spec(sent).shape[:3]), columns)
        draft.ops.append(Op(gate, (left, right), op.outputs, line))


def winograd_pays(gate: Any, filters: Spec, out: Spec) -> Scheme | None:
    """Which of Winograd's algorithms is faster than the direct sum: a table found by measuring, without the batch."""
    return None if objection(gate, filters, out) else Scheme(filters.shape[0])


def objection(gate: Any, filters: Spec, out: Spec) -> str:
    """Why Winograd's algorithm does not pay for filters (KH, KW, C/groups, F) and results (N, H', W', F); "" where it
    does.

    gate:  of a convolution or one of its gradients: stride, dilation, groups
    """
    kh, kw, c, f = filters.shape
    _, height, width, _ = out.shape
    each = f // gate.groups
    if kh != kw or kh not in SCHEMES:
        return f"{kh}×{kw} filters, not {' or '.join(f'{n}×{n}' for n in SCHEMES)}"
    if (gate.stride, gate.dilation) != ((1, 1), (1, 1)):
        return f"stride {gate.stride} and dilation {gate.dilation}, not 1"
    if c % LANES or each % LANES:
        return f"{c} → {each} channels, not multiples of {LANES}"
    if kh == 2 and c > MOST_OF_TWO:
        return f"{c} channels of 2×2 filters, more than {MOST_OF_TWO}: it would round too much"
    if filters.dtype != np.float32:
        return f"{filters.dtype} numbers, not float32"
    if 0 in out.shape:
        return "no pixels"
    if c * each < LEAST_CHANNELS:
        return f"{c}·{each} channels, fewer than {LEAST_CHANNELS}"
    waste = wasted(Scheme(kh), height, width)
    return (
        f"its tiles compute {waste:.2f} pixels for each, more than {MOST_WASTE}" if waste > MOST_WASTE else ""
    )


def wasted(scheme: Scheme, height: int, width: int) -> float:
    """How many pixels all tiles compute for each that there is."""
    return scheme.tiles(1, height, width) * scheme.side**2 / (height * width)


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
