"""Convolutions to tasks: the axes of windows, blocks of tiles, and the room where they are worked on."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.convolutions import block_of, steps_of
from chainrule.compiler.pixels import ConvPixels
from chainrule.compiler.plan import Plan
from chainrule.graph import Spec
from chainrule.kernels.transforms import Scheme

from .steps import arranged


def rows(x, w, **settings):
    return Plan(arranged(lambda x, w: cr.conv2d(x, w, **settings), cr.Tensor(x), cr.Tensor(w))).rows


def test_how_far_pictures_go_on():
    x = Spec((2, 5, 7, 3), np.dtype("f4"))
    assert steps_of(ConvPixels((1, 1), (1, 1), 1), x) == ((105, 21, 3), (21, 3, 1))
    assert steps_of(ConvPixels((2, 3), (4, 5), 1), x) == ((105, 42, 9), (84, 15, 1))


@pytest.mark.parametrize(("settings", "steps"), [({}, (3, 1, 12)), ({"dilation": (1, 2)}, (3, 3, 4))])
def test_the_taps_of_a_line_are_one_stretch_where_they_touch(settings, steps):
    x, w = np.ones((2, 4, 9, 9), "f4"), np.ones((8, 4, 3, 3), "f4")
    (row,) = [row for row in rows(x, w, **settings) if row.task.name == "product"]
    assert tuple(row.task.arguments[14:17]) == steps


def test_blocks_fit_a_cache_and_are_larger_where_filters_leave_it():
    assert block_of(16, 16) >= block_of(64, 64)
    for channels in (16, 32, 64, 128):
        assert block_of(channels, channels) % 8 == 0 and 8 <= block_of(channels, channels) <= 64
    assert block_of(512, 512) == 32


def test_flops_are_those_of_all_tiles():
    x, w = np.ones((2, 32, 13, 13), "f4"), np.ones((48, 32, 3, 3), "f4")
    (row,) = [row for row in rows(x, w, padding=1) if row.task.name == "winograd"]
    assert row.task.flops == 2 * Scheme(3).tiles(2, 13, 13) * 36 * 32 * 48


def test_filters_are_laid_out_once_for_two_convolutions():
    x, w = np.ones((2, 32, 8, 8), "f4"), np.ones((32, 32, 3, 3), "f4")
    step = lambda x, w: cr.conv2d(cr.conv2d(x, w, padding=1), w, padding=1)  # noqa: E731
    names = [row.task.name for row in Plan(arranged(step, cr.Tensor(x), cr.Tensor(w))).rows]
    assert names.count("winograd") == 2 and names.count("pack") == 1


def test_nothing_is_nothing():
    names = [row.task.name for row in rows(np.ones((0, 4, 9, 9), "f4"), np.ones((8, 4, 3, 3), "f4"))]
    assert "product" not in names
