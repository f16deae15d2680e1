"""What Winograd's convolution does to a tile: Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, over the points 0, ±1, ±2, ∞.

A tile sees 6×6 pixels d.  Filters g of 3×3 make 4×4 results of it, from 36 products where the direct sum has 144;
filters of 5×5 make 2×2, those of 2×2 make 5×5, where the direct sum has 100.  Source: Lavin and Gray 2016, §4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .language.machine import Machine
from .language.types import LANES
from .language.values import Vector

SEEN = 6
"""Pixels along what a tile sees."""
POINTS = SEEN * SEEN
GAP = LANES
"""Numbers between what belongs to one point and what belongs to the next: what lies a power of 2 apart shares its
cache sets, and a tile's 36 points are read and written together.
"""
POLES = (0, 1, -1, 2, -2)
"""The points but ∞."""
SCALES = (1 / 4, -1 / 6, -1 / 6, 1 / 24, 1 / 24)
"""1 / Π (p - q) over the other points q."""

SEEING = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
"""Bᵀ"""


@dataclass(frozen=True)
class Scheme:
    """F(side × side, taps × taps): filters of 3×3 with tiles of 4×4, of 5×5 with 2×2, of 2×2 with 5×5.

    >>> Scheme(3).side, Scheme(5).side, Scheme(2).side
    (4, 2, 5)
    """

    taps: int

    @property
    def side(self) -> int:
        """Pixels along a tile of results."""
        return SEEN + 1 - self.taps

    @property
    def edge(self) -> int:
        """Pixels that pictures with their border have more than results, along a side."""
        return self.taps - 1

    @property
    def filters(self) -> np.ndarray:
        """G (6, taps)"""
        powers = [[scale * p**i for i in range(self.taps)] for p, scale in zip(POLES, SCALES, strict=True)]
        return np.array([*powers, [0.0] * (self.taps - 1) + [1.0]])

    @property
    def results(self) -> np.ndarray:
        """Aᵀ (side, 6)"""
        powers = [[float(p**i) for p in POLES] for i in range(self.side)]
        return np.array([[*row, float(i == self.side - 1)] for i, row in enumerate(powers)])

    def along(self, pixels: int) -> int:
        """Tiles along a side of results."""
        return -(-pixels // self.side)

    def tiles(self, pictures: int, high: int, wide: int) -> int:
        """Tiles of pictures of results."""
        return pictures * self.along(high) * self.along(wide)

    # --- in NumPy -------------------------------------------------------------------------------------------

    def squares(self, x: np.ndarray, high: int, wide: int, size: int) -> np.ndarray:
        """Squares of pictures (N, H, W, C), a side apart, zeros beyond: (N, high, wide, size, size, C)."""
        side, had = self.side, x.shape[1:3]
        room = [(0, max(0, side * n + size - side - h)) for n, h in zip((high, wide), had, strict=True)]
        bordered = np.pad(x, [(0, 0), *room, (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(bordered, (size, size), (1, 2))
        return windows[:, ::side, ::side][:, :high, :wide].transpose(0, 1, 2, 4, 5, 3)

    def seen_by(self, x: np.ndarray) -> np.ndarray:
        """Bᵀ d B of all tiles of pictures with their border: (N, high, wide, 6, 6, C)."""
        high, wide = (self.along(n - self.edge) for n in x.shape[1:3])
        return np.einsum("ai,nhwijc,bj->nhwabc", SEEING, self.squares(x, high, wide, SEEN), SEEING)

    def sent_by(self, y: np.ndarray) -> np.ndarray:
        """A y Aᵀ of all tiles of results: (N, high, wide, 6, 6, F)."""
        high, wide = (self.along(n) for n in y.shape[1:3])
        squares = self.squares(y, high, wide, self.side)
        return np.einsum("ia,nhwijf,jb->nhwabf", self.results, squares, self.results)

    def made_of(self, products: np.ndarray) -> np.ndarray:
        """Aᵀ m A of all tiles (N, high, wide, 6, 6, F): pictures (N, high · side, wide · side, F)."""
        out = np.einsum("ai,nhwijf,bj->nhawbf", self.results, products, self.results)
        n, high, _, wide, _, f = out.shape
        return out.reshape(n, high * self.side, wide * self.side, f)


# --- on a machine -------------------------------------------------------------------------------------------

Read = Callable[[int], list[Vector]]
"""One line of a square of vectors, read when it is needed: a processor has 32 registers, the square has 36."""


def plus(a: Vector, number: float, b: Vector) -> Vector:
    """a + number · b, rounded once."""
    k: Machine = a.k
    return k.fma(k.constant(number, a.dtype), b, a)


def seen_inside(d1: Vector, d2: Vector, d3: Vector, d4: Vector) -> tuple[list[Vector], Vector, Vector]:
    """Bᵀ d but for its first and last number; and those without d₀ and d₅."""
    even, odd, far, near = plus(d4, -4.0, d2), plus(d3, -4.0, d1), d4 - d2, d3 - d1
    inside = [even + odd, even - odd, plus(far, 2.0, near), plus(far, -2.0, near)]
    return inside, plus(d4, -5.0, d2), plus(-5.0 * d3, 4.0, d1)


def seen(d: Sequence[Vector]) -> list[Vector]:
    """Bᵀ d"""
    inside, first, last = seen_inside(*d[1:5])
    return [plus(first, 4.0, d[0]), *inside, last + d[5]]


def seen_square(line: Read) -> Iterator[tuple[int, int, Vector]]:
    """Bᵀ d B, number by number with its place: the four lines inside before the first and the last."""
    middle = [seen(line(i)) for i in range(1, 5)]
    ends = []
    for j in range(SEEN):
        inside, *end = seen_inside(*(row[j] for row in middle))
        ends.append(end)
        for i, value in enumerate(inside, 1):
            yield i, j, value
    for j, value in enumerate(seen(line(0))):
        yield 0, j, plus(ends[j][0], 4.0, value)
    for j, value in enumerate(seen(line(SEEN - 1))):
        yield SEEN - 1, j, ends[j][1] + value


def results_inside(m: Sequence[Vector], side: int) -> list[Vector]:
    """Aᵀ m without m₀ and m₅, of m₁ … m₄."""
    near, far = (m[0] + m[1], m[0] - m[1]), (m[2] + m[3], m[2] - m[3])
    return [plus(near[i % 2], 2.0**i, far[i % 2]) if i else near[0] + far[0] for i in range(side)]


def with_ends(inside: list[Vector], first: Vector, last: Vector) -> list[Vector]:
    """Aᵀ m, from what was made without its first and last number."""
    return [first + inside[0], *inside[1:-1], inside[-1] + last]


def results_square(line: Read, side: int) -> list[list[Vector]]:
    """Aᵀ m A"""

    def across(i: int) -> list[Vector]:
        m = line(i)
        return with_ends(results_inside(m[1:5], side), m[0], m[5])

    middle = [across(i) for i in range(1, 5)]
    inside = [results_inside([row[j] for row in middle], side) for j in range(side)]
    first, last = across(0), across(SEEN - 1)
    columns = [with_ends(inside[j], first[j], last[j]) for j in range(side)]
    return [[column[i] for column in columns] for i in range(side)]


def sent(y: Sequence[Vector]) -> list[Vector]:
    """A y"""
    even, odd, far, near = y[0], y[1], y[0], y[1]
    for i, value in enumerate(y[2:], 2):
        if i % 2 == 0:
            even, far = even + value, plus(far, 2.0**i, value)
        else:
            odd, near = odd + value, plus(near, 2.0 ** (i - 1), value)
    return [y[0], even + odd, even - odd, plus(far, 2.0, near), plus(far, -2.0, near), y[-1]]


def sent_square(line: Read, side: int) -> Iterator[tuple[int, int, Vector]]:
    """A y Aᵀ, number by number with its place."""
    rows = [sent(line(i)) for i in range(side)]
    for j in range(SEEN):
        for i, value in enumerate(sent([row[j] for row in rows])):
            yield i, j, value


def filtered(g: Sequence[Vector]) -> list[Vector]:
    """G g"""
    out, (_, near, _, far, _) = [SCALES[0] * g[0]], SCALES
    for pole, scale in ((1.0, near), (2.0, far)):
        even, odd = g[0], g[1] if pole == 1 else pole * g[1]
        for i, value in enumerate(g[2:], 2):
            if i % 2 == 0:
                even = plus(even, pole**i, value)
            else:
                odd = plus(odd, pole**i, value)
        out += [scale * (even + odd), scale * (even - odd)]
    return [*out, g[-1]]


def filtered_square(line: Read, taps: int) -> Iterator[tuple[int, int, Vector]]:
    """G g Gᵀ, number by number with its place."""
    rows = [filtered(line(i)) for i in range(taps)]
    for j in range(SEEN):
        for i, value in enumerate(filtered([row[j] for row in rows])):
            yield i, j, value


def gathered(m: Sequence[Vector], taps: int) -> list[Vector]:
    """Gᵀ m"""
    zero, near, _, far, _ = SCALES
    once = [near * (m[1] + m[2]), near * (m[1] - m[2])]
    twice = [m[3] + m[4], m[3] - m[4]]
    out = [plus(once[i % 2], far * 2.0**i, twice[i % 2]) for i in range(taps)]
    return [plus(out[0], zero, m[0]), *out[1:-1], out[-1] + m[5]]


def gathered_square(line: Read, taps: int) -> list[list[Vector]]:
    """Gᵀ m G"""
    rows = [gathered(line(i), taps) for i in range(SEEN)]
    columns = [gathered([row[j] for row in rows], taps) for j in range(taps)]
    return [[column[i] for column in columns] for i in range(taps)]
