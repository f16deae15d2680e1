"""Who lies where in the arena: values share memory as soon as nobody reads the earlier one any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LINE = 64
"""Bytes of a cache line; every value begins at one."""
PAGE = 4096
"""Bytes from which on a value is followed by a gap: what begins a multiple of this apart shares its cache sets."""
GAP = 5 * LINE


@dataclass(frozen=True)
class Life:
    """A value's bytes, and the first and last task that touch it."""

    number: int
    bytes: int
    first: int
    last: int


def place(lives: Sequence[Life]) -> tuple[dict[int, int], int]:
    """Offsets by number, and the bytes of the whole: each value goes into the smallest gap that is free.

    >>> place([Life(0, 64, 0, 1), Life(1, 64, 1, 2), Life(2, 64, 2, 3)])
    ({0: 0, 1: 64, 2: 0}, 128)
    """
    offsets: dict[int, int] = {}
    gaps: list[tuple[int, int]] = []
    top = 0
    ends = sorted(lives, key=lambda life: life.last)
    ended = 0
    for life in sorted(lives, key=lambda life: life.first):
        while ended < len(ends) and ends[ended].last < life.first:
            gone = ends[ended]
            gaps = released(gaps, offsets[gone.number], padded(gone.bytes))
            ended += 1
        size = padded(life.bytes)
        fitting = [gap for gap in gaps if gap[1] >= size]
        if fitting:
            start, length = min(fitting, key=lambda gap: (gap[1], gap[0]))
            gaps.remove((start, length))
            if length > size:
                gaps.append((start + size, length - size))
        else:
            start = top
            touching = [gap for gap in gaps if gap[0] + gap[1] == top]
            if touching:  # the last gap reaches the top: grow it
                gaps.remove(touching[0])
                start = touching[0][0]
            top = start + size
        offsets[life.number] = start
    return offsets, top


def padded(count: int) -> int:
    """The bytes that a value takes, its gap included."""
    return max(LINE, -(-count // LINE) * LINE) + GAP * (count >= PAGE)


def released(gaps: list[tuple[int, int]], start: int, length: int) -> list[tuple[int, int]]:
    """Gaps with one more, joined with its neighbours."""
    rest = []
    for gap in gaps:
        if gap[0] + gap[1] == start:
            start, length = gap[0], length + gap[1]
        elif start + length == gap[0]:
            length += gap[1]
        else:
            rest.append(gap)
    return [*rest, (start, length)]
