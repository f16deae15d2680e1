"""Convolutions to tasks: the axes of windows, blocks of tiles, and the room where they are worked on."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import convolutions as module
from chainrule.compiler.convolutions import steps_of
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
    x, w = np.ones((2, 4, 9, 9), "f4"), np.ones((16, 4, 3, 3), "f4")
    (row,) = [row for row in rows(x, w, **settings) if row.task.name == "product"]
    assert tuple(row.task.arguments[14:17]) == steps


PASSES = ("tiles", "product", "winograd")


def passes(n, size, channels, filters):
    """The passes of a convolution by Winograd's algorithm, after those of its filters."""
    x, w = np.ones((n, channels, *size), "f4"), np.ones((filters, channels, 3, 3), "f4")
    names = [row.task.name for row in rows(x, w, padding=1) if row.task.name in PASSES]
    return names[names.index("tiles") if "tiles" in names else names.index("winograd") :]


def test_many_channels_go_in_three_passes_over_as_many_tiles_as_a_cache_holds(monkeypatch):
    assert passes(1, (13, 13), 64, 64) == ["winograd"]
    assert passes(1, (13, 13), 128, 160) == [*PASSES]
    monkeypatch.setattr(module, "AT_ONCE", 36 * 160 * 4 * 7)
    assert passes(2, (13, 13), 128, 160) == [*PASSES] * 5  # 32 tiles, 7 at once


@pytest.mark.parametrize("at_once", [1 << 23, 36 * 48 * 4 * 5])
def test_one_pass_and_three_make_the_same_bits(monkeypatch, at_once):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 32, 13, 9)).astype("f4"), rng.normal(size=(48, 32, 3, 3)).astype("f4")
    bias = rng.normal(size=48).astype("f4")

    def made():
        step = cr.compile(lambda x, w, b: cr.relu(cr.conv2d(x, w, b, padding=1)), fallback="error")
        return step(x, w, bias).numpy().tobytes()

    in_one = made()
    monkeypatch.setattr(module, "MANY_FILTERS", 0)
    monkeypatch.setattr(module, "AT_ONCE", at_once)
    assert made() == in_one


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
