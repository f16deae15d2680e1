"""Convolutions to tasks: the axes of windows."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.convolutions import steps_of
from chainrule.compiler.pixels import ConvPixels
from chainrule.compiler.plan import Plan
from chainrule.compiler.views import View

from .steps import arranged


def rows(x, w, **settings):
    return Plan(arranged(lambda x, w: cr.conv2d(x, w, **settings), cr.Tensor(x), cr.Tensor(w))).rows


def test_how_far_pictures_go_on():
    x = View(0, (2, 5, 7, 3), (105, 21, 3, 1))
    assert steps_of(ConvPixels((1, 1), (1, 1), 1), x) == ((105, 21, 3), (21, 3, 1))
    assert steps_of(ConvPixels((2, 3), (4, 5), 1), x) == ((105, 42, 9), (84, 15, 1))
    inside = View(0, (2, 5, 7, 3), (189, 27, 3, 1), 30)
    assert steps_of(ConvPixels((2, 3), (4, 5), 1), inside) == ((189, 54, 9), (108, 15, 1))


@pytest.mark.parametrize(("settings", "steps"), [({}, (3, 1, 12)), ({"dilation": (1, 2)}, (3, 3, 4))])
def test_the_taps_of_a_line_are_one_stretch_where_they_touch(settings, steps):
    x, w = np.ones((2, 4, 9, 9), "f4"), np.ones((16, 4, 3, 3), "f4")
    (row,) = [row for row in rows(x, w, **settings) if row.task.name == "product"]
    assert tuple(row.task.arguments[14:17]) == steps


def test_nothing_is_nothing():
    names = [row.task.name for row in rows(np.ones((0, 4, 9, 9), "f4"), np.ones((8, 4, 3, 3), "f4"))]
    assert "product" not in names
