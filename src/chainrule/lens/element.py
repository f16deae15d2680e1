"""One element of a value: what its line read for it, what it made, and what it hands back."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import IndexingError
from ..graph import Elementwise, Gate, Line
from .slopes import placed
from .values import Values

Index = tuple[int, ...]


def checked(who: str, name: str, shape: Index, index: Any) -> Index:
    """An index of one element, counted from the front.

    >>> checked("explain", "relu", (2, 3), (0, -1))
    (0, 2)
    """
    given = index if isinstance(index, tuple | list) else (index,)
    try:
        place = tuple(operator.index(i) for i in given)
    except TypeError:
        place = ()
    if len(place) != len(shape) or any(not -n <= i < n for i, n in zip(place, shape, strict=True)):
        came = f"index {index!r} into {name} of shape {shape}"
        expected = f"{len(shape)} whole numbers within the shape" if shape else "no index: it is one number"
        last = f"{tuple(n - 1 for n in shape)}, the last one" if shape and 0 not in shape else "no index"
        raise IndexingError(who, came, expected, last)
    return tuple(i % n for i, n in zip(place, shape, strict=True))


def chosen(array: np.ndarray) -> Index:
    """The element to look at first: one that is NaN, else the largest in magnitude."""
    wide = array if array.dtype.kind == "f" else array.astype(np.int64)  # a byte has no |−128|
    flat = int(np.abs(wide).argmax())
    return tuple(int(i) for i in np.unravel_index(flat, array.shape))


@dataclass(frozen=True)
class Read:
    """An input as one element of the output sees it.

    slope:  the derivative of that element to each number of the input; None where no gradient can go
    """

    name: str
    array: np.ndarray
    slope: np.ndarray | None = None

    @cached_property
    def reached(self) -> list[Index]:
        """The numbers that a gradient goes to, the steepest first."""
        if self.slope is None:
            return []
        flat = self.slope.reshape(-1)
        there = np.flatnonzero(flat)
        order = there[np.argsort(-np.abs(flat[there]), kind="stable")]
        return [tuple(int(i) for i in np.unravel_index(int(k), self.slope.shape)) for k in order]

    def steepness(self, index: Index) -> float:
        """The slope to one number."""
        return float(self.slope[index]) if self.slope is not None else 0.0


@dataclass(frozen=True)
class Element:
    """One element of what a line makes.

    output:  which of the gate's outputs;  name: the path of the value;  upstream: the loss's slope to the element
    """

    values: Values
    line: Line
    output: int
    index: Index
    upstream: float | None

    @property
    def gate(self) -> Gate:
        return self.line.gate

    @property
    def name(self) -> str:
        return self.values.names[self.line.outputs[self.output]]

    @cached_property
    def outs(self) -> list[np.ndarray]:
        """Everything the line makes."""
        return [self.values[n] for n in self.line.outputs]

    @property
    def whole(self) -> np.ndarray:
        """The value that this is an element of."""
        return self.outs[self.output]

    @property
    def value(self) -> Any:
        return self.whole[self.index].item()

    @cached_property
    def inputs(self) -> list[Read]:
        """What the line read, without slopes."""
        return [Read(self.values.names[n], self.values[n]) for n in self.line.inputs]

    @cached_property
    def reads(self) -> list[Read]:
        """What the line read, with the slopes of this element."""
        slopes = self.of_numbers() if isinstance(self.gate, Elementwise) else self.of_arrays()
        return [Read(read.name, read.array, slope) for read, slope in zip(self.inputs, slopes, strict=True)]

    def of_arrays(self) -> list[np.ndarray | None]:
        """The slopes to each input."""
        at = placed(self.values, self.line)
        handed = at.hand(at.one_hot(self.output, self.index))
        return [
            None if value.node is None else np.zeros(value.shape) if slope is None else slope.data
            for value, slope in zip(at.inputs, handed, strict=True)
        ]

    def of_numbers(self) -> list[np.ndarray | None]:
        """The same of an elementwise gate, from its own numbers alone: 0 times an infinity elsewhere would be NaN."""
        shape = self.whole.shape
        at = placed(self.values, self.line, lambda a: np.broadcast_to(a, shape)[self.index])
        handed = zip(self.inputs, at.inputs, at.hand(at.one_hot(0, ())), strict=True)
        return [
            None if value.node is None else self.alone(read.array, slope) for read, value, slope in handed
        ]

    def alone(self, array: np.ndarray, slope: Any) -> np.ndarray:
        """Zeros like an input, with the slope to the number that this element is made of."""
        zeros = np.zeros(array.shape)
        if slope is not None:
            places = np.arange(array.size).reshape(array.shape)
            zeros.flat[np.broadcast_to(places, self.whole.shape)[self.index]] = slope.data
        return zeros

    def receivers(self) -> Iterator[Read]:
        """The inputs that a gradient can go to."""
        return (read for read in self.reads if read.slope is not None)

    def seen(self) -> list[Any]:
        """What an elementwise gate read for this element, a number of each input."""
        shape = self.whole.shape
        return [np.broadcast_to(read.array, shape)[self.index].item() for read in self.inputs]
