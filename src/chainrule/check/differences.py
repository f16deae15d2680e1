"""A slope that backward gives against the one that differences give, and what to think of it if they are not alike.

Source of the rules of thumb: CS231n course notes, "Gradient checks": relative error, central differences, kinks.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

STEPS = (1e-5, 1e-6, 1e-7, 1e-8, 1e-4, 1e-3)
"""Steps of differences, relative to the size of what is moved; the later ones only where the first disagrees.

Near the cube root of float64's 1.1e-16, where the curve that a difference cuts short and the rounding of what it
subtracts are alike.
"""
CAREFUL = (1e-7, 1e-8, 1e-6, 1e-5)
"""The same where millions of relus are on the way, some of which a larger step would switch."""
ROUNDINGS = 16.0
"""How many roundings of the outcome a difference of two may be wrong by."""
KINKED = 1e-4
"""A relative error that a kink between two points may leave."""
CLEAR = 0.1
"""Differences of three steps agree with each other if they are apart by less than this share of the error."""

VERDICTS = ("agrees", "kink", "precision", "wrong")
"""What is thought of two slopes, from good to bad."""

Along = Callable[[float], float]
"""The outcome at a distance along a direction."""


class Tried(NamedTuple):
    """Differences with one step.  left, right: one-sided slopes;  floor: a slope below it cannot be told from 0."""

    step: float
    left: float
    right: float
    error: float
    floor: float

    @property
    def slope(self) -> float:
        return (self.left + self.right) / 2


@dataclass(frozen=True)
class Difference:
    """Two slopes and what is thought of them.

    backward, differences:  the slopes;  error: |a - n| / max(|a|, |n|, floor)
    verdict:  "agrees"; "kink": the curve bends between the points, or at the very point, and backward's slope is one of
    those there; "precision": differences do not say enough; "wrong"
    step:  of the difference that is told;  left, right: the one-sided slopes
    """

    backward: float
    differences: float
    error: float
    verdict: str
    step: float
    left: float
    right: float

    @property
    def fine(self) -> bool:
        return self.verdict in ("agrees", "kink")


def relative(a: float, n: float, floor: float = 0.0) -> float:
    """|a - n| / max(|a|, |n|): 0 for equal, 1 where one of them is 0, 2 for opposite signs.

    floor:  below it both are as good as 0

    >>> relative(2.0, 2.0), relative(0.0, 3.0), relative(1.0, -1.0), relative(0.0, 0.0)
    (0.0, 1.0, 2.0, 0.0)
    """
    largest = max(abs(a), abs(n), floor)
    return abs(a - n) / largest if largest else 0.0


def compared(
    along: Along,
    here: float,
    backward: float,
    size: float,
    noise: float,
    tolerance: float,
    steps: tuple[float, ...] = STEPS,
) -> Difference:
    """Backward's slope along a direction against central differences, with several steps where they disagree.

    here:  the outcome at 0;  size: of what is moved;  noise: magnitudes that the outcome is rounded relative to
    """
    tried: list[Tried] = []
    for share in steps:
        tried.append(difference(along, here, backward, share * size, noise, tolerance))
        if not math.isfinite(backward):
            return told(tried[0], backward, "wrong" if math.isfinite(tried[0].slope) else "precision")
        # only the first step may say that a slope is as good as 0: the smallest see little but rounding
        error = tried[0].error if len(tried) == 1 else relative(backward, tried[-1].slope)
        if error <= tolerance:
            return told(tried[-1], backward, "agrees")
    return diagnosed(tried, backward, tolerance)


def difference(
    along: Along, here: float, backward: float, step: float, noise: float, tolerance: float
) -> Tried:
    """The slopes on both sides with one step."""
    right, left = (along(step) - here) / step, (here - along(-step)) / step
    rounding = ROUNDINGS * float(np.finfo(np.float64).eps) * noise / step
    floor = rounding / tolerance
    return Tried(step, left, right, relative(backward, (left + right) / 2, floor), floor)


def told(tried: Tried, backward: float, verdict: str) -> Difference:
    return Difference(backward, tried.slope, tried.error, verdict, tried.step, tried.left, tried.right)


def diagnosed(tried: list[Tried], backward: float, tolerance: float) -> Difference:
    """What to think of a slope that no step agrees with."""
    first, smaller = tried[0], tried[1]
    best = min(tried, key=lambda t: abs(backward - t.slope))
    if bends(tried, tolerance):
        low, high = sorted((smaller.left, smaller.right))
        slack = KINKED * max(abs(low), abs(high))
        return told(smaller, backward, "kink" if low - slack <= backward <= high + slack else "wrong")
    if settled([t.slope for t in sorted(tried, key=lambda t: t.step)], backward):
        return told(first, backward, "wrong")
    return told(best, backward, "precision")


def settled(slopes: list[float], backward: float) -> bool:
    """Whether three steps in a row give nearly one slope, and that is not backward's."""
    rows = zip(slopes, slopes[1:], slopes[2:], strict=False)
    return any(max(row) - min(row) <= CLEAR * min(abs(backward - n) for n in row) for row in rows)


def bends(tried: list[Tried], tolerance: float) -> bool:
    """Whether the curve has a corner at the very point: what parts the two sides is the same with every step.

    Of a smooth curve it shrinks with the step, of a rough one it grows.
    """
    parts = [abs(t.right - t.left) for t in tried[:4]]
    seen = 2 * tolerance * max(max(abs(t.left), abs(t.right), t.floor) for t in tried[:4])
    return min(parts) > seen and max(parts) < 2 * min(parts)
