"""Values and nodes: what a node keeps, what a leaf is, what no_grad does."""

import gc
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, no_grad
from chainrule.errors import GradientError
from chainrule.graph import Value, recording, require_grad

from .gates import leaf


def test_a_value_of_data_holds_that_very_array():
    data = np.ones(2, "float32")
    value = Tensor.of(data)
    assert value.data is data and type(value) is Tensor
    assert (value.shape, value.dtype, value.weak, value.constant) == ((2,), np.float32, False, False)


def test_a_node_keeps_what_backward_names():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    assert (x + y).node.kept == {}
    assert set((x * y).node.kept) == {"x", "y"}
    out = cr.exp(x)
    assert out.node.kept["out"] is out.data
    assert cr.sum(x).node.kept == {}


def test_a_node_knows_who_fed_it():
    x, c = leaf(1.0), Tensor([2.0])
    node = (x * c).node
    assert node.parents == ((x.node, 0), (None, 0))
    assert [str(s) for s in node.specs] == ["f32[1]", "f32[1]"]
    assert (x * c).node.rank > node.rank > x.node.rank


def test_a_recalled_value_is_on_the_graph():
    x = leaf(2.0)
    out = cr.exp(x)
    recalled = out.node.recall(Tensor)
    assert recalled["out"].node is out.node
    kept = (x * x).node.recall(Tensor)
    assert kept["x"].node is x.node and kept["x"].data is x.data


def test_a_leaf_knows_its_value_weakly():
    x = leaf(1.0)
    node, gone = x.node, weakref.ref(x)
    assert node.value() is x
    del x
    gc.collect()
    assert gone() is None and node.value() is None


def test_require_grad_is_for_floats_and_keeps_the_graph():
    for data in (np.arange(2), np.array([True])):
        with pytest.raises(GradientError, match="expected float32 or float64"):
            require_grad(Value(data))
    x = leaf(1.0)
    made = x * 2
    node = made.node
    require_grad(made)
    assert made.node is node


def test_no_grad_ends_with_its_block():
    x = leaf(1.0)
    with no_grad():
        with no_grad():
            pass
        assert not (x * 2).requires_grad and not recording.get()
    assert (x * 2).requires_grad
    with pytest.raises(ValueError, match="inside"), no_grad():
        raise ValueError("inside")
    assert recording.get()
