"""What one line does with numbers that are not finite: which of them it passes on, and what it makes itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..graph import Elementwise, Gate, Reduction, Spec, apply, gradients, recording, xp
from ..graph.apply import promise
from ..graph.mode import run
from ..ops.dropout import Dropout
from ..ops.indexing import Index, IndexAdd, ScatterAlongAxis, TakeAlongAxis
from ..ops.pool import AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake
from ..ops.resample import Resample
from ..ops.scan import CumulativeSum
from ..ops.shape import BroadcastTo, Concat, Pad, PermuteDims, Reshape, Split
from ..ops.unfold import Fold, Unfold
from ..tensor import Tensor
from .numbers import not_finite

MOVING = (
    *(BroadcastTo, Concat, Pad, PermuteDims, Reshape, Split, Unfold, Fold, Dropout, Resample),
    *(CumulativeSum, Index, IndexAdd, ScatterAlongAxis, TakeAlongAxis),
    *(AvgPool2d, AvgPool2dInput, MaxPool2d, MaxPool2dInput, MaxPool2dTake),
)
"""Gates that move numbers, or add up some: what their way back touches is what they read."""
SPARE = 2.0**12
"""How much more than the sum of magnitudes an algorithm may reach on its way: Winograd's transforms do."""

Mask = np.ndarray
Given = tuple[np.ndarray, ...]


class Passing(NamedTuple):
    """What a line does with the wanted ones among its results that are not finite.

    read:  for each input, which of its numbers that are not finite were passed on; None for none
    made:  for each output, which ones came from finite numbers alone; None for none
    """

    read: list[Mask | None]
    made: list[Mask | None]


def passing(gate: Gate, given: Given, wanted: list[Mask | None], *, closely: bool = False) -> Passing:
    """What a gate passes on of its inputs, and what it makes, of the wanted numbers that are not finite.

    given:  the arrays that it read;  wanted:  for each output a mask in its shape, or None
    closely:  look for the very factors of sums of products too; else all that are not finite count as read

    >>> from chainrule.ops.selection import Where
    >>> nan = np.array([np.nan, np.nan])
    >>> passing(Where(), (np.array([True, False]), nan, np.zeros(2)), [np.array([True, False])])
    Passing(read=[None, array([ True, False]), None], made=[None])
    """
    wrong = [not_finite(array) for array in given]
    if all(mask is None for mask in wrong):
        return Passing(wrong, wanted)
    if isinstance(gate, Elementwise) and wanted[0] is not None:
        return element_by_element(gate, given, wrong, wanted[0])
    if isinstance(gate, Reduction) and wanted[0] is not None:
        return along_axes(gate, given[0], wanted[0])
    if isinstance(gate, MOVING):
        return handed_on(both(wrong, read_by(gate, given, wanted)), wanted)
    guilty = needed(gate, given, wrong, wanted)
    if closely and multiplies(gate, given):
        guilty = both(guilty, read_by(gate, ones_like(given), wanted))
    return handed_on(guilty, wanted)


def element_by_element(gate: Gate, given: Given, wrong: list[Mask | None], wanted: Mask) -> Passing:
    """An input passes its number on if the result is not finite with this one alone."""
    left, read = wanted.copy(), []
    several = sum(mask is not None for mask in wrong) > 1
    for k, mask in enumerate(wrong):
        mine = np.zeros_like(wanted) if mask is None else wanted & mask
        if several and mine.any():
            mine &= ~np.isfinite(computed(gate, alone(given, wrong, k))[0])
        left &= ~mine
        read.append(None if mask is None else some(summed_to(mine, mask.shape)))
    return Passing(read, [some(left)])


def along_axes(gate: Reduction, x: np.ndarray, wanted: Mask) -> Passing:
    """A sum or a product passes on every number; an extreme passes on NaN, and infinity where it wins."""
    wide = wanted if gate.keepdims else np.expand_dims(wanted, gate.axis)
    with np.errstate(all="ignore"):
        guilty = ~np.isfinite(gate.map(xp, x))
        if gate.combine in ("maximum", "minimum"):
            won = getattr(np, gate.combine).reduce(x, axis=gate.axis, keepdims=True)
            guilty &= np.isnan(x) | (x == won)
    read = guilty & wide & ~np.isfinite(x)
    reached = read.any(axis=gate.axis, keepdims=gate.keepdims)
    return Passing([some(read)], [some(wanted & ~reached)])


