"""Means with their spread as SVG: a few samples at each place of x, the line through their means, and error bars."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, SettingError
from .door import Array, matching, numbers
from .frame import Frame, drawn_frame, frame
from .labels import shortened, text_width
from .lines import Line, pieces
from .markup import element, label, svg, tooltip


@dataclass(frozen=True)
class Samples:
    """What was measured at each place of x, as one line of a picture.

    name:  of the line;  x: (N,) numbers above 0, rising;  y: (N, K) K samples at each, NaN where there are none
    """

    name: str
    x: ArrayLike
    y: ArrayLike


def spreads(
    series: list[Samples],
    *,
    best: tuple[int, int] | None = None,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    width: int = 990,
    height: int = 400,
    log_x: bool = True,
) -> str:
    """Draw each sample as a faint point, the means as a line, and bars one standard deviation up and down.

    series:  one line for each; eight hues, then they repeat
    best:    (line, place) of the mean with a ring around it, and its numbers beside it
    width, height:  pixels at natural size, ≥ 160 and ≥ 120
    Returns an SVG that follows the reader's light or dark.
    Raises ShapeError, DTypeError; DataError for no line or an x that does not rise from above 0; SettingError for a
    size too small.

    >>> spreads([Samples("l2", [1, 3], [[80, 82], [81, 85]])]).count('class="cr-faint"')
    4
    """
    if width < 160 or height < 120:
        came, hint = f"a size of {width} x {height}", "leave width and height out"
        raise SettingError("spreads", came, "at least 160 x 120 pixels", hint)
    lines = [_read(one) for one in series]
    if not lines:
        raise DataError("spreads", "no line", "at least one", "Samples(name, x, y)")
    parts, top = _head(title, [line.name for line in lines], y_label, width)
    bottom = height - (44 if x_label else 26)
    every = [Line(one.name, np.repeat(one.x, one.y.shape[1]), one.y.reshape(-1)) for one in lines]
    ends = [Line(one.name, one.x, one.mean.y + sign * one.deviation) for one in lines for sign in (-1, 1)]
    plot = frame([*every, *ends], 0, top + 6, width - 14, bottom, log_y=False, log_x=log_x)
    plot = replace(plot, places=tuple(np.unique(np.concatenate([one.x for one in lines])).tolist()))
    parts.append(drawn_frame(plot, x_label))
    parts += [_drawn(plot, one, f"cr-{index % 8 + 1}", x_label) for index, one in enumerate(lines)]
    if best is not None:
        parts += _best(plot, lines[best[0]], best[1])
    return svg(width, height, *parts, name=title or "spreads")


@dataclass(frozen=True)
class _Measured:
    """Samples as arrays: x (N,), y (N, K)."""

    name: str
    x: Array
    y: Array

    @property
    def mean(self) -> Line:
        return Line(self.name, self.x, self.y.mean(axis=1))

    @property
    def deviation(self) -> Array:
        """(N,) the standard deviation of the samples; 0 for a single one."""
        return self.y.std(axis=1, ddof=1) if self.y.shape[1] > 1 else np.zeros(len(self.y))


def _read(one: Samples) -> _Measured:
    x, y = (
        numbers("spreads", "x", one.x, "N").astype(float),
        numbers("spreads", "y", one.y, "N K").astype(float),
    )
    matching("spreads", "places of x", len(x), len(y))
    if not np.isfinite(x).all() or (x <= 0).any() or (np.diff(x) <= 0).any():
        raise DataError(
            "spreads", f"x of {one.name} does not rise from above 0", "rising numbers", "sort them"
        )
    return _Measured(one.name, x, y)


def _head(title: str, names: list[str], y_label: str, width: int) -> tuple[list[str], float]:
    """Return title, the names of several lines and the y label, and the pixel at which they end."""
    parts, down = [], 4.0
    if title:
        parts.append(label(0, down + 13, shortened(title, width, 16), "title"))
        down += 28
    left = 0.0
    for index, name in enumerate(names if len(names) > 1 else []):
        key = element("path", d=f"M{left:.0f} {down + 8:.0f}h16", class_="cr-line")
        parts.append(
            element("g", key, label(left + 21, down + 13, name, "ink"), class_=f"cr-{index % 8 + 1}")
        )
        left += 21 + text_width(name) + 18
    down += 26 if len(names) > 1 else 0
    if y_label:
        parts.append(label(0, down + 12, shortened(y_label, width), "quiet"))
        down += 20
    return parts, down


def _drawn(plot: Frame, one: _Measured, hue: str, x_label: str) -> str:
    """Draw the samples, the bars and the means of one line."""
    parts = []
    for place, row in zip(one.x, one.y, strict=True):
        parts += [
            element(
                "circle",
                tooltip(f"{value:.4g}"),
                cx=plot.x(place),
                cy=plot.y(value),
                r=3.0,
                class_="cr-faint",
            )
            for value in row[np.isfinite(row)]
        ]
    mean = one.mean
    for piece in pieces(mean):
        points = [f"{across:.1f} {down:.1f}" for across, down in plot.pixels(piece)]
        parts.append(element("path", d="M" + "L".join(points), class_="cr-line"))
    for place, middle, spread in zip(one.x, mean.y, one.deviation, strict=True):
        if np.isfinite(middle):
            parts += _bar(plot, place, middle, spread, f"{one.name}, {x_label} {place:g}: ")
    return element("g", *parts, class_=hue)


def _bar(plot: Frame, place: float, middle: float, spread: float, told: str) -> list[str]:
    """Draw a mean with its error bar."""
    across, low, high = plot.x(place), plot.y(middle - spread), plot.y(middle + spread)
    ends = f"M{across - 4:.1f} {high:.1f}h8m-4 0V{low:.1f}m-4 0h8"
    words = tooltip(f"{told}{middle:.4g} ± {spread:.2g}")
    return [
        element("path", d=ends, class_="cr-bars"),
        element("circle", words, cx=across, cy=plot.y(middle), r=4.0, class_="cr-dot"),
    ]


def _best(plot: Frame, one: _Measured, place: int) -> list[str]:
    across, down = plot.x(one.x[place]), plot.y(one.mean.y[place])
    ring = element("circle", cx=across, cy=down, r=9.0, class_="cr-ring")
    words = f"{one.x[place]:g}: {one.mean.y[place]:.1f} ± {one.deviation[place]:.1f}"
    left = across + 18 + text_width(words) > plot.x.end
    height = plot.y(one.mean.y[place] + one.deviation[place]) - 12
    place_x = across + (6 if left else -6)
    return [ring, label(place_x, max(height, 14.0), words, "name cr-halo", "end" if left else "start")]
