"""Colours: those of ink and paper as CSS variables, light and dark, and the diverging map around zero."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .door import Array

SERIES = 8  # distinct line colours; further lines repeat them, dashed

LIGHT = {
    "paper": "#f7f6f2",
    "card": "#ffffff",
    "ink": "#1d1f23",
    "quiet": "#5c626b",
    "rule": "#b9bbbd",
    "grid": "#e9e8e4",
    "right": "#1f5fbf",
    "wrong": "#d0451b",
    "cell-right": "#1f5fbf",
    "cell-wrong": "#b93a12",
    "hue-1": "#1f5fbf",
    "hue-2": "#b8500a",
    "hue-3": "#0c7c69",
    "hue-4": "#9038b0",
    "hue-5": "#c02a4c",
    "hue-6": "#6b6a00",
    "hue-7": "#0b76a5",
    "hue-8": "#646a73",
}
DARK = {
    "paper": "#121417",
    "card": "#1a1d21",
    "ink": "#e9e7e2",
    "quiet": "#a4a9b1",
    "rule": "#555b64",
    "grid": "#2b2f35",
    "right": "#5f9bf0",
    "wrong": "#f0764a",
    "cell-right": "#2c68cf",
    "cell-wrong": "#c24c22",
    "hue-1": "#7cb0ff",
    "hue-2": "#f5a04e",
    "hue-3": "#4fc9b0",
    "hue-4": "#d294ee",
    "hue-5": "#ff8ba0",
    "hue-6": "#c6c358",
    "hue-7": "#62c7ee",
    "hue-8": "#a9aeb6",
}

# Anchors of one arm of the diverging map in Oklab's polar form: (lightness, chroma). Both arms share
# them and differ in hue alone, so that +v and -v are equally dark, also for those who see few hues.
_ANCHORS = ((0.97, 0.004), (0.84, 0.085), (0.68, 0.135), (0.52, 0.150), (0.34, 0.105))
_BLUE, _RED = 254.0, 32.0  # hues in degrees
STEPS = 255  # entries of one arm, the centre not counted


def variables(selector: str) -> str:
    """Return the CSS that sets `--cr-ink` and the others for `selector`, light, and dark if the reader wants.

    >>> variables(":root")[:26]
    ':root{--cr-paper:#f7f6f2;-'
    """
    return (
        f"{selector}{{{_declared(LIGHT)}}}"
        f"@media (prefers-color-scheme:dark){{{selector}{{{_declared(DARK)}}}}}"
    )


@lru_cache(maxsize=1)
def diverging_table() -> Array:
    """Return the diverging map, (2·STEPS + 1, 3) uint8: blue, near-white at index STEPS, red.

    Equal steps of the index are equal distances in Oklab.
    Source: B. Ottosson, A perceptual color space for image processing, 2020.

    >>> diverging_table()[[0, STEPS, -1]].tolist()
    [[3, 55, 108], [245, 245, 246], [99, 28, 16]]
    """
    blue, red = _arm(_BLUE), _arm(_RED)
    # The two hues differ a little even at the lightest anchor; zero belongs to neither.
    centre = (blue[:1] + red[:1]) / 2
    table = _srgb(np.concatenate([blue[:0:-1], centre, red[1:]]))
    table.setflags(write=False)
    return table


def _arm(hue: float) -> Array:
    """Return (STEPS + 1, 3) Oklab colours from the centre outwards, equally far from each other."""
    light, chroma = np.array(_ANCHORS).T
    angle = np.deg2rad(hue)
    anchors = np.stack([light, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)
    lengths = np.linalg.norm(np.diff(anchors, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0, along[-1], STEPS + 1)
    return np.stack([np.interp(wanted, along, axis) for axis in anchors.T], axis=1)


def _srgb(oklab: Array) -> Array:
    """Turn (N, 3) Oklab colours into (N, 3) uint8 sRGB.  Source: Ottosson 2020; IEC 61966-2-1."""
    to_cone = np.array(
        [
            [1.0, 0.3963377774, 0.2158037573],
            [1.0, -0.1055613458, -0.0638541728],
            [1.0, -0.0894841775, -1.2914855480],
        ]
    )
    to_linear = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((oklab @ to_cone.T) ** 3 @ to_linear.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    levels: Array = np.rint(encoded * 255).astype(np.uint8)
    return levels


def _declared(colours: dict[str, str]) -> str:
    return "".join(f"--cr-{name}:{colour};" for name, colour in colours.items())
