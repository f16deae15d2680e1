"""Where text goes in a picture: how wide it will be, how to shorten it, how to keep lines apart."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

FONT = 14.0  # pixels; the size of text in SVG pictures unless said otherwise

_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[] -"), frozenset("mwMW@%—…")


def text_width(value: str, size: float = FONT) -> float:
    """Estimate how wide text is, in pixels. No font is measured, so it errs on the wide side.

    size:  font size in pixels

    >>> text_width("Wide") > text_width("lift")
    True
    """
    return size * sum(_advance(character) for character in value)


def shortened(value: str, width: float, size: float = FONT) -> str:
    """Cut text to a width in pixels, with an ellipsis for what is left out.

    >>> shortened("Ankle boot", 55), shortened("Bag", 55)
    ('Ankle…', 'Bag')
    """
    if text_width(value, size) <= width + 1e-6:  # a width that was measured here and added to since
        return value
    while value and text_width(value + "…", size) > width:
        value = value[:-1]
    return value.rstrip() + "…"


def spread(positions: Sequence[float], distance: float, low: float, high: float) -> list[float]:
    """Move positions as little as needed to be `distance` apart and within low … high, in their order.

    Where there is no room for all, they stand evenly from low to high.

    >>> spread([10.0, 12.0, 50.0], 16, 0, 100)
    [3.0, 19.0, 50.0]
    """
    if not positions:
        return []
    distance = min(distance, (high - low) / max(len(positions) - 1, 1))
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    # Groups of touching labels, each [wanted centre of its first label, members]; a group that meets the
    # next one merges with it, and stands where the mean of its members wants it.
    groups: list[list[int]] = []
    for index in order:
        groups.append([index])
        while len(groups) > 1 and _overlap(groups[-2], groups[-1], positions, distance, low, high):
            groups[-2:] = [groups[-2] + groups[-1]]
    placed = list(positions)
    for group in groups:
        start = _start(group, positions, distance, low, high)
        for step, index in enumerate(group):
            placed[index] = start + step * distance
    return placed


def _overlap(
    upper: list[int], lower: list[int], positions: Sequence[float], distance: float, low: float, high: float
) -> bool:
    end = _start(upper, positions, distance, low, high) + len(upper) * distance
    return end > _start(lower, positions, distance, low, high)


def _start(group: list[int], positions: Sequence[float], distance: float, low: float, high: float) -> float:
    """Return where the first of a group stands: the group as near to its wishes as the bounds allow."""
    wish = sum(positions[index] - step * distance for step, index in enumerate(group)) / len(group)
    return max(low, min(wish, high - (len(group) - 1) * distance))


def _advance(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.36
    if character in _WIDE:
        return 0.9
    return 0.68 if character.isupper() else 0.58
