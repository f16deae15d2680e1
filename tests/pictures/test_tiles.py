"""Tiles stand where they should, with crisp pixels and transparent gaps."""

import numpy as np
import pytest

from chainrule.errors import SettingError, ShapeError
from chainrule.pictures import grey, tiles
from chainrule.pictures.colours import STEPS, diverging_table
from chainrule.pictures.images import NAN_COLOUR

ONE_TO_FIVE = np.arange(1, 6, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 3), np.uint8)


def test_places_gaps_and_transparency():
    image = np.asarray(tiles(ONE_TO_FIVE, columns=2, scale=2, gap=3))
    assert image.shape == (3 * 4 + 2 * 3, 2 * 6 + 3, 4)
    for index in range(5):
        row, column = divmod(index, 2)
        tile = image[row * 7 : row * 7 + 4, column * 9 : column * 9 + 6]
        assert (tile == [index + 1] * 3 + [255]).all()
    assert (image[4:7] == 0).all()
    assert (image[:, 6:9] == 0).all()
    assert (image[14:, 9:] == 0).all()  # where a sixth would stand


def test_scaling_repeats_pixels():
    array = np.array([[[0, 100], [200, 255]]], dtype=np.uint8)
    image = np.asarray(tiles(array, scale=3))[..., 0]
    assert (image == np.kron(array[0], np.ones((3, 3)))).all()


def test_one_tile_is_the_picture():
    array = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    assert tiles(array).convert("L").tobytes() == grey(array[0]).tobytes()


def test_no_gap():
    assert tiles(ONE_TO_FIVE, columns=5, gap=0).size == (15, 2)


def test_more_columns_than_pictures():
    assert tiles(ONE_TO_FIVE, columns=99, gap=0).size == (15, 2)


def test_range_shared_or_one_each():
    array = np.array([[[0.0, 1.0]], [[0.0, 4.0]]])
    assert np.asarray(tiles(array, columns=1, gap=0))[..., 0].tolist() == [[0, 64], [0, 255]]
    assert np.asarray(tiles(array, columns=1, gap=0, shared=False))[..., 0].tolist() == [[0, 255], [0, 255]]


def test_diverging_limit_shared_or_one_each():
    table = diverging_table()
    array = np.array([[[0.0, 1.0]], [[0.0, -5.0]]])
    shared = np.asarray(tiles(array, columns=1, gap=0, map="diverging"))[..., :3]
    alone = np.asarray(tiles(array, columns=1, gap=0, map="diverging", shared=False))[..., :3]
    assert (shared == table[[[STEPS, STEPS + 51], [STEPS, 0]]]).all()
    assert (alone == table[[[STEPS, -1], [STEPS, 0]]]).all()


def test_maps_by_channels():
    three = np.zeros((2, 3, 2, 2), np.uint8)
    three[:, 0] = 255
    assert np.asarray(tiles(three))[0, 0].tolist() == [255, 0, 0, 255]
    assert np.asarray(tiles(three, map="colour"))[0, 0].tolist() == [255, 0, 0, 255]
    assert tiles(three[:, :1], map="grey").size == tiles(three[:, 0]).size


@pytest.mark.parametrize("value", [0.0, 3.0, np.nan])
@pytest.mark.parametrize("map", ["grey", "diverging"])
def test_constant_tiles(value, map):
    image = np.asarray(tiles(np.full((4, 2, 2), value), gap=0, map=map))
    assert (image == image[0, 0]).all()
    if np.isnan(value):
        assert tuple(image[0, 0, :3]) == NAN_COLOUR


@pytest.mark.parametrize(("map", "channels"), [("auto", 2), ("grey", 3), ("colour", 1), ("diverging", 3)])
def test_channels_that_a_map_cannot_paint(map, channels):
    with pytest.raises(ShapeError, match=f"{channels} channels") as caught:
        tiles(np.zeros((4, channels, 2, 2)), map=map)
    assert "reshape" in caught.value.hint


@pytest.mark.parametrize(
    "settings", [{"columns": 0}, {"scale": 0}, {"scale": 1.5}, {"gap": -1}, {"map": "jet"}]
)
def test_settings_that_cannot_work(settings):
    with pytest.raises(SettingError, match="tiles: .*try"):
        tiles(ONE_TO_FIVE, **settings)


@pytest.mark.parametrize("shape", [(2, 2), (0, 2, 2), (4, 1, 0, 2), (1, 1, 1, 1, 1)])
def test_wrong_axes(shape):
    with pytest.raises(ShapeError):
        tiles(np.zeros(shape))
