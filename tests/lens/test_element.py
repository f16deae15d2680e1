"""One element: which one, what it read, and where its gradient goes."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import IndexingError, UsageError
from chainrule.lens.element import checked, chosen

from .steps import arrays


def test_the_element_to_look_at():
    assert chosen(np.array([[1.0, -3.0], [2.0, 0.0]])) == (0, 1)
    assert chosen(np.array([9.0, np.nan, np.inf])) == (1,)
    assert chosen(np.array([-128, 3], "int8")) == (0,) and chosen(np.array([False, True])) == (1,)


@pytest.mark.parametrize("index", [(2, 0), (0,), (0, 0, 0), "x", 1.5, (0, None), (0, -4)])
def test_an_index_that_is_none(index):
    with pytest.raises(IndexingError, match="2 whole numbers"):
        checked("explain", "relu", (2, 3), index)


def test_indices_count_from_the_end_too():
    assert checked("explain", "relu", (4,), -1) == (3,) and checked("explain", "loss", (), ()) == ()
    assert checked("explain", "relu", (2, 3), np.array([1, 2]).tolist()) == (1, 2)


def test_what_an_element_read_of_inputs_that_broadcast():
    def step(x, b):
        (x * b).sum().backward()

    element = arrays([[1.0, 2.0], [3.0, 4.0]], [5.0, 7.0], step=step).element("multiply", (1, 0))
    assert (element.value, element.upstream, element.seen()) == (15.0, 1.0, [3.0, 5.0])
    x, b = element.reads
    assert (x.reached, x.steepness((1, 0)), b.reached, b.steepness((0,))) == ([(1, 0)], 5.0, [(0,)], 3.0)


def test_a_value_that_no_gate_makes_has_no_element():
    with pytest.raises(UsageError, match="x, which no line makes"):
        cr.debug(lambda x: x + 1.0, np.ones(2, "float32")).element("x")
