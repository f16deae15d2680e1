"""A confusion matrix as SVG: what was right on the diagonal in one hue, what was confused in another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DataError
from .door import Array, matching, numbers
from .labels import FONT, shortened, text_width
from .markup import element, label, svg, text, tooltip

_LONGEST = 120.0  # pixels that a class name may take


def matrix(
    counts: ArrayLike,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    title: str = "",
    row_title: str = "is",
    column_title: str = "called",
) -> str:
    """Draw a table of counts: row by row, how many of a class were called what.

    counts:  (R, C) counts ≥ 0; a cell is shaded by its share of the row
    row_labels, column_labels:  R and C names; where they are the same, the diagonal is what was right,
             otherwise the cells whose two names are equal
    row_title, column_title:  what rows and columns are; a tooltip reads "12 of 100 Shirt called Coat"
    Returns an SVG that follows the reader's light or dark.
    Raises ShapeError for other axes or numbers of labels, DataError for negative or missing counts.

    >>> matrix([[8, 2], [1, 9]], ["cat", "dog"], ["cat", "dog"]).count("cr-cell ")
    4
    """
    table = numbers("matrix", "counts", counts, "R C")
    rows, columns = [str(name) for name in row_labels], [str(name) for name in column_labels]
    matching("matrix", "row labels", len(rows), table.shape[0])
    matching("matrix", "column labels", len(columns), table.shape[1])
    if not (np.isfinite(table).all() and (table >= 0).all()):
        raise DataError("matrix", "counts below 0 or not finite", "counts of 0 and more", "count again")
    grid = _layout(rows, columns, title, row_title, column_title)
    cells = _cells(table, rows, columns, column_title, grid)
    names = _row_names(rows, grid) + _column_names(columns, grid)
    heads = _heads(title, row_title, column_title, grid)
    bands = _bands(len(rows), len(columns), grid)
    width, height = grid.width, grid.top + grid.cell * len(rows) + 4
    return svg(width, height, *heads, *names, *bands, *cells, name=title or "confusion matrix")


@dataclass(frozen=True)
class _Grid:
    """Where the cells stand, in pixels."""

    left: float
    top: float
    cell: float
    turned: bool
    width: float

    @property
    def small(self) -> bool:
        """Whether cells are too small for numbers and round corners."""
        return self.cell < 16


def _layout(rows: list[str], columns: list[str], title: str, row_title: str, column_title: str) -> _Grid:
    cell = min(max(340 / max(len(rows), len(columns)), 7.0), 60.0)
    names = min(max(map(text_width, rows)), _LONGEST)
    left = max(names, text_width(row_title) + 16) + 10
    widest = min(max(map(text_width, columns)), _LONGEST)
    turned = widest > cell - 6
    # A name of length w turned by 45° rises by w/√2, and the last one leans out to the right by as much.
    rise = (widest + 13) / math.sqrt(2) if turned else 16
    top = rise + 26 + (26 if title else 0)
    lean = max(rise - cell / 2, 0) if turned else 0
    wide = max(left + cell * len(columns) + lean, text_width(title, 16), left + text_width(column_title) + 20)
    return _Grid(left, top, cell, turned, wide + 4)


def _heads(title: str, row_title: str, column_title: str, grid: _Grid) -> list[str]:
    heads = [label(0, 17, title, "title")] if title else []
    heads.append(label(grid.left, 38 if title else 12, f"{column_title} →", "quiet"))
    heads.append(label(grid.left - 10, grid.top - 8, f"{row_title} ↓", "quiet", "end"))
    return heads


def _row_names(names: list[str], grid: _Grid) -> list[str]:
    return [
        _name(name, grid.left - 10, grid.top + (index + 0.5) * grid.cell + 5, "end")
        for index, name in _readable(names, grid.cell, 17)
    ]


def _column_names(names: list[str], grid: _Grid) -> list[str]:
    parts = []
    # Turned by 45°, lines of text are nearer to each other than their feet.
    for index, name in _readable(names, grid.cell, 23 if grid.turned else 1):
        across, down = grid.left + (index + 0.5) * grid.cell, grid.top - 8
        if grid.turned:
            turn = f"rotate(-45 {across + 4:.1f} {down:.1f})"
            parts.append(_name(name, across + 4, down, "start", turn))
        else:
            parts.append(_name(name, across, down, "middle"))
    return parts


def _readable(names: list[str], cell: float, pitch: float) -> list[tuple[int, str]]:
    """Return the names that have room: all of them, or every second, third … of very many."""
    every = math.ceil(pitch / cell)
    return [(index, name) for index, name in enumerate(names) if index % every == 0]


def _name(name: str, x: float, y: float, anchor: str, turn: str | None = None) -> str:
    words = text(shortened(name, _LONGEST))
    return element("text", words, tooltip(name), x=x, y=y, text_anchor=anchor, transform=turn)


def _bands(rows: int, columns: int, grid: _Grid) -> list[str]:
    """Draw a faint band under each row, so that the eye finds its way over empty cells."""
    if grid.small:
        return []
    place = {"x": grid.left + 1, "width": columns * grid.cell - 2, "height": grid.cell - 2, "rx": 3}
    tops = [grid.top + row * grid.cell + 1 for row in range(rows)]
    return [element("rect", y=top, class_="cr-band", **place) for top in tops]


def _cells(table: Array, rows: list[str], columns: list[str], column_title: str, grid: _Grid) -> list[str]:
    totals = table.sum(axis=1)
    same = rows == columns
    parts = []
    for row, column in np.ndindex(*table.shape):
        count, total = table[row, column].item(), totals[row].item()
        share = count / total if total else 0.0
        told = f"{_written(count)} of {_written(total)} {rows[row]} {column_title} {columns[column]}"
        right = row == column if same else rows[row] == columns[column]
        across, down = grid.left + column * grid.cell, grid.top + row * grid.cell
        parts.append(_cell(across, down, grid, count, share, right, f"{told} ({share:.1%})"))
    return parts


def _cell(x: float, y: float, grid: _Grid, count: float, share: float, right: bool, told: str) -> str:
    if not count and grid.small:
        return ""  # of 100 x 100 cells nearly all are empty, and the page would be large for nothing
    gap, corner = (0.5, None) if grid.small else (2.0, 3)
    hue = ("right" if right else "wrong") if count else "zero"
    # The square root: a confusion of 4 in 100 is worth seeing, and would be invisible at 4 % of a hue.
    opacity = round(math.sqrt(share), 3)
    shade = element(
        "rect",
        tooltip(told),
        x=x + gap / 2,
        y=y + gap / 2,
        width=grid.cell - gap,
        height=grid.cell - gap,
        rx=corner,
        class_=f"cr-cell cr-{hue}",
        fill_opacity=opacity if count else None,
    )
    return shade + _count(x, y, grid.cell, count, "count cr-on" if opacity > 0.8 else "count")


def _count(x: float, y: float, cell: float, count: float, kind: str) -> str:
    words = f"{count:.4g}" if count % 1 else f"{count:.0f}"
    font = min(FONT, (cell - 6) / text_width(words, 1))
    if not count or font < 8:
        return ""  # too small to read: the shade and the tooltip tell
    return label(x + cell / 2, y + cell / 2 + font * 0.35, words, kind, "middle", font_size=font)


def _written(count: float) -> str:
    return f"{count:,.4g}" if count % 1 else f"{count:,.0f}"
