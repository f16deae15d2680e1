"""Rows of words in columns, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], sides: str, gap: int = 3) -> list[str]:
    """Each column as wide as its longest word.

    sides:  "l" or "r" for each column

    >>> aligned([("1", "relu"), ("12", "loss")], "rl")
    [' 1   relu', '12   loss']
    """
    widths = [max(len(row[k]) for row in rows) for k in range(len(sides))]
    return [
        (" " * gap)
        .join(
            word.rjust(width) if side == "r" else word.ljust(width)
            for word, width, side in zip(row, widths, sides, strict=True)
        )
        .rstrip()
        for row in rows
    ]
