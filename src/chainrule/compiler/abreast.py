"""Convolutions of pictures side by side, where channels are few: vectors go along the pictures."""

from __future__ import annotations

from typing import Any

from ..graph import Spec
from ..ops.shape import Reshape
from .flow import Op
from .pixels import ABREAST, ConvAbreast, FiltersAbreast, InputAbreast
from .sliding import Edges, Sliding

ENOUGH = 400
"""Numbers of a gradient to filters from which on all threads have work; fewer are summed up in shares."""


class PicturesAbreast(Sliding):
    """Convolutions of pictures (C, H, W, N)."""

    order = ABREAST

    def slid(self, gate: Any, x: int, w: int, line: int) -> int:
        return self.draft.one(ConvAbreast(gate.stride, gate.dilation, gate.groups), (x, w), line)

    def sent_back(self, gate: Any, sent: int, edges: Edges, w: int, line: int) -> int:
        """The kernel leaves out what lies beyond y; only along the width, where a vector may hold several pixels,
        zeros have to be there.
        """
        down, across = edges
        taps, rows = self.draft.spec(w).shape[2:], self.draft.spec(sent).shape[1:3]
        size = tuple(
            n + before + after - d * (t - 1)
            for n, (before, after), t, d in zip(rows, edges, taps, gate.dilation, strict=True)
        )
        zeros = (max(across[0], 0), max(across[1], 0))
        framed = self.draft.framed(sent, [(0, 0), zeros], line)
        inner = InputAbreast(size, (down[0], across[0]), gate.dilation, gate.groups, zeros)
        return self.draft.one(inner, (framed, w), line)

    def summed(self, gate: Any, x: int, sent: int, op: Op) -> None:
        shares = shares_of(self.draft.spec(op.outputs[0]), self.draft.spec(sent).shape[1])
        inner = FiltersAbreast(gate.size, gate.stride, gate.dilation, gate.groups, shares)
        made = self.draft.added(self.draft.one(inner, (x, sent), op.line), op.line)
        self.draft.ops.append(Op(Reshape(self.draft.spec(op.outputs[0]).shape), (made,), op.outputs, op.line))


def shares_of(w: Spec, lines: int) -> int:
    """How many partial sums a filter's gradient is made of, each over a share of the lines; a function of shapes."""
    return max(1, min(lines, -(-ENOUGH // max(1, w.size))))
