"""A flow being rewritten: what is written down once, borders, and values in other orders."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler import layout
from chainrule.compiler.draft import Draft
from chainrule.compiler.flow import flow_of, returned_numbers
from chainrule.compiler.pixels import ABREAST, LAST

from ..kernels.machines import plant
from .slopes import X, agrees, arrays


def draft(*shape):
    """A draft of one value that is read, and its number."""
    program = cr.trace(lambda x: x * 2, Tensor(np.zeros(shape, "f4")))
    flow = flow_of(program, returned_numbers(program.output))
    return Draft(flow), program.inputs[0]


def test_a_value_is_turned_once():
    made, x = draft(2, 3, 4, 5)
    last, abreast = made.turned(x, LAST, 0), made.turned(x, ABREAST, 0)
    assert made.spec(last).shape == (2, 4, 5, 3) and made.spec(abreast).shape == (3, 4, 5, 2)
    assert (made.turned(x, LAST, 0), made.turned(x, ABREAST, 0)) == (last, abreast)
    assert len(made.ops) == 2


def test_a_value_that_is_settled_is_known_by_its_twin():
    made, x = draft(2, 3, 4, 5)
    twin = made.turned(x, ABREAST, 0)
    number = made.flow.new(made.spec(x))
    made.settle(number, twin, ABREAST, 0)
    assert made.turned(number, ABREAST, 0) == twin and made.natural == {number: ABREAST}


@pytest.mark.parametrize("shape", [(), (5,), (4, 5), (3, 4, 5)], ids=str)
def test_fewer_axes_stand_in_front_of_ones(shape):
    made, x = draft(*shape)
    turned = made.turned(x, LAST, 0)
    wide = (1,) * (4 - len(shape)) + shape
    assert made.spec(turned).shape == tuple(wide[a] for a in LAST)


@pytest.mark.parametrize(
    ("edges", "shape"),
    [
        ([(0, 0), (0, 0)], (2, 4, 5, 3)),
        ([(1, 2), (0, 3)], (2, 7, 8, 3)),
        ([(-1, 2), (0, -3)], (2, 5, 2, 3)),
        ([(-1, -1), (0, 0)], (2, 2, 5, 3)),
    ],
    ids=str,
)
def test_borders(edges, shape):
    made, x = draft(2, 4, 5, 3)
    assert made.spec(made.framed(x, edges, 0)).shape == shape


def test_shares():
    made, x = draft(3, 2, 2)
    assert made.spec(made.added(x, 0)).shape == (2, 2)
    single, y = draft(1, 2, 2)
    single.added(y, 0)
    assert [op.gate.label for op in single.ops] == ["reshape"]


def wide_border():
    agrees(lambda x, w: cr.conv2d(x, w, padding=(3, 1), stride=(2, 1)), *arrays((2, 2, 5, 5), (3, 2, 2, 2)))


def test_a_planted_fault_is_caught(monkeypatch):
    monkeypatch.setattr(layout, "FEW", 0)
    wide_border()
    plant(monkeypatch, Draft, "framed", "Slice(max(-a, 0), n", "Slice(0 * max(-a, 0), n")
    with pytest.raises(Exception):  # noqa: B017, PT011  another number, or shapes that no longer fit
        wide_border()


def test_what_is_turned_is_what_it_was():
    agrees(lambda x: cr.max_pool2d(x, 1) * cr.avg_pool2d(x, 1), X)
