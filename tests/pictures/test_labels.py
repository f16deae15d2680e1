"""Text is measured, shortened and moved apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.pictures.labels import shortened, spread, text_width


def test_width_grows_with_text_and_size():
    assert text_width("") == 0
    assert text_width("ab", 20) == 2 * text_width("ab", 10)
    assert text_width("il") < text_width("ao") < text_width("MW")
    assert text_width("形", 10) == 10
    assert text_width("e\u0301") == text_width("e")


def test_shortened_fits():
    for width in (30, 60, 100):
        cut = shortened("a rather long class name", width)
        assert cut.endswith("…")
        assert text_width(cut) <= width
    assert shortened("short", 100) == "short"
    assert shortened("long", 0) == "…"


def test_shortened_keeps_what_was_measured():
    assert shortened("a", text_width("a") + 10 - 10) == "a"


def test_spread_leaves_alone_what_is_apart():
    assert spread([80.0, 10.0, 40.0], 16, 0, 100) == [80.0, 10.0, 40.0]


def test_spread_moves_both_ways_and_keeps_within_bounds():
    assert spread([50.0, 50.0], 20, 0, 100) == [40.0, 60.0]
    assert spread([0.0, 0.0], 20, 0, 100) == [0.0, 20.0]
    assert spread([99.0, 100.0], 20, 0, 100) == [80.0, 100.0]


@pytest.mark.parametrize("count", [0, 1])
def test_spread_of_none_and_one(count):
    assert spread([7.0] * count, 20, 0, 100) == [7.0] * count


def test_spread_without_room_is_even():
    assert spread([5.0, 5.0, 5.0], 100, 0, 10) == [0.0, 5.0, 10.0]


@given(st.lists(st.floats(0, 200), min_size=1, max_size=12))
def test_spread_keeps_order_distance_and_bounds(positions):
    placed = spread(positions, 15, 0, 200)
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    heights = [placed[index] for index in order]
    assert all(after - before >= 15 - 1e-6 for before, after in zip(heights, heights[1:], strict=False))
    assert heights[0] >= -1e-6 and heights[-1] <= 200 + 1e-6
