"""Gradients of functions: nested, of some arguments, of closures, and what they refuse."""

import numpy as np
import pytest

from chainrule import Tensor, grad, no_grad, value_and_grad
from chainrule.errors import GradientError, IndexingError, SettingError

from .graph.gates import leaf


def test_grad_nests():
    def cube(x):
        return x**3

    assert grad(cube)(2.0).item() == 12
    assert grad(grad(cube))(2.0).item() == 12
    assert grad(grad(grad(cube)))(2.0).item() == 6


def test_grad_of_a_function_that_uses_a_gradient():
    def penalty(x):
        return (grad(lambda y: (y**3).sum(), create_graph=True)(x) ** 2).sum()  # 9x⁴

    assert grad(penalty)(Tensor([2.0])).tolist() == [36 * 8]


def test_argnums():
    def f(x, y, z):
        return (x * y).sum() + z

    slopes = grad(f, (0, 1))(np.array([1.0, 2.0], "float32"), Tensor([3.0, 4.0]), 1.0)
    assert [s.tolist() for s in slopes] == [[3, 4], [1, 2]]
    assert grad(f, 1)(Tensor([1.0]), Tensor([5.0]), 0.0).tolist() == [1]
    value, slope = value_and_grad(f)(Tensor([2.0]), Tensor([5.0]), 0.5)
    assert value.item() == 10.5 and slope.tolist() == [5]


def test_parameters_of_the_closure_are_not_touched():
    w, x = leaf(2.0), leaf(3.0)
    slope = grad(lambda x: (w * x * x).sum())(x)
    assert slope.tolist() == [12]
    assert w.grad is None and x.grad is None


def test_an_argument_that_the_function_does_not_use_has_slope_zero():
    slopes = grad(lambda x, y: (x * x).sum(), (0, 1))(Tensor([1.0]), Tensor([1.0, 1.0]))
    assert slopes[1].tolist() == [0, 0]


def test_gradients_work_under_no_grad_and_leave_it_as_it_was():
    x = leaf(1.0)
    with no_grad():
        assert grad(lambda y: (y * y).sum())(Tensor([3.0])).tolist() == [6]
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda x: 3.0, "returned a float"),
        (lambda x: x * 2, "one number"),
        (lambda x: (x, x), "a tensor of one number"),
    ],
)
def test_grad_wants_one_number(function, match):
    with pytest.raises(GradientError, match=match):
        grad(function)(Tensor([1.0, 2.0]))


@pytest.mark.parametrize("which", [2, -3, (0, 2), "first", None, True, 0.0])
def test_grad_wants_arguments_that_are_given(which):
    with pytest.raises(IndexingError, match="of 2 arguments") as caught:
        grad(lambda x, y: (x * y).sum(), which)(Tensor([1.0]), Tensor([2.0]))
    assert (caught.value.who, caught.value.expected) == ("grad", "numbers from 0 to 1")


def test_arguments_may_be_counted_from_the_last():
    slope = grad(lambda x, y: (x * y).sum(), -1)(np.array([2.0]), np.array([5.0]))
    assert slope.tolist() == [2]


@pytest.mark.parametrize("function", [grad, value_and_grad])
def test_a_value_is_no_function(function):
    with pytest.raises(SettingError, match="a Tensor; expected a function") as caught:
        function((leaf(1.0) * 2).sum())
    assert caught.value.who == function.__name__
