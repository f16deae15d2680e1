"""Curves as one SVG: loss and accuracy over a training run, or any few lines over one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import SettingError
from .colours import SERIES
from .frame import Frame, drawn_frame, frame
from .labels import shortened, spread, text_width
from .lines import Line, Series, pieces, read_series, smoothed, thinned
from .markup import element, label, svg, text, tooltip

_LINE_HEIGHT = 18.0  # pixels from one line of text to the next
_FEW = 60  # a line of so few points tells the values of each
_DOTS = 25  # and shows them as dots if every line has so few: more would look like beads on a string


def curves(
    series: Series,
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    width: int = 440,
    height: int = 280,
    log_y: bool = False,
) -> str:
    """Draw named lines over one pair of axes.

    series:  name → (N,) values at x = 1, 2, 3 …, or (N, 2) pairs (x, y); NaN and infinity leave a gap
    width, height:  pixels at natural size, ≥ 160 and ≥ 120; 440 keeps the text readable on a phone;
             a long legend adds to the height
    log_y:   a logarithmic y axis; values of 0 and below leave a gap
    A line of more than 200 points is drawn smoothed, over its raw values in a faint hue.
    Returns an SVG that follows the reader's light or dark.
    Raises ShapeError, DTypeError for series that are no lines; SettingError for a size too small.

    >>> picture = curves({"train": [2.3, 0.9, 0.5]}, title="Loss", x_label="epoch")
    >>> picture.startswith("<svg") and picture.count("<circle")
    3
    """
    if width < 160 or height < 120:
        came = f"a size of {width} x {height}"
        raise SettingError("curves", came, "at least 160 x 120 pixels", "leave width and height out")
    lines = read_series("curves", series)
    name = f"{title or 'curves'}: " + (", ".join(line.name for line in lines) or "nothing")
    # Names stand at the ends of their lines, unless there is no room: then in a legend.
    longest = max((text_width(line.name) for line in lines), default=0)
    at_ends = longest <= 0.28 * width and len(lines) * _LINE_HEIGHT <= 0.5 * height
    head, top = _head([] if at_ends else lines, title, y_label, width)
    strokes = _strokes(lines, log_y)
    under = 44 if x_label else 26
    bottom = max(height - under, top + 60)  # many names make the picture higher, not the plot vanish
    if not strokes:
        nothing = label(width / 2, (top + bottom) / 2, "no values yet", "quiet", "middle")
        return svg(width, bottom + under, *head, nothing, name=name)
    right = width - (longest + 14 if at_ends else 14)
    plot = frame([stroke.line for stroke in strokes], 0, top + 6, right, bottom, log_y)
    sizes = [len(stroke.points) for stroke in strokes]
    few = max(sizes) <= _DOTS and sum(sizes) <= _FEW
    body = [drawn_frame(plot, x_label), *(_drawn(plot, stroke) for stroke in strokes)]
    body += [_dots(plot, stroke, x_label, few) for stroke in strokes]
    body += _end_labels(plot, strokes) if at_ends else []
    return svg(width, bottom + under, *head, *body, name=name)


@dataclass(frozen=True)
class _Stroke:
    """A line to be drawn: as it was given, as it goes on the whole, and which of the hues it has."""

    line: Line
    trend: Line
    index: int

    @property
    def hue(self) -> str:
        return f"cr-{self.index % SERIES + 1}"

    @property
    def kind(self) -> str:
        return "cr-line cr-dash" if self.index >= SERIES else "cr-line"

    @property
    def points(self) -> Line:
        """The points of the trend that have a place."""
        drawn = self.trend.drawn
        return Line(self.line.name, self.trend.x[drawn], self.trend.y[drawn])


def _strokes(lines: Sequence[Line], log_y: bool) -> list[_Stroke]:
    strokes = []
    for index, line in enumerate(lines):
        shown = _positive(line) if log_y else line
        if shown.drawn.any():
            strokes.append(_Stroke(shown, smoothed(shown, log_y) if shown.many else shown, index))
    return strokes


def _positive(line: Line) -> Line:
    # Below 1e-290 the ends of the axis would underflow.
    return replace(line, y=np.where(np.nan_to_num(line.y) > 1e-290, line.y, np.nan))


def _head(legend: Sequence[Line], title: str, y_label: str, width: float) -> tuple[list[str], float]:
    """Return title, legend and y label, and the pixel at which they end."""
    parts, down = [], 4.0
    if title:
        parts.append(label(0, down + 13, shortened(title, width, 16), "title"))
        down += 28
    if legend:
        keys, down = _legend(legend, width, down)
        parts += keys
    if y_label:
        parts.append(label(0, down + 12, shortened(y_label, width), "quiet"))
        down += 20
    return parts, down


def _legend(lines: Sequence[Line], width: float, down: float) -> tuple[list[str], float]:
    parts, across = [], 0.0
    for index, line in enumerate(lines):
        name = shortened(line.name, width - 30)
        if across and across + 24 + text_width(name) > width:
            across, down = 0.0, down + _LINE_HEIGHT
        stroke = _Stroke(line, line, index)
        key = element("path", d=f"M{across:.0f} {down + 8:.0f}h16", class_=stroke.kind)
        words = element("text", text(name), tooltip(line.name), x=across + 21, y=down + 13)
        parts.append(element("g", key, words, class_=stroke.hue))
        across += 21 + text_width(name) + 16
    return parts, down + _LINE_HEIGHT + 6


def _drawn(plot: Frame, stroke: _Stroke) -> str:
    """Draw one line; a long one twice, faint as it is and strong as it goes on the whole."""
    parts = [tooltip(stroke.line.name)]
    if stroke.line.many:
        raw = thinned(stroke.line, round(plot.x.end - plot.x.start))
        parts += [element("path", d=_path(plot, raw), class_="cr-line cr-raw")]
    parts += [element("path", d=_path(plot, stroke.trend), class_=stroke.kind), _alone(plot, stroke.trend)]
    return element("g", *parts, class_=stroke.hue)


def _path(plot: Frame, line: Line) -> str:
    commands = []
    for piece in pieces(line):
        points = [f"{across:.1f} {down:.1f}" for across, down in plot.pixels(piece)]
        commands.append("M" + "L".join(points))
    return "".join(commands)


def _alone(plot: Frame, line: Line) -> str:
    """Draw a small dot for each point with gaps on both sides: a path would leave nothing of it."""
    places = [plot.pixels(piece)[0] for piece in pieces(line) if len(piece.y) == 1]
    return "".join(element("circle", cx=across, cy=down, r=1.5, class_="cr-hued") for across, down in places)


def _dots(plot: Frame, stroke: _Stroke, x_label: str, few: bool) -> str:
    """Put tooltips on the points of a short line, seen if there are few; the last is always seen."""
    points = stroke.points
    if len(points) > _FEW:
        points = Line(points.name, points.x[-1:], points.y[-1:])
    dots = []
    for index, (across, down) in enumerate(plot.pixels(points)):
        told = f"{points.name}: {points.y[index]:.4g} at {x_label or 'x ='} {points.x[index]:.6g}"
        kind = "cr-dot" if few or index == len(points) - 1 else "cr-hit"
        dots.append(element("circle", tooltip(told), cx=across, cy=down, r=3.5, class_=kind))
    return element("g", *dots, class_=stroke.hue)


def _end_labels(plot: Frame, strokes: Sequence[_Stroke]) -> list[str]:
    """Name each line where it ends, moved apart where ends are close."""
    ends = [plot.pixels(stroke.points)[-1] for stroke in strokes]
    heights = spread([down for _, down in ends], _LINE_HEIGHT, plot.y.end, plot.y.start - 4)
    left = plot.x.end + 10
    parts = []
    for stroke, (across, down), height in zip(strokes, ends, heights, strict=True):
        lead = ""
        if left - across > 20 or abs(height - down) > _LINE_HEIGHT / 2:
            # Dotted, so that nobody takes it for more of the line.
            points = f"M{across + 5:.1f} {down:.1f}L{left - 3:.1f} {height:.1f}"
            lead = element("path", d=points, class_="cr-line cr-lead")
        words = label(left, height + 5, stroke.line.name, "hued cr-name")
        parts.append(element("g", lead, words, class_=stroke.hue))
    return parts
