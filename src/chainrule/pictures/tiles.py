"""Many small pictures on one image, row by row. Axes: N pictures, C channels, H rows, W columns."""

from __future__ import annotations

import math
from typing import Literal

from numpy.typing import ArrayLike
from PIL import Image

from ..errors import SettingError, ShapeError
from .door import Array, numbers
from .images import diverging, largest_size, picture, value_range

Map = Literal["auto", "grey", "colour", "diverging"]
_CHANNELS = {"auto": (1, 3), "grey": (1,), "colour": (3,), "diverging": (1,)}


def tiles(
    arrays: ArrayLike,
    columns: int | None = None,
    scale: int = 1,
    gap: int = 1,
    map: Map = "auto",
    *,
    shared: bool = True,
) -> Image.Image:
    """Lay pictures out in a grid, on one image.

    arrays:   (N, H, W) or (N, C, H, W) real numbers, C being 1 or 3
    columns:  pictures in a row; if not given near the square root of N, without a torn last row if it can be
    scale:    screen pixels for each pixel, ≥ 1; pixels stay crisp squares
    gap:      transparent screen pixels between pictures, ≥ 0
    map:      "grey", "colour", "diverging" around zero, or "auto": grey or colour by C
    shared:   one range of values for all pictures; if False each picture has its own
    Returns an image of mode RGBA.
    Raises ShapeError, DTypeError, and SettingError for an unknown map or a size below 1.

    >>> tiles([[[0.0] * 5] * 5] * 32, scale=4, map="diverging").size  # 8 columns, 4 rows
    (167, 83)
    """
    _check_settings(columns, scale, gap, map)
    pictures = _pictures(numbers("tiles", "arrays", arrays, "N H W", "N C H W"), map)
    painted = _painted(pictures, map, shared)
    across = min(columns or _columns(len(painted)), len(painted))
    width, height = painted[0].width * scale, painted[0].height * scale
    down = math.ceil(len(painted) / across)
    canvas = Image.new("RGBA", (across * (width + gap) - gap, down * (height + gap) - gap), (0, 0, 0, 0))
    for index, tile in enumerate(painted):
        row, column = divmod(index, across)
        large = tile.convert("RGBA").resize((width, height), Image.Resampling.NEAREST)
        canvas.paste(large, (column * (width + gap), row * (height + gap)))
    return canvas


def _check_settings(columns: int | None, scale: int, gap: int, map: str) -> None:
    if map not in _CHANNELS:
        raise SettingError("tiles", f"map is {map!r}", "one of " + ", ".join(_CHANNELS), 'map="auto"')
    for name, value, least in (("columns", columns, 1), ("scale", scale, 1), ("gap", gap, 0)):
        if value is not None and (value != int(value) or value < least):
            expected = f"a whole number of at least {least}"
            raise SettingError("tiles", f"{name} is {value}", expected, f"{name}={least}")


def _pictures(arrays: Array, map: str) -> Array:
    """Return arrays as (N, C, H, W) with a C that the map can paint."""
    pictures = arrays[:, None] if arrays.ndim == 3 else arrays
    if pictures.shape[1] not in _CHANNELS[map]:
        came = f"arrays has {pictures.shape[1]} channels (shape {arrays.shape}) with map {map!r}"
        expected = " or ".join(str(channels) for channels in _CHANNELS[map]) + " channels (N, C, H, W)"
        hint = "give every channel a tile: arrays.reshape(-1, *arrays.shape[2:])"
        raise ShapeError("tiles", came, expected, hint)
    return pictures


def _painted(pictures: Array, map: str, shared: bool) -> list[Image.Image]:
    if map == "diverging":
        # A limit of 0 means all zeros, which diverging paints rightly without one.
        limit = (largest_size(pictures) or None) if shared else None
        return [diverging(one[0], limit) for one in pictures]
    low, high = value_range(pictures) if shared else (None, None)
    if low == high:
        low = high = None  # one value everywhere: each picture finds that out itself
    return [picture(one, low, high) for one in pictures]


def _columns(count: int) -> int:
    """Return a number of columns that makes the grid near square, or a little wide if no row is torn then.

    >>> [_columns(count) for count in (1, 3, 7, 10, 32, 64)]
    [1, 3, 3, 5, 8, 8]
    """
    least = math.ceil(math.sqrt(count))
    whole = (columns for columns in range(least, math.isqrt(4 * count) + 1) if count % columns == 0)
    return next(whole, least)
