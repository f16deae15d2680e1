"""Scales: numbers to pixels, linear or logarithmic, and the round numbers that an axis shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .door import Array

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """A range of values that lies on a range of pixels.

    low, high:  values at the two ends, low < high; both above 0 if log
    start, end:  pixels at low and at high

    >>> Scale(0, 10, start=100, end=0)(5.0)
    50.0
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of one value."""
        return float(self.pixels(np.array(value)))

    def pixels(self, values: Array) -> Array:
        """Return the pixels of an array of values, of the same shape."""
        low, high = self.low, self.high
        if self.log:
            values, low, high = np.log10(values), math.log10(low), math.log10(high)
        return self.start + (values - low) / (high - low) * (self.end - self.start)

    def ticks(self, count: int, whole: bool = False) -> list[float]:
        """Return about `count` round values within the range; whole numbers only if asked for.

        >>> Scale(0, 1.03, 0, 1).ticks(5)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        >>> Scale(0.02, 30, 0, 1, log=True).ticks(5)
        [0.1, 1.0, 10.0]
        """
        if self.log:
            return _log_ticks(self.low, self.high, count)
        return _linear_ticks(self.low, self.high, count, whole)

    def tick_labels(self, ticks: list[float]) -> list[str]:
        """Return what stands at the ticks: as many digits as tell them apart, large numbers shortened.

        >>> Scale(0, 20_000, 0, 1).tick_labels([0, 10_000, 20_000])
        ['0', '10k', '20k']
        """
        if self.log:
            return [_log_label(value) for value in ticks]
        return [_linear_label(value, _step(ticks), max(map(abs, ticks), default=0)) for value in ticks]


def padded(low: float, high: float, log: bool, share: float = 0.05) -> tuple[float, float]:
    """Widen a range a little, so that no curve runs along its frame; a range of one value gets some room.

    >>> padded(0.0, 100.0, log=False), padded(3.0, 3.0, log=False)
    ((0.0, 105.0), (2.7, 3.3))
    """
    if log:
        # A constant gets a factor of 2 on both sides.
        room = max((high / low) ** share if high / low < 1e300 else 10.0, 1.02 if high > low else 2.0)
        return low / room, high * room
    if high - low <= max(1e-12 * max(abs(low), abs(high)), 1e-290):
        room = abs(low) / 10 if abs(low) > 1e-280 else 1.0
        return low - room, high + room
    room = (high - low) * share
    if low >= 0 and low <= (high - low) / 2:
        return 0.0, high + room  # near enough to zero to show it: heights can then be compared
    return low - room, high + room


def _linear_ticks(low: float, high: float, count: int, whole: bool) -> list[float]:
    rough = (high - low) / max(count, 1)
    power = math.floor(math.log10(rough))
    lead = rough / 10.0**power
    factor = 1 if lead < 1.4 else 2 if lead < 3.2 else 5 if lead < 7.1 else 10
    step = max(factor * 10.0**power, 1.0) if whole else factor * 10.0**power
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Rounding to the step's own digits: 3 · 0.1 is to be 0.3.
    digits = min(max(0, 1 - math.floor(math.log10(step))), 300)
    return [round(index * step, digits) + 0.0 for index in range(first, last + 1)]


def _log_ticks(low: float, high: float, count: int) -> list[float]:
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    if last - first >= 1:
        every = math.ceil((last - first + 1) / max(count, 2))
        return [10.0**power for power in range(first, last + 1) if power % every == 0 or every == 1]
    finer = [factor * 10.0**power for power in (first - 1, first, last + 1) for factor in (1, 2, 5)]
    inside = sorted({value for value in finer if low <= value <= high})
    return inside if len(inside) >= 2 else _linear_ticks(low, high, count, whole=False)


def _step(ticks: list[float]) -> float:
    return ticks[1] - ticks[0] if len(ticks) > 1 else abs(ticks[0]) if ticks and ticks[0] else 1.0


def _linear_label(value: float, step: float, most: float) -> str:
    if value == 0:
        return "0"
    if most >= 1e9 or step < 1e-6:
        digits = max(0, math.floor(math.log10(abs(value))) - math.floor(math.log10(step) + 1e-9))
        mantissa, power = f"{value:.{min(digits, 15)}e}".split("e")
        return f"{mantissa}e{int(power)}".replace("-", "−")
    unit, name = (1e6, "M") if most >= 1e6 else (1e3, "k") if most >= 1e4 else (1.0, "")
    decimals = max(0, -math.floor(math.log10(step / unit) + 1e-9))
    return f"{value / unit:,.{decimals}f}{name}".replace("-", "−")


def _log_label(value: float) -> str:
    power = round(math.log10(value))
    if 1e-3 < value < 1e4 or not math.isclose(value, 10.0**power):
        return f"{value:.4g}"
    return "10" + str(power).translate(_SUPERSCRIPTS)
