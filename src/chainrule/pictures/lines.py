"""Series of numbers as lines: read at the door, smoothed, thinned, cut where a value is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..errors import DTypeError, ShapeError
from .door import Array

Series = Mapping[str, ArrayLike]
MANY = 200  # a line of more points than this is smoothed, its raw form left faint behind it
_BINS = 2000
_HUGE = 1e290  # numbers beyond it are drawn as missing: their sums would overflow


@dataclass(frozen=True)
class Line:
    """One named line: x and y are (N,) float64, NaN in y where there is nothing to draw.

    >>> Line("loss", np.arange(3.0), np.ones(3)).many
    False
    """

    name: str
    x: Array
    y: Array

    def __len__(self) -> int:
        return len(self.y)

    @property
    def many(self) -> bool:
        """Whether the line has more points than an eye can follow one by one."""
        return len(self) > MANY

    @property
    def drawn(self) -> Array:
        """(N,) bool: the points that have a place."""
        return np.isfinite(self.y)


def read_series(who: str, series: Series) -> list[Line]:
    """Read named series as lines.

    series:  name → (N,) values, at x = 1, 2, 3 … as epochs and steps are counted, or (N, 2) pairs (x, y);
             N may be 0, and values may be NaN or infinite
    Raises ShapeError for other shapes, DTypeError for what is not a number.

    >>> read_series("curves", {"loss": [(0, 2.3), (10, 0.5)]})[0].x.tolist()
    [0.0, 10.0]
    """
    return [_line(who, str(name), values) for name, values in series.items()]


def smoothed(line: Line, log: bool = False) -> Line:
    """Follow the trend of a line: at each point a straight line is fitted to the points around it.

    The nearer a point the more it counts, up to a twentieth of the line away; a mean would bend off
    where a line ends. Points that are missing stay so. A line of more than 2,000 points is first
    brought down to so many.
    log:  fit the logarithms of y, which must be above 0
    Source: W. S. Cleveland, Robust locally weighted regression, 1979 (without the robust part).

    >>> smoothed(Line("loss", np.arange(400.0), np.arange(400.0) % 2)).y[[100, 200]].round(1).tolist()
    [0.5, 0.5]
    """
    y = np.log10(line.y) if log else line.y
    binned = _binned(Line(line.name, line.x, y))
    # Beside an exploded value the fitted slope can shoot past every value there is.
    trend = np.clip(_local_line(binned), np.nanmin(y), np.nanmax(y)) if line.drawn.any() else binned.y
    return Line(line.name, binned.x, 10.0**trend if log else trend)


def thinned(line: Line, points: int) -> Line:
    """Keep about 2·points points of a long line: the lowest and the highest of each stretch, and all gaps.

    >>> len(thinned(Line("loss", np.arange(1e5), np.arange(1e5)), 500).y)
    1000
    """
    if len(line) <= 2 * points:
        return line
    keep: set[int] = set()
    for stretch in np.array_split(np.arange(len(line)), points):
        values = line.y[stretch]
        missing = np.isnan(values)
        if missing.any():
            keep.add(int(stretch[missing.argmax()]))
        if not missing.all():
            keep |= {int(stretch[np.nanargmin(values)]), int(stretch[np.nanargmax(values)])}
    kept = sorted(keep)
    return Line(line.name, line.x[kept], line.y[kept])


def pieces(line: Line) -> list[Line]:
    """Return the stretches of a line between its gaps.

    >>> [piece.x.tolist() for piece in pieces(Line("a", np.arange(4.0), np.array([1, np.nan, 2, 3])))]
    [[0.0], [2.0, 3.0]]
    """
    drawn = np.concatenate([[False], line.drawn, [False]]).astype(int)
    edges = np.flatnonzero(np.diff(drawn)).reshape(-1, 2)
    return [Line(line.name, line.x[start:end], line.y[start:end]) for start, end in edges]


def _line(who: str, name: str, values: ArrayLike) -> Line:
    array = _floats(who, name, values)
    if array.ndim == 1:
        x, y = np.arange(1.0, len(array) + 1), array
    elif array.ndim == 2 and array.shape[1] == 2:
        x, y = array[:, 0], array[:, 1]
    else:
        came = f"series {name!r} has shape {array.shape}"
        raise ShapeError(who, came, "(N,) values or (N, 2) pairs of x and y", "give each curve its own name")
    placed = (np.abs(x) < _HUGE) & (np.abs(y) < _HUGE)  # False for NaN too
    return Line(name, x, np.where(placed, y, np.nan))


def _floats(who: str, name: str, values: ArrayLike) -> Array:
    try:
        array = np.asarray(list(values) if isinstance(values, Sequence) else values)
    except ValueError as ragged:
        came = f"series {name!r} has points of unequal length"
        raise ShapeError(who, came, "(N,) values or (N, 2) pairs of x and y", "give pairs") from ragged
    if array.dtype.kind not in "biuf":
        hint = "convert it with float()"
        raise DTypeError(who, f"series {name!r} has dtype {array.dtype}", "real numbers", hint)
    return array.astype(np.float64)


def _binned(line: Line) -> Line:
    """Return a line of at most _BINS points: the means of equal stretches, at their middle."""
    if len(line) <= _BINS:
        return line
    starts = np.linspace(0, len(line), _BINS, endpoint=False).astype(int)
    counts = np.add.reduceat(line.drawn.astype(int), starts)
    sums = np.add.reduceat(np.where(line.drawn, line.y, 0.0), starts)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    middles = (starts + np.append(starts[1:], len(line)) - 1) // 2
    return Line(line.name, line.x[middles], means)


def _local_line(line: Line) -> Array:
    """Return (N,) the weighted least-squares line around each point, taken at the point."""
    half = max(2, len(line) // 20)
    offset = np.arange(-half, half + 1)
    weight = (1 - np.abs(offset / (half + 1)) ** 3) ** 3  # Cleveland's tricube
    drawn, y = line.drawn.astype(float), np.where(line.drawn, line.y, 0.0)

    def around(values: Array, power: int) -> Array:
        # correlate, the kernel not reversed: the sum over offsets of weight · offset^power · value
        return np.correlate(values, weight * offset**power, "full")[half : half + len(values)]

    s0, s1, s2 = (around(drawn, power) for power in (0, 1, 2))
    t0, t1 = around(y, 0), around(y, 1)
    determinant = s0 * s2 - s1 * s1
    alone = determinant <= 1e-9 * s0 * s2 + 1e-30  # one point in reach: no slope, its own value
    fitted = np.where(
        alone, t0 / np.maximum(s0, 1e-30), (s2 * t0 - s1 * t1) / np.where(alone, 1, determinant)
    )
    return np.where(line.drawn, fitted, np.nan)
