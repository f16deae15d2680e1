"""The gate whose own backward is wrong is named, and no innocent one; kinks do not matter."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.check.examined import Effort
from chainrule.check.rules import culprits
from chainrule.check.sketch import sketched
from chainrule.check.wide import Wide, given_to

from .wrong_rules import Cube, OneWrong, Swapped, applied, numbers


def found(function, *inputs, **effort):
    sketch = sketched(function, inputs)
    return list(culprits(Wide(sketch, given_to(sketch, inputs)), Effort(**effort)))


def test_each_gate_at_its_own_numbers():
    def function(x, y):
        return cr.tanh(applied(Cube)(cr.exp(x))) @ applied(Swapped)(y, y * 2.0)

    first, second = found(function, numbers(3, 4), numbers(4, 2))
    assert (first.gate, first.path, first.input, first.value) == ("cube", "cube", "x", "exp")
    assert (second.gate, second.input, second.value) == ("swapped", "y", "multiply")
    assert first.slopes.backward / first.slopes.differences == pytest.approx(2 / 3)
    assert first.line.startswith("wrong_rules.py:") and "cr.apply(gate(), *inputs)" in first.source
    assert str(first).startswith("cube (makes cube): its slope to x[")


def test_nobody_is_named_where_all_are_right():
    x, w = numbers(2, 3, 7, 7), numbers(4, 3, 3, 3, seed=1)

    def function(x, w):
        return cr.log_softmax(cr.max_pool2d(cr.relu(cr.conv2d(x, w)), 2).reshape(2, -1), axis=1)

    assert not found(function, x, w) and not found(function, x, w, elements=0)


@pytest.mark.parametrize("elements", [0, 64])
def test_kinks_are_no_fault(elements):
    x = np.repeat(numbers(4, 5), 4, axis=1)
    x[0, :7] = 0.0
    assert not found(
        lambda x: cr.relu(x) + cr.max(x, axis=1, keepdims=True) + cr.abs(x), x, elements=elements
    )


def test_many_kinks_near_by_are_no_fault():
    rng = np.random.default_rng(0)
    x = rng.choice([-1, 1], 2000) * 10.0 ** rng.uniform(-11, 0, 2000)
    assert not found(cr.relu, x, elements=0, directions=4)


def test_only_gates_on_the_way_from_what_wants_a_gradient():
    fixed = cr.Tensor(numbers(2))
    sketch = sketched(lambda x: x * applied(Cube)(fixed), [numbers(2)])
    assert not list(culprits(Wide(sketch, given_to(sketch, [numbers(2)])), Effort()))


def test_one_element_of_many():
    x = numbers(30, 10)
    x[17, 3] = 150.0
    (gate,) = found(lambda x: applied(OneWrong)(x), x)
    assert gate.index == (17, 3)
