"""Colours are even, readable, and told apart by people who confuse hues."""

import numpy as np
import pytest

from chainrule.pictures.colours import DARK, LIGHT, SERIES, STEPS, diverging_table, variables
from chainrule.pictures.images import MINUS_INFINITY_COLOUR, NAN_COLOUR, PLUS_INFINITY_COLOUR

# Oklab from linear sRGB, the direction that the code does not use (Ottosson 2020).
TO_CONE = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# Machado, Oliveira, Fernandes 2009, severity 1, on linear sRGB.
EYES = {
    "all hues": np.eye(3),
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


def linear(colours):
    shares = np.asarray(colours) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def seen(colours, eyes="all hues"):
    """Return colours as Oklab, as the given eyes see them."""
    light = np.clip(linear(colours) @ np.array(EYES[eyes]).T, 0, 1)
    return np.cbrt(light @ TO_CONE.T) @ TO_LAB.T


def contrast(one, other):
    """Return the contrast of two hexadecimal colours.  Source: WCAG 2.2."""
    rgb = [[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in (one, other)]
    dark, light = sorted(linear(rgb) @ [0.2126, 0.7152, 0.0722])
    return (light + 0.05) / (dark + 0.05)


def test_diverging_steps_are_even():
    lengths = np.linalg.norm(np.diff(seen(diverging_table()[:: STEPS // 15]), axis=0), axis=1)
    assert lengths.max() < 1.15 * lengths.min()


def test_diverging_darkens_from_the_centre_alike_on_both_sides():
    lightness = seen(diverging_table())[:, 0]
    assert (np.diff(lightness[: STEPS + 1 : 5]) > 0).all()
    assert (np.diff(lightness[STEPS::5]) < 0).all()
    assert np.abs(lightness - lightness[::-1]).max() < 0.02


def test_diverging_centre_is_near_white_and_ends_are_blue_and_red():
    table = diverging_table().astype(int)
    assert table.shape == (2 * STEPS + 1, 3)
    assert np.ptp(table[STEPS]) <= 3
    assert table[STEPS].min() > 240
    assert table[0, 2] > table[0, 0] + 80
    assert table[-1, 0] > table[-1, 2] + 60


@pytest.mark.parametrize("eyes", EYES)
def test_signs_stay_apart_for_all_eyes(eyes):
    table = seen(diverging_table(), eyes)
    for step in (40, 100, 180, STEPS):
        assert np.linalg.norm(table[STEPS - step] - table[STEPS + step]) > 0.07


@pytest.mark.parametrize("eyes", ["all hues", "deuteranopia", "protanopia"])
def test_marks_of_nan_and_infinity_stand_out(eyes):
    marks = seen([NAN_COLOUR, PLUS_INFINITY_COLOUR, MINUS_INFINITY_COLOUR], eyes)
    greys = np.repeat(np.arange(256)[:, None], 3, axis=1)
    for usual in (seen(diverging_table(), eyes), seen(greys, eyes)):
        assert np.linalg.norm(marks[:, None] - usual[None], axis=2).min() > 0.07
    assert min(np.linalg.norm(marks[i] - marks[j]) for i, j in ((0, 1), (0, 2), (1, 2))) > 0.07


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_colours_are_readable(theme):
    written = ["ink", "quiet", "right", "wrong", *(f"hue-{index}" for index in range(1, SERIES + 1))]
    assert {
        name: contrast(theme[name], theme["card"])
        for name in written
        if contrast(theme[name], theme["card"]) < 4.5
    } == {}
    assert contrast(theme["ink"], theme["paper"]) > 10
    assert contrast("#ffffff", theme["cell-right"]) > 4.5
    assert contrast("#ffffff", theme["cell-wrong"]) > 4.5


def test_light_and_dark_name_the_same_colours():
    assert LIGHT.keys() == DARK.keys()
    assert variables(":root").count("--cr-ink:") == 2


def test_the_table_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        diverging_table()[0] = 0
