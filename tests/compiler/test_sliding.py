"""Convolutions written down in either order: borders, strides on the way back, phases; and faults in all that."""

from typing import Any

import pytest

import chainrule as cr
from chainrule.compiler.abreast import PicturesAbreast
from chainrule.compiler.last import ChannelsLast
from chainrule.compiler.pixels import ABREAST
from chainrule.compiler.sliding import Sliding, phase, tap
from chainrule.ops.indexing import Slice

from ..kernels.machines import plant
from .slopes import agrees, arrays

pytestmark = pytest.mark.usefixtures("order")


def test_taps_of_a_phase():
    """Pixels 0, 2, 4 of 5 with a border of 1 are reached by tap 1 alone, the others by taps 0 and 2."""
    assert [tap(pixel, 1, 2) for pixel in range(3)] == [1, 0, 1]
    assert phase(0, 3, 2, 1, 5, 3) == (Slice(0, 5, 2), (0, 0))
    assert phase(1, 3, 2, 1, 5, 3) == (Slice(1, 5, 2), (0, 0))


def test_each_order_has_its_own():
    assert (ChannelsLast.order, PicturesAbreast.order) == ((0, 2, 3, 1), ABREAST)


def convolved(*shapes: tuple[int, ...], **settings: Any) -> None:
    agrees(lambda x, w: cr.conv2d(x, w, **settings), *arrays(*shapes))


def wide_border() -> None:
    convolved((2, 2, 5, 5), (3, 2, 2, 2), padding=(3, 1), stride=(2, 1))


def thin_border() -> None:
    convolved((2, 2, 5, 5), (3, 2, 2, 2), padding=(3, 1))


def spread_out() -> None:
    convolved((2, 2, 9, 9), (3, 2, 2, 2), padding=1, stride=(2, 3), dilation=(1, 2))


@pytest.mark.parametrize("stride", [8, 9, 40, 500])
def test_strides_beyond_the_filters_need_few_kernels(stride):
    """Up to 64 phases; beyond, zeros between."""
    convolved((2, 2, 40, 40), (3, 2, 3, 3), padding=1, stride=stride)
    step = cr.compile(cr.grad(lambda x, w: cr.conv2d(x, w, stride=stride).sum(), 0), fallback="error")
    plan = step.plan(*map(cr.Tensor, arrays((1, 3, 500, 500), (4, 3, 1, 1))))
    assert len(plan.rows) <= 70


FAULTS = [
    ("edges", "reach - gate.padding[axis]", "reach", thin_border),
    ("in_phases", "tap(a, p, s), n, s)", "tap(a, 0, s), n, s)", wide_border),
    ("spread", "zip(wide, gate.stride, strict", "zip(wide, gate.stride[::-1], strict", spread_out),
    ("bordered", "(p, p) for p in padding", "(p, p) for p in reversed(padding)", thin_border),
]


@pytest.mark.parametrize(("name", "old", "new", "check"), FAULTS)
def test_planted_faults_are_caught(monkeypatch, name, old, new, check):
    check()
    plant(monkeypatch, Sliding, name, old, new)
    with pytest.raises(Exception):  # noqa: B017, PT011  another number, or shapes that no longer fit
        check()
