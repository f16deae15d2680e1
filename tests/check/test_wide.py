"""Programs in float64: the numbers of plain execution, and only what was changed computed again."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.check.sketch import sketched
from chainrule.check.wide import Alone, Wide, computed, execute, given_to, handed, weights_for, wide
from chainrule.ops.activation import Tanh
from chainrule.ops.arithmetic import Multiply
from chainrule.ops.shape import Astype
from chainrule.ops.softmax import Softmax
from chainrule.random import Generator

from .wrong_rules import numbers


def at(function, *inputs):
    sketch = sketched(function, [x.astype("float32") for x in inputs])
    return Wide(sketch, given_to(sketch, inputs))


def test_the_outcome_and_its_gradients_are_those_of_float64():
    x, w = numbers(3, 4), numbers(4, 2, seed=1)
    whole = at(lambda x, w: cr.tanh(x @ w).sum(), x, w)
    assert whole.total == pytest.approx(np.tanh(x @ w).sum(), rel=1e-14)
    gradient = (1 - np.tanh(x @ w) ** 2) @ w.T
    np.testing.assert_allclose(whole.gradients[whole.sketch.wanted[0].number], gradient, rtol=1e-12)


def test_a_cast_to_float32_becomes_one_to_float64():
    assert wide(Astype("float32")) == Astype("float64") and wide(Astype("int64")) == Astype("int64")
    sketch = sketched(lambda x: x.astype("float32").sum(), [np.array([1 / 3])])
    assert Wide(sketch, given_to(sketch, [np.array([1 / 3])])).total == 1 / 3


def test_only_what_depends_on_a_change_is_computed_again():
    x, y = numbers(3), numbers(3, seed=1)
    whole = at(lambda x, y: (cr.exp(x) * cr.tanh(y)).sum(), x, y)
    second = whole.sketch.wanted[1].number
    assert [line.gate.label for line in whole.reading([second])] == ["tanh", "multiply", "sum"]
    assert whole.outcome({second: y + 1}) == pytest.approx((np.exp(x) * np.tanh(y + 1)).sum(), rel=1e-14)
    assert whole.outcome({}) == whole.total


def test_the_weighing_of_several_outputs_is_part_of_what_is_computed_again():
    x = numbers(4)
    whole = at(lambda x: x * 3.0, x)
    number = whole.sketch.wanted[0].number
    moved = whole.outcome({number: x + np.eye(4)[0]}) - whole.total
    assert moved == pytest.approx(whole.gradients[number][0], rel=1e-9) and 1.5 <= moved <= 4.5


def test_what_was_read_for_the_last_time_is_dropped():
    sketch = sketched(lambda x: cr.exp(cr.tanh(x)).sum(), [numbers(3)])
    lines = [sketch.program.lines[k] for k in sketch.forward]
    made = execute(lines, {sketch.program.inputs[0]: numbers(3)}, [lines[1].outputs[0]])
    assert list(made) == [lines[1].outputs[0]]


def test_one_gate_alone():
    x = numbers(5)
    (weights,) = weights_for(computed(Tanh(), [x]))
    alone = Alone(Tanh(), [x], [weights])
    assert alone.total == pytest.approx((np.tanh(x) * weights).sum())
    np.testing.assert_allclose(alone.handed([True])[0], weights * (1 - np.tanh(x) ** 2))
    assert alone.outcome({0: x * 0}) == 0


def test_weights_are_always_the_same_and_tell_softmax_from_nothing():
    x = numbers(2, 3)
    first, again = (weights_for(computed(Softmax(1), [x])) for _ in range(2))
    assert np.array_equal(first[0], again[0]) and first[0].min() >= 0.5 and first[0].max() < 1.5
    assert np.abs(handed(Softmax(1), [x], first, [True])[0]).max() > 1e-3
    assert weights_for([np.array([True])]) == [None]
    assert handed(Multiply(), [x, x], [np.ones_like(x)], [False, True])[0] is None


def test_cells_are_given_too():
    layer = nn.Linear(2, 3, rng=Generator(0))
    sketch = sketched(layer, [np.ones((1, 2), "float32")])
    given = given_to(sketch, [np.ones((1, 2))])
    assert {a.shape for a in given.values()} == {(1, 2), (3, 2), (3,)}
    assert all(a.dtype == np.float64 for a in Wide(sketch, given).values.values())
