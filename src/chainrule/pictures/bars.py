"""Horizontal bars as SVG: the probability of each class, the accuracy in each class."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from ..errors import SettingError
from .door import matching, numbers
from .labels import shortened, text_width
from .markup import element, label, svg, text, tooltip

_ROW = 28.0  # pixels from one bar to the next


def bars(
    labels: Sequence[str],
    values: ArrayLike,
    *,
    title: str = "",
    width: int = 440,
    limit: float | None = None,
    emphasis: Collection[int] = (),
    percent: bool = True,
) -> str:
    """Draw one bar for each label.

    labels:    N names
    values:    (N,) numbers; NaN and infinity are said in words and have no bar
    width:     pixels at natural size, ≥ 160
    limit:     the value of a bar of full length; if not given 1 for shares of at most 1 in percent,
               otherwise the largest size. Bars below zero run to the left of the zero line
    emphasis:  indexes of the bars that matter; the others are muted. None given, all are alike
    percent:   whether values are shares, to be written as percent
    Returns an SVG that follows the reader's light or dark.
    Raises ShapeError, DTypeError; SettingError for a limit that is not above 0, or a width too small.

    >>> bars(["Shirt", "Coat"], [0.02, 0.98], emphasis=[1]).count("cr-bar ")
    2
    """
    array = numbers("bars", "values", values, "N")
    names = [str(name) for name in labels]
    matching("bars", "labels", len(names), len(array))
    if limit is not None and not (math.isfinite(limit) and limit > 0):
        raise SettingError("bars", f"limit is {limit}", "a finite limit above 0", "leave limit out")
    if width < 160:
        raise SettingError("bars", f"width is {width}", "at least 160 pixels", "leave width out")
    sizes = [float(value) for value in array]
    words = [_words(value, percent) for value in sizes]
    most = limit or _most(sizes, percent)
    layout = _layout(names, sizes, words, width)
    top = 32.0 if title else 4.0
    parts = [label(0, 17, shortened(title, width, 16), "title")] if title else []
    for index, (name, value, word) in enumerate(zip(names, sizes, words, strict=True)):
        # A bar beyond the limit stops there; its word tells how long it would be.
        share = max(-1.0, min(1.0, value / most)) if math.isfinite(value) else 0.0
        hue = "muted" if emphasis and index not in emphasis else "right"
        parts.append(_bar(name, word, share, layout, top + index * _ROW, hue))
    bottom = top + len(names) * _ROW
    parts.append(element("line", x1=layout.zero, x2=layout.zero, y1=top, y2=bottom, class_="cr-rule"))
    return svg(width, bottom + 4, *parts, name=title or "bars")


@dataclass(frozen=True)
class _Layout:
    """Pixels: where names end, where zero stands, how long a full bar is."""

    left: float
    zero: float
    full: float


def _most(values: list[float], percent: bool) -> float:
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    return 1.0 if percent and largest <= 1 else largest or 1.0


def _words(value: float, percent: bool) -> str:
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if percent:
        return f"{100 * value:.1f} %".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def _layout(names: list[str], values: list[float], words: list[str], width: float) -> _Layout:
    left = min(max(map(text_width, names)), 0.4 * width) + 10
    beside = max(map(text_width, words)) + 8
    room = max(width - left - beside, 20.0)
    if not any(value < 0 for value in values):
        return _Layout(left, left, room)
    # Bars below zero need their words on the left, so both halves give up the same room.
    half = max((room - beside) / 2, 10.0)
    return _Layout(left, left + beside + half, half)


def _bar(name: str, word: str, share: float, layout: _Layout, top: float, hue: str) -> str:
    base = top + _ROW / 2 + 5
    length = share * layout.full
    end = layout.zero + length
    bar = element(
        "rect",
        tooltip(f"{name}: {word}"),
        x=min(layout.zero, end),
        y=top + 4,
        width=abs(length),
        height=_ROW - 8,
        rx=2.0,
        class_=f"cr-bar cr-{hue}",
    )
    below = share < 0
    words = label(end + (-6 if below else 6), base, word, "tick", "end" if below else "start")
    short = text(shortened(name, layout.left - 10))
    return element("text", short, tooltip(name), x=layout.left - 10, y=base, text_anchor="end") + bar + words
