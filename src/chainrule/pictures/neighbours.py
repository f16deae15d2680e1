"""Pictures with their nearest neighbours as one SVG: a row for each, those of another class in the colour of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from ..errors import DataError, SettingError
from .images import data_uri
from .labels import shortened
from .markup import element, label, svg, text, tooltip

_GAP, _MOST = 10.0, 112.0
_COLUMN = 190.0  # pixels for the words between a picture and its neighbours
_LINE = 24.0  # pixels of the words below a neighbour


@dataclass(frozen=True)
class Neighbourhood:
    """A row: a picture, what it is, what is said about it, whether that is right, and its neighbours.

    neighbours:  each a picture, what it is, and whether that is what the first one is
    """

    picture: Image.Image
    name: str
    said: str
    right: bool
    neighbours: Sequence[tuple[Image.Image, str, bool]]


def neighbourhoods(rows: Sequence[Neighbourhood], *, width: int = 990) -> str:
    """Draw the rows under each other.

    width:  pixels at natural size, ≥ 320
    Returns an SVG that follows the reader's light or dark.
    Raises DataError for no row, or one without neighbours; SettingError for a width too small.

    >>> cat = Image.new("L", (4, 4))
    >>> neighbourhoods([Neighbourhood(cat, "cat", "called dog", False, [(cat, "dog", False)])]).count("<image")
    2
    """
    if not rows or not all(row.neighbours for row in rows):
        raise DataError("neighbourhoods", "a row without neighbours", "one at least in each", "leave it out")
    if width < 320:
        raise SettingError("neighbourhoods", f"width is {width}", "at least 320 pixels", "leave width out")
    most = max(len(row.neighbours) for row in rows)
    size = min(_MOST, (width - _COLUMN - most * _GAP) / (most + 1))
    height = size + _LINE + 10
    parts = [part for place, row in enumerate(rows) for part in _row(row, place * height, size)]
    return svg(width, len(rows) * height - 10, *parts, name="pictures with their nearest neighbours")


def _row(row: Neighbourhood, top: float, size: float) -> list[str]:
    """Draw a picture with its two lines of words, and its neighbours with one each."""
    parts = [_picture(row.picture, 0, top, size, f"{row.name}, {row.said}")]
    middle = top + size / 2
    parts += _words(row.name, size + 12, middle - 4, _COLUMN - 30, "name")
    parts += _words(row.said, size + 12, middle + 16, _COLUMN - 30, "quiet" if row.right else "bad")
    for place, (picture, name, same) in enumerate(row.neighbours):
        left = size + _COLUMN + place * (size + _GAP)
        parts.append(_picture(picture, left, top, size, name))
        parts += _words(name, left, top + size + 16, size + _GAP - 4, "ink" if same else "bad")
        if not same:
            parts.append(_frame(left, top, size))
    return parts


def _picture(picture: Image.Image, left: float, top: float, size: float, told: str) -> str:
    across = size * min(1.0, picture.width / picture.height)
    down = size * min(1.0, picture.height / picture.width)
    return element(
        "image",
        tooltip(told),
        href=data_uri(picture),
        x=left,
        y=top,
        width=across,
        height=down,
        style="image-rendering:pixelated",
    )


def _frame(left: float, top: float, size: float) -> str:
    return element("rect", x=left, y=top, width=size, height=size, class_="cr-bad-frame")


def _words(words: str, left: float, down: float, room: float, kind: str) -> list[str]:
    short = shortened(words, room, 13)
    if short == words:
        return [label(left, down, words, kind, style="font-size:13px")]
    inside = text(short) + tooltip(words)
    return [element("text", inside, x=left, y=down, class_=f"cr-{kind}", style="font-size:13px")]
