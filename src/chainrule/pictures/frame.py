"""The frame around curves: two scales chosen for the lines, the grid, and the text at the ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .labels import shortened, text_width
from .lines import Line
from .markup import element, label
from .scales import Scale, padded


@dataclass(frozen=True)
class Frame:
    """The scales of a plot and what is written along them; pixels count from the top left.

    whole:  whether x counts something, so that a tick between two whole numbers would mean nothing
    places: where ticks of x stand, as many as have room; () where round numbers do

    >>> frame([Line("loss", np.arange(3.0), np.arange(3.0))], 0, 0, 200, 100, log_y=False).x.end
    200
    """

    x: Scale
    y: Scale
    y_ticks: list[float]
    y_words: list[str]
    whole: bool
    places: tuple[float, ...] = ()

    def pixels(self, line: Line) -> list[tuple[float, float]]:
        """Return the places (x, y) of the points of a line that has no gaps."""
        return list(zip(self.x.pixels(line.x).tolist(), self.y.pixels(line.y).tolist(), strict=True))


def frame(
    lines: Sequence[Line],
    left: float,
    top: float,
    right: float,
    bottom: float,
    log_y: bool,
    log_x: bool = False,
) -> Frame:
    """Choose scales that hold all points of the lines, between the four pixels.

    The text at the ticks of y stands inside, to the left of the plot.
    log_x:  a logarithmic x axis, a little wider than its points; linear ones end with them

    >>> frame([Line("loss", np.arange(3.0), np.arange(3.0))], 0, 0, 200, 100, log_y=False).y_words
    ['0', '1', '2']
    """
    xs = np.concatenate([line.x[line.drawn] for line in lines])
    ys = np.concatenate([line.y[line.drawn] for line in lines])
    low, high = padded(float(ys.min()), float(ys.max()), log_y)
    y = Scale(low, high, bottom, top, log_y)
    ticks = y.ticks(max(2, round((bottom - top) / 48)))
    words = y.tick_labels(ticks)
    beside = max((text_width(word) for word in words), default=0) + 12
    ends = float(xs.min()), float(xs.max())
    x = Scale(*(padded(*ends, log=True) if log_x else _across(*ends)), left + beside, right, log_x)
    return Frame(x, y, ticks, words, bool((np.mod(xs, 1) == 0).all()))


def drawn_frame(frame: Frame, x_label: str) -> str:
    """Return the SVG of the frame: grid, ticks with their text, and what x means.

    >>> drawn_frame(frame([Line("a", np.arange(3.0), np.ones(3))], 0, 0, 200, 100, False), "epoch")[-16:]
    'epoch</text></g>'
    """
    left, right, bottom = frame.x.start, frame.x.end, frame.y.start
    parts = []
    for value, word in zip(frame.y_ticks, frame.y_words, strict=True):
        down = frame.y(value)
        parts.append(element("line", x1=left, x2=right, y1=down, y2=down, class_="cr-grid"))
        parts.append(label(left - 8, down + 5, word, "tick", "end"))
    parts.append(element("line", x1=left, x2=right, y1=bottom, y2=bottom, class_="cr-rule"))
    for value, word in _x_ticks(frame):
        across = frame.x(value)
        parts.append(element("line", x1=across, x2=across, y1=bottom, y2=bottom + 4, class_="cr-rule"))
        parts.append(label(across, bottom + 19, word, "tick", "middle"))
    if x_label:
        words = shortened(x_label, right)
        parts.append(label((left + right) / 2, bottom + 38, words, "quiet", "middle"))
    return element("g", *parts)


def _across(first: float, last: float) -> tuple[float, float]:
    """Return the range of x: exactly that of the points, unless they all stand at one place."""
    if last - first > 1e-12 * max(abs(first), abs(last)):
        return first, last
    return (first - 1, last + 1) if abs(first) < 1e9 else padded(first, last, log=False)


def _x_ticks(frame: Frame) -> list[tuple[float, str]]:
    """Return as many ticks of x as their words have room for."""
    if frame.places:
        return _roomy(frame, [(value, f"{value:g}") for value in frame.places])
    found: list[tuple[float, str]] = []
    for count in (5, 4, 3, 2, 1):
        ticks = frame.x.ticks(count, frame.whole)
        found = list(zip(ticks, frame.x.tick_labels(ticks), strict=True))
        if sum(text_width(word) + 14 for _, word in found) <= frame.x.end - frame.x.start:
            break
    return found


def _roomy(frame: Frame, ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return the ticks whose words do not run into that of the one before."""
    found: list[tuple[float, str]] = []
    end = -1e9
    for value, word in ticks:
        half = text_width(word) / 2
        if frame.x(value) - half > end + 8:
            found.append((value, word))
            end = frame.x(value) + half
    return found
