"""Values that lie in the memory of others: reshaped, permuted, stretched, cut.  Strides count elements."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

from ..graph import Gate, Spec
from ..ops.indexing import Given, Index, Slice
from ..ops.shape import BroadcastTo, PermuteDims, Reshape


@dataclass(frozen=True)
class View:
    """Where the elements of a value lie: in the memory of `base`, from an offset on, strides apart."""

    base: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def there(self) -> int:
        """How many different elements it looks at: stretched axes show the same ones again."""
        return math.prod(n for n, s in zip(self.shape, self.strides, strict=True) if s or not n)

    @property
    def whole(self) -> bool:
        """Whether the elements follow each other in row-major order."""
        return all(
            n == 1 or s == w for n, s, w in zip(self.shape, self.strides, contiguous(self.shape), strict=True)
        )

    def stretched(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Strides for a shape that this one broadcasts to."""
        missing = len(shape) - len(self.shape)
        own = (
            0 if n == 1 != m else s for n, s, m in zip(self.shape, self.strides, shape[missing:], strict=True)
        )
        return (0,) * missing + tuple(own)


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Row-major strides."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))


def reshaped(
    shape: tuple[int, ...], strides: tuple[int, ...], wanted: tuple[int, ...]
) -> tuple[int, ...] | None:
    """The strides of the same elements in another shape, in row-major order; None where they do not exist."""
    if 0 in shape:
        return contiguous(wanted)
    old = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    merged: list[tuple[int, int]] = []
    for n, s in old:
        if merged and merged[-1][1] == s * n:
            merged[-1] = (merged[-1][0] * n, s)
        else:
            merged.append((n, s))
    result: list[int] = []
    left, step = merged.pop() if merged else (1, 1)
    for n in reversed(wanted):
        if n == 1:
            result.append(step)
            continue
        if left == 1:
            if not merged:
                return None
            left, step = merged.pop()
        if left % n:
            return None
        result.append(step)
        left, step = left // n, step * n
    return tuple(reversed(result))


def moved(view: View, own: tuple[int, ...], home: View) -> View | None:
    """The same elements, if the row-major value of shape `own` that a view looks at lies elsewhere; None where
    its strides would not be even there.

    >>> moved(View(0, (3, 2), (1, 3)), (2, 3), View(7, (2, 3), (10, 1), 40))
    View(base=7, shape=(3, 2), strides=(1, 10), offset=40)
    """
    axes = [(step, n, far) for step, n, far in zip(contiguous(own), own, home.strides, strict=True) if n > 1]
    left, room, offset = view.offset, [], home.offset
    for step, n, far in axes:
        offset += left // step * far
        room.append(n - left // step)
        left %= step
    strides = []
    for n, s in zip(view.shape, view.strides, strict=True):
        if n == 1 or s == 0:
            strides.append(0)
            continue
        found = next((k for k, (step, _, _) in enumerate(axes) if s > 0 and s % step == 0), None)
        if found is None or (n - 1) * (s // axes[found][0]) >= room[found]:
            return None
        room[found] -= (n - 1) * (s // axes[found][0])
        strides.append(s // axes[found][0] * axes[found][2])
    return View(home.base, view.shape, tuple(strides), offset)


def view_of(gate: Gate, x: View, spec: Spec) -> View | None:
    """The output of a gate that only looks at its first input in another way; None if it has to move numbers."""
    if isinstance(gate, Reshape):
        strides = reshaped(x.shape, x.strides, spec.shape)
        return None if strides is None else View(x.base, spec.shape, strides, x.offset)
    if isinstance(gate, PermuteDims):
        return View(x.base, spec.shape, tuple(x.strides[a] for a in gate.axes), x.offset)
    if isinstance(gate, BroadcastTo):
        return View(x.base, spec.shape, x.stretched(spec.shape), x.offset)
    if isinstance(gate, Index) and is_basic(gate.key):
        return indexed(x, gate.key)
    return None


def is_basic(key: tuple[Any, ...]) -> bool:
    """Whether a key has no integer arrays."""
    return not any(isinstance(k, Given) for k in key)


def indexed(x: View, key: tuple[Any, ...]) -> View:
    """x[key] for integers, slices, None and …"""
    axes = sum(k is not None and not isinstance(k, EllipsisType) for k in key)
    whole = (Slice(None, None, None),) * (len(x.shape) - axes)
    if Ellipsis in key:
        place = key.index(Ellipsis)
        key = key[:place] + whole + key[place + 1 :]
    else:
        key = key + whole
    shape, strides, offset, axis = [], [], x.offset, 0
    for k in key:
        if k is None:
            shape.append(1)
            strides.append(0)
            continue
        n, step = x.shape[axis], x.strides[axis]
        axis += 1
        if isinstance(k, Slice):
            start, stop, by = slice(*k).indices(n)
            count = len(range(start, stop, by))
            shape.append(count)
            strides.append(step * by)
            offset += step * start if count else 0
        else:
            offset += step * (k % n)
    return View(x.base, tuple(shape), tuple(strides), offset)


@dataclass(frozen=True)
class Axis:
    """One loop: its size, and the stride of each array along it."""

    size: int
    strides: tuple[int, ...]
    reduced: bool


def collapsed(shape: tuple[int, ...], arrays: list[tuple[int, ...]], reduced: tuple[int, ...]) -> list[Axis]:
    """As few loops as possible over a shape: axes of size 1 go, neighbours that run on into each other join."""
    axes: list[Axis] = []
    for number, n in enumerate(shape):
        if n == 1:
            continue
        axis = Axis(n, tuple(s[number] for s in arrays), number in reduced)
        last = axes[-1] if axes else None
        runs_on = last is not None and all(
            a == b * n for a, b in zip(last.strides, axis.strides, strict=True)
        )
        if last is not None and runs_on and last.reduced == axis.reduced:
            axes[-1] = Axis(last.size * n, axis.strides, axis.reduced)
        else:
            axes.append(axis)
    return axes
