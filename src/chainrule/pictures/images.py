"""Arrays to Pillow images. Axes: H rows from the top, W columns, C channels first."""

from __future__ import annotations

import base64
import io
import math

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from ..errors import SettingError, ShapeError
from .colours import STEPS, diverging_table
from .door import Array, numbers

# Far from every grey and from the whole diverging map, also for those who confuse red and green.
NAN_COLOUR = (150, 0, 255)  # violet
PLUS_INFINITY_COLOUR = (255, 235, 0)  # yellow
MINUS_INFINITY_COLOUR = (0, 225, 30)  # green


def grey(array: ArrayLike, low: float | None = None, high: float | None = None) -> Image.Image:
    """Paint numbers from black to white.

    array:  (H, W) real numbers
    low:   the value painted black; if not given 0 for bytes, otherwise the smallest finite value
    high:  the value painted white; if not given 255 for bytes, otherwise the largest finite value
    Values outside are cut off; if all are the same, they are mid grey.
    Returns an image of mode L; of mode RGB if NaN or infinity have to be marked in their colours.
    Raises ShapeError, DTypeError; SettingError unless low < high.

    >>> list(grey([[0.0, 0.5, 2.0]]).tobytes())
    [0, 64, 255]
    """
    values = numbers("grey", "array", array, "H W")
    levels = _levels("grey", values, low, high)
    if np.isfinite(values).all():
        return Image.fromarray(levels)
    return Image.fromarray(_marked(np.stack([levels] * 3, axis=-1), values[..., None]))


def colour(array: ArrayLike, low: float | None = None, high: float | None = None) -> Image.Image:
    """Paint three channels as red, green and blue.

    array:  (3, H, W) real numbers
    low, high:  the range, the same for all channels, as in `grey`
    Returns an image of mode RGB; a pixel with NaN or infinity in any channel gets their colour.
    Raises ShapeError, DTypeError; SettingError unless low < high.

    >>> colour(np.array([[[255]], [[128]], [[0]]], dtype=np.uint8)).getpixel((0, 0))
    (255, 128, 0)
    """
    values = numbers("colour", "array", array, "C H W")
    if len(values) != 3:
        came = f"array has {len(values)} channels (shape {values.shape})"
        raise ShapeError("colour", came, "3 channels (3, H, W)", "paint one channel with grey(array[0])")
    levels = _levels("colour", values, low, high)
    return Image.fromarray(_marked(np.moveaxis(levels, 0, -1).copy(), np.moveaxis(values, 0, -1)))


def diverging(array: ArrayLike, limit: float | None = None) -> Image.Image:
    """Paint numbers around zero: blue below, near-white at zero, red above.

    Equal steps look equally large, and +v is as dark as -v, so that people who confuse hues see the
    size rightly, and the sign, because blue and red stay apart for them.

    array:  (H, W) real numbers
    limit:  the size painted in full colour; if not given the largest finite size in the array
    Returns an image of mode RGB; NaN and infinity get their own colours.
    Raises ShapeError, DTypeError; SettingError unless limit > 0.

    >>> diverging([[-1.0, 0.0, 1.0]]).getpixel((1, 0))
    (245, 245, 246)
    """
    values = numbers("diverging", "array", array, "H W")
    if limit is not None and not (math.isfinite(limit) and limit > 0):
        raise SettingError("diverging", f"limit is {limit}", "a finite limit above 0", "leave limit out")
    most = largest_size(values) if limit is None else limit
    # An array of zeros has no largest size; zero is the centre under any limit.
    shares = np.clip(_finite(values), -most, most) / (most or 1.0)
    table = diverging_table()
    return Image.fromarray(_marked(table[np.rint(shares * STEPS).astype(int) + STEPS], values[..., None]))


def picture(array: ArrayLike, low: float | None = None, high: float | None = None) -> Image.Image:
    """Paint one picture: grey if it has one channel, in colour if it has three.

    array:  (H, W), (1, H, W) or (3, H, W) real numbers
    low, high:  the range, as in `grey`
    Raises ShapeError for other numbers of channels, DTypeError, SettingError unless low < high.

    >>> picture(np.zeros((3, 4, 5))).size
    (5, 4)
    """
    values = numbers("picture", "array", array, "H W", "C H W")
    if values.ndim == 2:
        return grey(values, low, high)
    if len(values) not in (1, 3):
        came = f"array has {len(values)} channels (shape {values.shape})"
        raise ShapeError("picture", came, "1 or 3 channels", "give tiles(array) to see each channel")
    return grey(values[0], low, high) if len(values) == 1 else colour(values, low, high)


def png(image: Image.Image) -> bytes:
    """Return the image as the bytes of a PNG file.

    >>> png(grey([[0, 1]]))[1:4]
    b'PNG'
    """
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def data_uri(image: Image.Image) -> str:
    """Return the image as an address that holds the whole PNG, for `<img src>`.

    >>> data_uri(grey([[0, 1]]))[:22]
    'data:image/png;base64,'
    """
    return "data:image/png;base64," + base64.b64encode(png(image)).decode("ascii")


def value_range(values: Array) -> tuple[float, float]:
    """Return the (low, high) that `grey` takes for an array if none is given.

    >>> value_range(np.array([1.0, np.nan, 3.0]))
    (1.0, 3.0)
    """
    if values.dtype == np.uint8:
        return 0.0, 255.0
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def largest_size(values: Array) -> float:
    """Return the limit that `diverging` takes for an array if none is given: the largest finite |value|.

    >>> largest_size(np.array([1.0, -3.0, np.inf]))
    3.0
    """
    return float(np.abs(_finite(values)).max())


def _levels(who: str, values: Array, low: float | None, high: float | None) -> Array:
    """Return values as uint8 levels of the same shape, 0 at low and 255 at high."""
    for bound in (low, high):
        if bound is not None and not math.isfinite(bound):
            raise SettingError(who, f"a range to {bound}", "finite bounds", "leave low and high out")
    if low is not None and high is not None and low >= high:
        came = f"low is {low} and high is {high}"
        raise SettingError(who, came, "low < high", "exchange them, or leave them out")
    least, most = value_range(values)
    least, most = least if low is None else low, most if high is None else high
    # Halves, because the whole span of two large numbers can overflow.
    span = most / 2 - least / 2
    finite = _finite(values)
    if span <= 0:
        return np.where(finite < least, 0, np.where(finite > most, 255, 128)).astype(np.uint8)
    shares = (np.clip(finite, least, most) / 2 - least / 2) / span
    return np.rint(shares * 255).astype(np.uint8)


def _finite(values: Array) -> Array:
    """Return values in float64 with 0 in place of NaN and infinity."""
    return np.where(np.isfinite(values), values, 0).astype(np.float64)


def _marked(pixels: Array, values: Array) -> Array:
    """Paint NaN and infinity into pixels (H, W, 3) wherever a channel of values (H, W, C) has one."""
    pixels[(values == -np.inf).any(axis=-1)] = MINUS_INFINITY_COLOUR
    pixels[(values == np.inf).any(axis=-1)] = PLUS_INFINITY_COLOUR
    pixels[np.isnan(values).any(axis=-1)] = NAN_COLOUR
    return pixels
