"""The numbers that explain a result that is not finite."""

import numpy as np
import pytest

from chainrule.check.operands import operands
from chainrule.ops.arithmetic import Divide
from chainrule.ops.attention import Attention
from chainrule.ops.conv import Conv2d, Conv2dWeight
from chainrule.ops.linear import Linear, Matmul
from chainrule.ops.reduction import Mean, Sum
from chainrule.ops.softmax import Softmax

BIG = np.full((3, 4), 1e30, "float32")


def test_an_elementwise_gate_has_its_own_operands():
    found = operands(Divide(), (np.array([[1.0], [2.0]]), np.array([3.0, 0.0])), ("x", ""), (1, 1))
    assert found.read == [("x", 2.0), ("", 0.0)] and str(found) == "x = 2 and 0" and not found.note


@pytest.mark.parametrize("gate", [Linear(), Matmul()])
def test_the_largest_product_of_a_sum(gate):
    x, w = BIG.copy(), BIG.copy()
    x[2, 3], w[1, 3] = -2e30, 3e30
    second = w if isinstance(gate, Linear) else w.T
    found = operands(gate, (x, second), ("x", "w"), (2, 1))
    assert found.read == [("x", pytest.approx(-2e30)), ("w", pytest.approx(3e30))]
    assert found.note == "the largest of 4 products; they add up to -3e+60, beyond float32's 3.4e+38"


def test_the_largest_product_in_the_window_of_a_convolution():
    """Numbers outside of the window are larger, and are not the reason."""
    x, w = np.ones((2, 1, 4, 5), "float32"), np.ones((3, 1, 2, 2), "float32")
    x[1, 0, 2, 3], w[2, 0, 0, 1], x[0, 0, 0, 0], w[0] = 3e38, 7.0, 3.3e38, 9.0
    found = operands(Conv2d(), (x, w), ("images", "conv.weight"), (1, 2, 2, 2))
    assert found.read == [("images", pytest.approx(3e38)), ("conv.weight", 7.0)]
    assert found.note.startswith("the largest of 4 products; they add up to 2.1e+39")
    back = np.ones((2, 3, 3, 4), "float32")
    found = operands(Conv2dWeight((2, 2)), (x, back * 10), ("images", "conv.grad"), (1, 0, 0, 0))
    assert found.read == [("images", pytest.approx(3.3e38)), ("conv.grad", 10.0)]
    assert "the largest of 24 products" in found.note


def test_sums_that_only_overflow_on_the_way():
    x, w = np.array([[3e38, 3e38, -3e38, -3e38]], "float32"), np.ones((1, 4), "float32")
    assert operands(Linear(), (x, w), ("x", "w"), (0, 0)).note.endswith("0, sums on the way go beyond it")


@pytest.mark.parametrize(
    ("gate", "index"), [(Sum((0,)), (2,)), (Mean((0,), True), (0, 2)), (Sum((0, 1)), ())]
)
def test_the_largest_term_of_a_sum(gate, index):
    x = np.full((3, 4), 3e38, "float32")
    x[1, 2] = 3.3e38
    found = operands(gate, (x,), ("x",), index)
    assert found.read == [("x", pytest.approx(3.3e38))]
    many = 12 if index == () else 3
    assert found.note.startswith(f"the largest of {many} terms; they add up to ")
    assert operands(Sum((0,)), (x,), ("x",), (1,)).read == [("x", pytest.approx(3e38))]


def test_attention_is_no_sum_of_products():
    """It has two results, and the first alone is products of the second."""
    q = BIG[None]
    found = operands(Attention(1.0), (q, q * 2, -q), ("q", "k", "v"), (0, 1, 2))
    assert [name for name, _ in found.read] == ["max |q|", "max |k|", "max |v|"] and not found.note


def test_other_gates_have_the_largest_magnitude():
    found = operands(Softmax(1), (np.array([[1.0, -5.0]]),), ("scores",), (0, 0))
    assert found.read == [("max |scores|", 5.0)]
