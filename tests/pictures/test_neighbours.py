"""Rows of pictures with their neighbours: all are there, what is of another class is marked, words fit."""

import pytest
from PIL import Image

from chainrule.errors import DataError, SettingError
from chainrule.pictures import Neighbourhood, neighbourhoods

CAT = Image.new("L", (8, 8), 90)


def row(count=3, right=True, name="cat"):
    near = [(CAT, "cat" if place else "dog", bool(place)) for place in range(count)]
    return Neighbourhood(CAT, name, "called cat, 67%", right, near)


def test_every_picture_and_its_words(reader):
    picture = neighbourhoods([row(), row(5)])
    assert len(reader.parts(picture, "image")) == 2 + 3 + 5
    assert reader.words(picture, "name") == ["cat", "cat"]
    assert (
        reader.words(picture, "bad") == ["dog", "dog"]
        and len(reader.parts(picture, "rect", "bad-frame")) == 2
    )
    assert reader.words(picture, "ink") == ["cat"] * 6


def test_a_wrong_answer_is_in_colour(reader):
    assert reader.words(neighbourhoods([row(right=False)]), "bad") == ["called cat, 67%", "dog"]
    assert reader.words(neighbourhoods([row()]), "quiet") == ["called cat, 67%"]


def test_pictures_do_not_overlap_and_stay_inside(reader):
    picture = neighbourhoods([row(8), row(2)])
    across = sorted({float(i.get("x")) for i in reader.parts(picture, "image")})
    wide = float(reader.parts(picture, "image")[0].get("width"))
    assert all(b - a > wide for a, b in zip(across, across[1:], strict=False)) and across[-1] + wide <= 990
    down = sorted({float(i.get("y")) for i in reader.parts(picture, "image")})
    assert down[1] - down[0] > wide


def test_pictures_that_are_not_square_keep_their_shape(reader):
    tall = Image.new("L", (5, 10))
    (one, *_) = reader.parts(
        neighbourhoods([Neighbourhood(tall, "a", "b", True, [(tall, "c", True)])]), "image"
    )
    assert float(one.get("height")) == pytest.approx(2 * float(one.get("width")))


def test_long_names_are_cut_and_told(reader):
    picture = neighbourhoods([row(name="a name that is far too long for any column of words")])
    (name,) = reader.parts(picture, "text", "name")
    assert name.text.endswith(
        "…"
    ) and "a name that is far too long for any column of words" in reader.tooltips(picture)


def test_what_is_refused():
    with pytest.raises(DataError, match="a row without neighbours"):
        neighbourhoods([])
    with pytest.raises(DataError, match="a row without neighbours"):
        neighbourhoods([Neighbourhood(CAT, "a", "b", True, [])])
    with pytest.raises(SettingError, match="width is 100"):
        neighbourhoods([row()], width=100)
