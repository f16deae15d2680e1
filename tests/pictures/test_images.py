"""Arrays become exactly the pixels that the rules say."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from chainrule.errors import SettingError, ShapeError
from chainrule.pictures import colour, data_uri, diverging, grey, picture, png
from chainrule.pictures.colours import STEPS, diverging_table
from chainrule.pictures.images import (
    MINUS_INFINITY_COLOUR,
    NAN_COLOUR,
    PLUS_INFINITY_COLOUR,
    largest_size,
    value_range,
)

BYTES = np.array([[0, 7], [128, 250]], dtype=np.uint8)


def pixels(image):
    return np.asarray(image).tolist()


def test_grey_keeps_bytes():
    image = grey(BYTES)
    assert (image.mode, image.size) == ("L", (2, 2))
    assert pixels(image) == BYTES.tolist()


def test_grey_stretches_floats_and_cuts_off():
    assert pixels(grey([[-1.0, 0.0, 1.0]])) == [[0, 128, 255]]
    assert pixels(grey([[-1.0, 0.5, 2.0]], low=0, high=1)) == [[0, 128, 255]]
    assert pixels(grey([[0.0, 1.0]], high=2)) == [[0, 128]]
    assert pixels(grey([[False, True]])) == [[0, 255]]


def test_grey_is_not_square():
    assert grey(np.zeros((2, 5))).size == (5, 2)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e300])
def test_a_constant_is_mid_grey(value):
    assert pixels(grey([[value, value]])) == [[128, 128]]


def test_values_all_beyond_one_bound():
    assert pixels(grey([[1.0, 2.0]], low=5)) == [[0, 0]]
    assert pixels(grey([[1.0, 2.0]], high=0)) == [[255, 255]]


def test_the_largest_numbers_do_not_overflow():
    assert pixels(grey([[-1.7e308, 0.0, 1.7e308]])) == [[0, 128, 255]]
    assert pixels(diverging([[-1.7e308, 1.7e308]], limit=1.0)) == diverging_table()[[0, -1]][None].tolist()


def test_grey_marks_what_is_not_finite():
    image = grey([[0.0, np.nan, np.inf, -np.inf, 1.0]])
    marks = [NAN_COLOUR, PLUS_INFINITY_COLOUR, MINUS_INFINITY_COLOUR]
    assert image.mode == "RGB"
    assert pixels(image) == [[[0] * 3, *map(list, marks), [255] * 3]]


def test_all_nan_is_all_marked():
    for paint in (grey, diverging):
        assert pixels(paint(np.full((1, 2), np.nan))) == [[list(NAN_COLOUR)] * 2]


def test_colour_puts_channels_last():
    array = np.array([[[255, 0]], [[128, 1]], [[3, 2]]], dtype=np.uint8)
    assert pixels(colour(array)) == [[[255, 128, 3], [0, 1, 2]]]


def test_colour_stretches_all_channels_alike():
    array = np.array([[[-1.0]], [[0.0]], [[1.0]]])
    assert pixels(colour(array)) == [[[0, 128, 255]]]
    assert pixels(colour(array, low=-1, high=3)) == [[[0, 64, 128]]]


def test_colour_marks_a_pixel_if_one_channel_is_not_finite():
    array = np.zeros((3, 1, 3))
    array[1, 0, 0], array[2, 0, 1], array[0, 0, 1] = np.nan, np.nan, np.inf
    assert pixels(colour(array))[0][:2] == [list(NAN_COLOUR)] * 2  # NaN goes before infinity


def test_diverging_puts_zero_in_the_centre():
    table = diverging_table()
    image = diverging([[-2.0, -1.0, 0.0, 1.0, 2.0]])
    assert pixels(image) == [table[[0, STEPS - 128, STEPS, STEPS + 128, -1]].tolist()]
    assert pixels(diverging([[0.0, 1.0]])) == [table[[STEPS, -1]].tolist()]
    assert pixels(diverging([[0.0, 0.0]])) == [table[[STEPS, STEPS]].tolist()]


def test_diverging_takes_a_limit():
    table = diverging_table()
    assert pixels(diverging([[1.0, 9.0]], limit=5)) == [table[[STEPS + 51, -1]].tolist()]


def test_diverging_marks_and_measures_finite_values_only():
    image = diverging([[np.inf, -1.0, -np.inf]])
    expected = [PLUS_INFINITY_COLOUR, diverging_table()[0], MINUS_INFINITY_COLOUR]
    assert pixels(image) == [[list(map(int, mark)) for mark in expected]]


def test_diverging_of_bytes_and_of_the_smallest_integers():
    assert pixels(diverging(BYTES[:1])) == [diverging_table()[[STEPS, -1]].tolist()]
    assert largest_size(np.array([-128], dtype=np.int8)) == 128.0


def test_picture_picks_by_channels():
    assert picture(BYTES).mode == "L"
    assert picture(BYTES[None]).mode == "L"
    assert picture(np.stack([BYTES] * 3)).mode == "RGB"
    with pytest.raises(ShapeError, match="picture: .*2 channels"):
        picture(np.zeros((2, 4, 4)))


def test_value_range_of_bytes_is_that_of_pictures():
    assert value_range(BYTES) == (0, 255)
    assert value_range(BYTES.astype(float)) == (0, 250)


def test_inputs_are_not_written_to():
    array = np.array([[0.0, np.nan]])
    for paint in (grey, diverging, lambda values: colour(np.stack([values] * 3))):
        paint(array)
    np.testing.assert_array_equal(array, [[0.0, np.nan]])


@pytest.mark.parametrize(
    "call",
    [
        lambda: grey(BYTES, low=2, high=1),
        lambda: grey(BYTES, low=1, high=1),
        lambda: grey(BYTES, low=float("nan")),
        lambda: grey(BYTES, high=float("inf")),
        lambda: colour(np.zeros((3, 2, 2)), low=2, high=1),
        lambda: diverging(BYTES, limit=0),
        lambda: diverging(BYTES, limit=-1),
        lambda: diverging(BYTES, limit=float("nan")),
    ],
)
def test_ranges_that_cannot_work(call):
    with pytest.raises(SettingError) as caught:
        call()
    assert all([caught.value.who, caught.value.came, caught.value.expected, caught.value.hint])


@pytest.mark.parametrize("paint", [grey, diverging, colour])
def test_wrong_axes(paint):
    for shape in [(4,), (1, 3, 4, 4), (0, 4) if paint is not colour else (3, 0, 4)]:
        with pytest.raises(ShapeError):
            paint(np.zeros(shape))


def test_colour_wants_three_channels():
    with pytest.raises(ShapeError, match="4 channels"):
        colour(np.zeros((4, 2, 2)))


def test_png_and_data_uri_hold_the_same_pixels():
    image = grey(BYTES)
    start, code = data_uri(image).split(",")
    assert start == "data:image/png;base64"
    assert base64.b64decode(code) == png(image)
    assert png(image).startswith(b"\x89PNG")
    assert pixels(Image.open(io.BytesIO(png(image)))) == BYTES.tolist()
