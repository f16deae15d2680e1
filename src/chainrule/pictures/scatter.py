"""A scatter as SVG: points over two logarithmic axes, shaded by a third number, as of the trials of a search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError, SettingError
from .door import Array, matching, numbers
from .frame import Frame, drawn_frame, frame
from .labels import shortened, text_width
from .lines import Line
from .markup import element, label, svg, text, tooltip

SHAPES = ("circle", "square", "diamond", "triangle")
"""The marks of groups, in their order; a fifth group begins again."""

_RADIUS = 6.0  # pixels of a mark
_FAINTEST = 0.06  # opacity of the lowest shade; its outline stays


@dataclass(frozen=True)
class Box:
    """A rectangle that is drawn dashed behind the points: low and high of x and of y."""

    x: tuple[float, float]
    y: tuple[float, float]


def scatter(
    x: ArrayLike,
    y: ArrayLike,
    shades: ArrayLike,
    *,
    groups: Sequence[str] = (),
    names: Sequence[str] = (),
    best: int | None = None,
    best_name: str = "",
    keys: Sequence[tuple[str, float]] = (),
    boxes: Sequence[Box] = (),
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    width: int = 990,
    height: int = 460,
) -> str:
    """Draw points over two logarithmic axes; the more of their shade, the fuller.

    x, y:    (N,) numbers above 0
    shades:  (N,) from 0 to 1; NaN is drawn as a cross, as of something that failed
    groups:  N names; each group has a mark of its own, named in the legend
    names:   N texts that a point tells when the pointer rests on it
    best:    the index of the point with a ring around it;  best_name: what stands beside it
    keys:    (text, shade): what shades mean, for the legend
    boxes:   rectangles behind the points
    width, height:  pixels at natural size, ≥ 160 and ≥ 120
    Returns an SVG that follows the reader's light or dark.
    Raises ShapeError, DTypeError; DataError for coordinates that are not above 0 or shades outside 0 … 1; SettingError
    for a size too small.

    >>> scatter([0.1, 0.01], [1e-4, 1e-3], [0.5, 1.0], groups=["round 1", "round 2"]).count('class="cr-mark"')
    4
    """
    across, down, full = (numbers("scatter", n, v, "N") for n, v in (("x", x), ("y", y), ("shades", shades)))
    _check(across, down, full, groups, names, width, height)
    kinds = list(dict.fromkeys(groups))
    head, top = _head(title, kinds, keys, bool(np.isnan(full).any()), y_label, width)
    bottom = height - (44 if x_label else 26)
    lines = [Line("points", across.astype(float), down.astype(float))]
    lines += [Line("box", np.array(box.x), np.array(box.y)) for box in boxes]
    plot = frame(lines, 0, top + 6, width - 14, bottom, log_y=True, log_x=True)
    points = plot.pixels(lines[0])
    marks = []
    for index in np.argsort(np.nan_to_num(full, nan=-1.0), kind="stable"):  # the fullest lie on top
        shape = SHAPES[kinds.index(groups[index]) % len(SHAPES)] if len(groups) else SHAPES[0]
        told = tooltip(names[index]) if len(names) else ""
        place, low = points[index]
        marks.append(mark(shape, place, low, float(full[index]), told))
    body = [drawn_frame(plot, x_label), *(_box(plot, box) for box in boxes)]
    body.append(element("g", *marks, class_="cr-1"))
    body += _best(points[best], best_name, plot) if best is not None else []
    return svg(width, height, *head, *body, name=title or "scatter")


def mark(shape: str, across: float, down: float, shade: float, told: str = "") -> str:
    """One mark of a shape of SHAPES, as full as its shade; a cross for NaN."""
    r = _RADIUS
    if np.isnan(shade):
        path = f"M{across - r:.1f} {down - r:.1f}l{2 * r} {2 * r}m0 {-2 * r}l{-2 * r} {2 * r}"
        return element("path", told, d=path, class_="cr-bars cr-5")
    full = round(_FAINTEST + (1 - _FAINTEST) * shade, 3)
    if shape == "circle":
        return element("circle", told, cx=across, cy=down, r=r, fill_opacity=full, class_="cr-mark")
    paths = {
        "square": f"M{across - r + 0.5:.1f} {down - r + 0.5:.1f}h{2 * r - 1}v{2 * r - 1}h{1 - 2 * r}z",
        "diamond": f"M{across:.1f} {down - r - 2:.1f}l{r + 2} {r + 2}l{-r - 2} {r + 2}l{-r - 2} {-r - 2}z",
        "triangle": f"M{across:.1f} {down - r - 1:.1f}l{r + 1} {2 * r}h{-2 * r - 2}z",
    }
    return element("path", told, d=paths[shape], fill_opacity=full, class_="cr-mark")


def _head(
    title: str,
    kinds: Sequence[str],
    keys: Sequence[tuple[str, float]],
    failed: bool,
    y_label: str,
    width: int,
) -> tuple[list[str], float]:
    """Return title, legend and y label, and the pixel at which they end."""
    parts, down = [], 4.0
    if title:
        parts.append(label(0, down + 13, shortened(title, width, 16), "title"))
        down += 30
    entries = [(kind, SHAPES[index % len(SHAPES)], 0.5) for index, kind in enumerate(kinds)]
    entries += [(name, "circle", shade) for name, shade in keys]
    entries += [("failed", "circle", float("nan"))] if failed else []
    left = 8.0
    for index, (name, shape, shade) in enumerate(entries):
        if left > 8 and left + 24 + text_width(name) > width:
            left, down = 8.0, down + 20
        left += 14 if index == len(kinds) and index and left > 8 else 0
        parts.append(element("g", mark(shape, left, down + 8, shade), class_="cr-1"))
        parts.append(element("text", text(name), x=left + 13, y=down + 13))
        left += 13 + text_width(name) + 20
    down += 26 if entries else 0
    if y_label:
        parts.append(label(0, down + 12, shortened(y_label, width), "quiet"))
        down += 20
    return parts, down


def _box(plot: Frame, box: Box) -> str:
    left, right = (plot.x(value) for value in box.x)
    bottom, top = (plot.y(value) for value in box.y)
    return element("rect", x=left, y=top, width=right - left, height=bottom - top, rx=3.0, class_="cr-box")


def _best(point: tuple[float, float], name: str, plot: Frame) -> list[str]:
    across, down = point
    ring = element("circle", cx=across, cy=down, r=_RADIUS + 5, class_="cr-ring")
    left = across + 18 + text_width(name) > plot.x.end
    place = across - 17 if left else across + 17
    return [ring, label(place, down + 5, name, "name cr-halo", "end" if left else "start")]


def _check(
    x: Array, y: Array, shades: Array, groups: Sequence[str], names: Sequence[str], width: int, height: int
) -> None:
    for what, count in (
        ("y", len(y)),
        ("shades", len(shades)),
        ("groups", len(groups)),
        ("names", len(names)),
    ):
        if count or what in ("y", "shades"):
            matching("scatter", what, count, len(x))
    for axis, values in (("x", x), ("y", y)):
        if not (np.isfinite(values).all() and (values > 1e-290).all()):
            hint = "leave such points out"
            raise DataError("scatter", f"{axis} has numbers that are not above 0", "numbers above 0", hint)
    if (shades < 0).any() or (shades > 1).any():
        raise DataError("scatter", "shades outside 0 … 1", "0 to 1, or NaN", "np.clip(shades, 0, 1)")
    if width < 160 or height < 120:
        came, hint = f"a size of {width} x {height}", "leave width and height out"
        raise SettingError("scatter", came, "at least 160 x 120 pixels", hint)
