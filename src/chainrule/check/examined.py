"""The slopes to one value: element by element where it is small, else along random directions and where it is steep.

A direction that disagrees is halved until one element is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..random import Generator
from .differences import STEPS, VERDICTS, Difference, compared

Index = tuple[int, ...]


class Function(Protocol):
    """What slopes are taken of: a whole function in float64, or one gate."""

    values: dict[int, np.ndarray]
    total: float
    size: float

    def outcome(self, changes: Mapping[int, np.ndarray]) -> float: ...


@dataclass(frozen=True)
class Effort:
    """How closely to look.

    elements:  values of at most so many numbers are looked at number by number
    directions:  random ones for larger values;  steepest: so many of their numbers with the largest gradient too
    """

    tolerance: float = 1e-5
    elements: int = 64
    directions: int = 2
    steepest: int = 2
    seed: int = 0


@dataclass(frozen=True)
class Looked:
    """The worst of what was looked at.

    index:  of the element;  direction: instead of it, one through all of them
    many, directions:  how many of each were looked at
    """

    worst: Difference
    index: Index | None
    direction: np.ndarray | None
    many: int
    directions: int


def examined(
    at: Function, number: int, gradient: np.ndarray, effort: Effort, allowed: np.ndarray | None = None
) -> Looked:
    """A value's gradient against differences.

    allowed:  where it may be moved; everywhere without
    """
    x = at.values[number]
    if x.size <= effort.elements:
        places = [i for i in np.ndindex(x.shape) if allowed is None or allowed[i]]
        directions = 0
    else:
        places = list(steepest(gradient, effort.steepest, allowed))
        directions = effort.directions
    looked = [Seen(element(at, number, gradient, i, effort.tolerance), i, None) for i in places]
    rng = Generator(effort.seed).split("directions", number)
    for _ in range(directions):
        v = signs(rng, x, allowed)
        whole = directed(at, {number: v}, {number: gradient}, effort.tolerance)
        index = None if whole.fine else halved(at, number, gradient, v, whole.step)
        one = None if index is None else element(at, number, gradient, index, effort.tolerance)
        looked.append(Seen(whole, None, v) if one is None or one.fine else Seen(one, index, None))
    if not looked:
        looked = [Seen(NOTHING, None, None)]
    worst = max(looked, key=lambda seen: seen.rank)
    return Looked(worst.slopes, worst.index, worst.direction, len(places), directions)


@dataclass(frozen=True)
class Seen:
    """One element, or one direction, that was looked at."""

    slopes: Difference
    index: Index | None
    direction: np.ndarray | None

    @property
    def rank(self) -> tuple[int, float]:
        """How bad it is."""
        return VERDICTS.index(self.slopes.verdict), self.slopes.error


NOTHING = Difference(0.0, 0.0, 0.0, "agrees", 0.0, 0.0, 0.0)
"""Of a value without numbers."""


def steepest(gradient: np.ndarray, count: int, allowed: np.ndarray | None) -> Iterator[Index]:
    """Where the gradient is largest."""
    magnitudes = np.abs(gradient if allowed is None else np.where(allowed, gradient, 0)).ravel()
    for place in np.argsort(-magnitudes, kind="stable")[:count]:
        yield tuple(int(i) for i in np.unravel_index(int(place), gradient.shape))


def signs(rng: Generator, x: np.ndarray, allowed: np.ndarray | None = None) -> np.ndarray:
    """A direction: every element up or down, by the usual size of the value's numbers."""
    v = (rng.integers(0, 2, x.shape) * 2.0 - 1.0) * extent(x)
    return v if allowed is None else np.where(allowed, v, 0.0)


def extent(x: np.ndarray) -> float:
    """The usual size of an array's numbers; 1 where all are 0.

    >>> extent(np.array([3.0, -4.0, 0.0, 0.0])), extent(np.zeros(2))
    (2.5, 1.0)
    """
    size = float(np.sqrt(np.mean(np.square(x)))) if x.size else 0.0
    return size if 0 < size < np.inf else 1.0


def directed(
    at: Function,
    directions: Mapping[int, np.ndarray],
    gradients: Mapping[int, np.ndarray],
    tolerance: float,
    steps: tuple[float, ...] = STEPS,
) -> Difference:
    """The slope along a direction through one value or several."""
    backward = float(sum((gradients[n] * v).sum() for n, v in directions.items()))

    def along(t: float) -> float:
        return at.outcome(moved(at, directions, t))

    return compared(along, at.total, backward, 1.0, at.size, tolerance, steps)


def moved(at: Function, directions: Mapping[int, np.ndarray], t: float) -> dict[int, np.ndarray]:
    """The values, so far along a direction."""
    return {n: at.values[n] + t * v for n, v in directions.items()}


def single(x: np.ndarray, index: Index) -> np.ndarray:
    """The direction of one element."""
    v = np.zeros_like(x)
    v[index] = 1.0
    return v


def element(at: Function, number: int, gradient: np.ndarray, index: Index, tolerance: float) -> Difference:
    """The slope to one element."""
    x = at.values[number]
    direction, size = {number: single(x, index)}, max(abs(float(x[index])), extent(x))

    def along(t: float) -> float:
        return at.outcome(moved(at, direction, t))

    return compared(along, at.total, float(gradient[index]), size, at.size, tolerance)


def halved(at: Function, number: int, gradient: np.ndarray, v: np.ndarray, step: float) -> Index:
    """The element of a direction that disagrees most."""
    places = np.flatnonzero(v)
    while len(places) > 1:
        half = len(places) // 2
        parts = (places[:half], places[half:])
        places = max(parts, key=lambda part: apart(at, number, gradient, v, part, step))
    return tuple(int(i) for i in np.unravel_index(int(places[0]), v.shape))


def apart(
    at: Function, number: int, gradient: np.ndarray, v: np.ndarray, part: np.ndarray, step: float
) -> float:
    """How far both slopes are from each other along a part of a direction."""
    chosen = np.zeros(v.size)
    chosen[part] = v.ravel()[part]
    direction = chosen.reshape(v.shape)
    up, down = (at.outcome({number: at.values[number] + t * direction}) for t in (step, -step))
    return abs((up - down) / (2 * step) - float((gradient * direction).sum()))
