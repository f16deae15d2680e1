"""The style sheet is whole, and asks for nothing from elsewhere."""

import re

from chainrule.pictures.colours import LIGHT
from chainrule.pictures.sheet import style_sheet


def test_braces_are_balanced():
    assert style_sheet().count("{") == style_sheet().count("}")


def test_nothing_comes_from_elsewhere():
    assert not re.search(r"url\(|@import|@font-face|//|</", style_sheet())


def test_every_colour_that_is_used_is_known():
    used = set(re.findall(r"var\(--cr-([a-z0-9-]+)\)", style_sheet()))
    assert used <= LIGHT.keys()


def test_light_dark_and_phone():
    sheet = style_sheet()
    assert "@media (prefers-color-scheme:dark)" in sheet
    assert "@media (max-width:" in sheet
