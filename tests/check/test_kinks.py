"""Which gate switches between two points: by its mask, or by a slope that jumps."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.check.kinks import jump, jumped, switched
from chainrule.check.sketch import sketched
from chainrule.check.wide import Wide, given_to
from chainrule.ops.activation import Relu, Tanh
from chainrule.ops.arithmetic import Multiply
from chainrule.ops.norm import BatchNorm
from chainrule.ops.softmax import Softmax
from chainrule.random import Generator

from .wrong_rules import numbers


def found(function, x, step=1e-6):
    sketch = sketched(function, [x])
    at, number = Wide(sketch, given_to(sketch, [x])), sketch.wanted[0].number
    return switched(at, {number: x - step}, {number: x + step})


@pytest.mark.parametrize(
    ("function", "gate"),
    [
        (cr.relu, "relu"),
        (cr.abs, "abs"),
        (lambda x: cr.maximum(x, 0.0), "maximum"),
        (lambda x: cr.where(x > 0, x * 2.0, x), "greater"),
        (lambda x: cr.tanh(cr.relu(cr.exp(x) - 1.0)), "relu"),
        (lambda x: cr.max(x * np.array([1.0, 1.0, -1.0, 1.0]), axis=0), "max"),
    ],
)
def test_the_first_gate_that_switches(function, gate):
    x = np.array([1.0, -2.0, 0.0, -1.0]) if gate != "max" else np.array([0.0, -2.0, 0.0, -1.0])
    place = found(function, x)
    assert place.gate == gate and place.count >= 1 and place.index in ((2,), (0,))
    assert "test_kinks.py:" in place.line and f"{gate} (" in str(place)
    assert found(function, x + np.array([0.3, 0, 0.1, 0])) is None


def test_the_layer_is_named():
    model = nn.Sequential({"linear": nn.Linear(2, 2, bias=False, rng=Generator(0)), "relu": nn.ReLU()})
    model.linear.weight.assign(np.eye(2, dtype="float32"))
    place = found(model.astype("float64"), np.array([[0.0, 1.0]]))
    assert (place.gate, place.layer, place.index) == ("relu", "relu", (0, 0))


def test_smooth_gates_never_jump():
    x, y = numbers(3, 4), numbers(3, 4, seed=1)
    assert jumped(Tanh(), [x], [x + 1e-5]) == [None]
    assert jumped(Softmax(1), [x], [x + 1e-5]) == [None]
    x[0, 0] = 0.0
    assert jumped(Multiply(), [x - 1e-6, y], [x + 1e-6, y]) == [None, None]


def test_what_rounding_leaves_of_0_is_no_jump():
    assert jump(np.array([1e-17, 0.0]), np.array([-1e-17, 0.0])) is None
    assert jump(np.array([1e-3, 0.0]), np.array([-1e-3, 0.0])).tolist() == [True, False]


def test_gates_of_several_outputs_and_without_backward():
    x, one, zero = numbers(8, 3), np.ones(3), np.zeros(3)
    assert jumped(BatchNorm(1e-5), [x, one, zero], [x + 1e-6, one, zero]) == [None] * 3
    assert jumped(Relu(), [np.array([-1e-6, 1.0])], [np.array([1e-6, 1.0])])[0].tolist() == [True, False]
    assert jumped(cr.ops.selection.Greater(), [x, x], [x, x]) == [None, None]
