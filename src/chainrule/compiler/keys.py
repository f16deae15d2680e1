"""Keys with integer arrays, written down in simple ones: slices, then flat arrays for axes that lie side by side.

x[1:, i, :, j] is x[1:] with its axes in another order, seen as (A, L…, B), at flat arrays for the axes L.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import numpy as np

from ..graph import Gate, Spec, Value, apply
from ..ops.indexing import Entry, Given, Index, IndexAdd, Slice
from ..ops.shape import broadcast_to, permute_dims, reshape

WHOLE = Slice(None, None, None)


def in_simple_keys(gate: Gate, specs: Sequence[Spec]) -> Callable[..., Any] | None:
    """How an index gate is written in simpler ones, a function of its inputs; None where it is simple itself."""
    if not isinstance(gate, Index | IndexAdd) or not any(isinstance(k, Given) for k in gate.key):
        return None
    x, *indices = specs
    shape = gate.shape if isinstance(gate, IndexAdd) else x.shape
    flat = all(index.ndim == 1 and index.shape == indices[0].shape for index in indices)
    if flat and gate.key == (WHOLE, *(Given(),) * len(indices)) and len(shape) == len(indices) + 2:
        return None
    picking = picking_of(gate.key, shape, [index.shape for index in indices])
    return picking.take if isinstance(gate, Index) else picking.add


@dataclass(frozen=True)
class Picking:
    """What a key does to an array of a shape.

    basic:   the key without its arrays, a whole slice for each of them;  cut: the shape that it leaves
    before, picked, behind:  the axes of that which stand before the picked ones in the result, those, and the rest
    places:  the shape to which the index arrays broadcast
    """

    shape: tuple[int, ...]
    basic: tuple[Entry, ...]
    cut: tuple[int, ...]
    before: tuple[int, ...]
    picked: tuple[int, ...]
    behind: tuple[int, ...]
    places: tuple[int, ...]

    @property
    def order(self) -> tuple[int, ...]:
        return (*self.before, *self.picked, *self.behind)

    @property
    def key(self) -> tuple[Entry, ...]:
        return (WHOLE, *(Given(),) * len(self.picked))

    @property
    def sides(self) -> tuple[int, int]:
        """A and B."""
        return math.prod(self.sizes(self.before)), math.prod(self.sizes(self.behind))

    def sizes(self, axes: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(self.cut[a] for a in axes)

    def seen(self) -> tuple[int, ...]:
        """(A, L…, B)"""
        return (self.sides[0], *self.sizes(self.picked), self.sides[1])

    def flat(self, indices: Sequence[Value]) -> list[Any]:
        """Every index array as long as all of them together."""
        return [reshape(broadcast_to(i, self.places), (math.prod(self.places),)) for i in indices]

    def take(self, x: Value, *indices: Value) -> Any:
        """x[key]"""
        if any(k != WHOLE for k in self.basic):
            x = apply(Index(self.basic), x)
        rows = reshape(permute_dims(x, self.order), self.seen())
        found = apply(Index(self.key), rows, *self.flat(indices))
        return reshape(found, (*self.sizes(self.before), *self.places, *self.sizes(self.behind)))

    def add(self, x: Value, *indices: Value) -> Any:
        """Zeros with x added at the key."""
        high, width = self.sides
        rows = reshape(x, (high, math.prod(self.places), width))
        added = apply(IndexAdd(self.key, self.seen()), rows, *self.flat(indices))
        back = tuple(int(a) for a in np.argsort(self.order))
        found = permute_dims(reshape(added, self.sizes(self.order)), back)
        return (
            found if all(k == WHOLE for k in self.basic) else apply(IndexAdd(self.basic, self.shape), found)
        )


def picking_of(key: tuple[Entry, ...], shape: tuple[int, ...], indices: Sequence[tuple[int, ...]]) -> Picking:
    """Read a key with arrays.  Arrays and integers side by side leave their axes where they stand; apart, the axes of
    the arrays come first, as in NumPy.
    """
    entries = spelled_out(key, len(shape))
    basic = tuple(WHOLE if isinstance(k, Given) else k for k in entries)
    cut = np.broadcast_to(np.zeros((), np.dtype("V")), shape)[tuple(numpy_entry(k) for k in basic)].shape
    kept, picked, axis = list[int](), list[int](), 0
    for k in entries:
        if not isinstance(k, int):
            (picked if isinstance(k, Given) else kept).append(axis)
            axis += 1
    named = [n for n, k in enumerate(key) if isinstance(k, int | Given)]
    together = named[-1] - named[0] == len(named) - 1  # with no … between them, though it stand for no axis
    ahead = next(n for n, k in enumerate(entries) if isinstance(k, int | Given))
    first = ahead if together else 0
    before, behind = ([a for a in kept if (a < first) == side] for side in (True, False))
    places = np.broadcast_shapes(*indices)
    return Picking(shape, basic, cut, tuple(before), tuple(picked), tuple(behind), places)


def spelled_out(key: tuple[Entry, ...], ndim: int) -> tuple[Any, ...]:
    """A key with a slice for every axis that … stands for, or that is left."""
    named = sum(k is not None and not isinstance(k, EllipsisType) for k in key)
    place = key.index(Ellipsis) if Ellipsis in key else len(key)
    return (*key[:place], *(WHOLE,) * (ndim - named), *key[place + 1 :])


def numpy_entry(k: Any) -> Any:
    return slice(*k) if isinstance(k, Slice) else k
