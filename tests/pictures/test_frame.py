"""The frame holds all points and labels its axes within the picture."""

import numpy as np
import pytest

from chainrule.pictures.frame import drawn_frame, frame
from chainrule.pictures.lines import Line


def line(x, y):
    return Line("a", np.array(x, float), np.array(y, float))


def test_every_point_lies_between_the_pixels():
    lines = [line([0, 50, 100], [3, np.nan, -4]), line([20, 30], [8, 1])]
    plot = frame(lines, 10, 20, 300, 200, log_y=False)
    for one in (line([0, 100], [3, -4]), lines[1]):
        for across, down in plot.pixels(one):
            assert plot.x.start - 1e-9 <= across <= 300 + 1e-9
            assert 20 <= down <= 200
    assert plot.x.start > 10  # room for the text at the ticks
    assert plot.x(0) == plot.x.start and plot.x(100) == 300


def test_gaps_do_not_count_for_the_range():
    plot = frame([line([0, 1, 999], [1, 2, np.nan])], 0, 0, 300, 200, log_y=False)
    assert plot.x.high == 1


@pytest.mark.parametrize("x", [5, 0, -3, 1e12, 1e17])
def test_one_place(x):
    plot = frame([line([x], [2])], 0, 0, 300, 200, log_y=False)
    assert plot.x.low < x < plot.x.high


def test_counted_x_has_whole_ticks_only(reader):
    counted = drawn_frame(frame([line([1, 2, 3], [0, 1, 2])], 0, 0, 400, 200, False), "")
    measured = drawn_frame(frame([line([1, 2.5, 3], [0, 1, 2])], 0, 0, 400, 200, False), "")
    counted, measured = (
        f'<svg xmlns="{reader.SPACE[1:-1]}">{markup}</svg>' for markup in (counted, measured)
    )
    assert reader.words(counted, "tick")[-3:] == ["1", "2", "3"]
    assert "1.5" in reader.words(measured, "tick")


def test_narrow_plots_have_fewer_ticks(reader):
    def ticks(right):
        markup = drawn_frame(frame([line([0, 10_000], [0, 1])], 0, 0, right, 200, False), "step")
        return len(reader.words(f'<svg xmlns="{reader.SPACE[1:-1]}">{markup}</svg>', "tick"))

    assert ticks(120) < ticks(500)