def needed(
    gate: Gate, given: Given, wrong: list[Mask | None], wanted: list[Mask | None]
) -> list[Mask | None]:
    """What is not finite in the inputs that have to be so for the results to be; nothing if none has to."""
    guilty = [k for k, mask in enumerate(wrong) if mask is not None]
    if not harmless(gate, given) and gone_wrong(gate, alone(given, wrong, None), wanted, all):
        return [None] * len(given)
    if len(guilty) > 1:
        guilty = [k for k in guilty if gone_wrong(gate, alone(given, wrong, k), wanted, any)] or guilty
    return [mask if k in guilty else None for k, mask in enumerate(wrong)]


def harmless(gate: Gate, given: Given) -> bool:
    """Whether the finite numbers of a sum of products are too small for any sum of them to overflow."""
    if not multiplies(gate, given):
        return False
    largest = [float(np.abs(a, where=np.isfinite(a), out=np.ones_like(a)).max(initial=1)) for a in given]
    bound = math.prod(largest) * gate.multiply_adds(*specs(given)) * SPARE
    return bound < float(np.finfo(given[0].dtype).max)


def multiplies(gate: Gate, given: Given) -> bool:
    """Whether the result of a gate is sums of products; of several results, as attention has, not all are."""
    return gate.multiply_adds(*specs(given)) > 0 and isinstance(gate.spec(*specs(given)), Spec)


def specs(given: Given) -> tuple[Spec, ...]:
    return tuple(Spec(a.shape, a.dtype) for a in given)


def alone(given: Given, wrong: list[Mask | None], guilty: int | None) -> Given:
    """The inputs with ones for all that is not finite, but for that of one input."""
    return tuple(
        a if mask is None or k == guilty else np.where(mask, np.ones((), a.dtype), a)
        for k, (a, mask) in enumerate(zip(given, wrong, strict=True))
    )


def gone_wrong(gate: Gate, given: Given, wanted: list[Mask | None], how: Callable[[Any], bool]) -> bool:
    """Whether all, or any, of the wanted results are not finite for these inputs."""
    pairs = zip(computed(gate, given), wanted, strict=True)
    return how(how(~np.isfinite(array[mask])) for array, mask in pairs if mask is not None)


def computed(gate: Gate, given: Given) -> tuple[np.ndarray, ...]:
    """The results of a gate as plain execution has them."""
    return run(gate, given, promise(gate, specs(given)))


def read_by(gate: Gate, given: Given, wanted: list[Mask | None]) -> list[Mask | None]:
    """The numbers that the wanted results are made of, for each input: those that get a gradient from them."""
    values = [Tensor(a, requires_grad=a.dtype.kind == "f") for a in given]
    found: list[Mask | None] = [None] * len(given)
    token = recording.set(True)
    try:
        made = apply(gate, *values)
        for out, mask in zip(made if isinstance(made, tuple) else (made,), wanted, strict=True):
            if mask is not None:
                slopes = gradients(out, values, Tensor(mask.astype(out.dtype)), retain_graph=True)
                touched = [None if s is None else s.data != 0 for s in slopes]
                found = [either(a, b) for a, b in zip(found, touched, strict=True)]
    finally:
        recording.reset(token)
    return found


def ones_like(given: Given) -> Given:
    """Ones in the place of all floats: products of ones never cancel."""
    return tuple(np.ones_like(a) if a.dtype.kind == "f" else a for a in given)


def handed_on(read: list[Mask | None], wanted: list[Mask | None]) -> Passing:
    """A gate that reads something not finite makes nothing itself."""
    read = [None if mask is None else some(mask) for mask in read]
    return Passing(read, wanted if all(mask is None for mask in read) else [None] * len(wanted))


def some(mask: Mask) -> Mask | None:
    return np.asarray(mask) if mask.any() else None


def either(a: Mask | None, b: Mask | None) -> Mask | None:
    return b if a is None else a if b is None else a | b


def both(first: list[Mask | None], second: list[Mask | None]) -> list[Mask | None]:
    return [None if a is None or b is None else a & b for a, b in zip(first, second, strict=True)]


def summed_to(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Whether any of the elements is true that broadcasting made of one."""
    extra = mask.ndim - len(shape)
    stretched = tuple(extra + axis for axis, n in enumerate(shape) if n == 1)
    return np.asarray(mask.any(axis=(*range(extra), *stretched))).reshape(shape)
