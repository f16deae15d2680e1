"""What a traced function is made of: its outputs, what a gradient can go to, the lines on the way."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.check.sketch import name_of, names_of, needed, sketched
from chainrule.errors import DTypeError, GradientError, UsageError
from chainrule.ops.activation import Relu
from chainrule.ops.arithmetic import Multiply
from chainrule.ops.shape import Concat
from chainrule.random import Generator

from .wrong_rules import numbers


def paths(sketch):
    return [(w.path, w.kind, w.gradient is not None) for w in sketch.wanted]


def test_inputs_come_first_then_parameters_each_with_its_gradient():
    layer = nn.Linear(3, 2, rng=Generator(0))
    sketch = sketched(layer, [np.ones((4, 3), "float32")])
    assert paths(sketch) == [("x", "input", True), ("weight", "parameter", True), ("bias", "parameter", True)]
    assert [w.cell for w in sketch.wanted] == [None, layer.weight, layer.bias]
    assert layer.weight.grad is None and isinstance(layer.weight.data, np.ndarray)


def test_what_no_way_leads_to_has_no_gradient():
    spare = cr.Tensor(2.0, dtype="float64", requires_grad=True, name="spare")
    sketch = sketched(lambda x, y: (x * y.detach() * spare.detach()).sum(), [numbers(2), numbers(2)])
    assert paths(sketch) == [("x", "input", True), ("y", "input", False), ("spare", "parameter", False)]


def test_the_first_output_alone():
    w = cr.Tensor([2.0], requires_grad=True, name="w")
    sketch = sketched(lambda x: (w.sum(), x * w), [np.ones(1, "float32")], slopes=False, first=True)
    assert paths(sketch) == [("w", "parameter", True)] and len(sketch.outputs) == 1
    loss, product = sketch.program.output
    assert loss.number == sketch.outcome != product.number


def test_several_outputs_are_one_outcome():
    sketch = sketched(lambda x: {"a": x * 2.0, "b": (x.argmax(axis=0), x > 0)}, [numbers(3)])
    assert len(sketch.outputs) == 1 and sketch.program.specs[sketch.outcome].shape == ()
    assert sketch.left_out == ["output 1, i64[]: no floats", "output 2, bool[3]: no floats"]


def test_the_lines_that_values_are_made_by():
    sketch = sketched(lambda x: (cr.exp(x), cr.tanh(x))[0], [numbers(3)])
    labels = [sketch.program.lines[k].gate.label for k in sketch.forward]
    assert labels == ["exp"] and "tanh" in [line.gate.label for line in sketch.program.lines]
    assert (
        set(sketch.forward)
        < set(sketch.way)
        == set(needed(sketch.program, [sketch.outcome, sketch.wanted[0].gradient]))
    )


def test_names():
    assert names_of(Multiply(), 2) == list(Multiply.inputs)
    assert names_of(Relu(), 1) == ["x"] and len(names_of(Concat(0), 3)) == 3
    assert names_of(nn.CrossEntropyLoss(), 2) == ["scores", "labels"]
    assert names_of(lambda x, *more: x, 3) == ["x", "input1", "input2"]
    assert name_of(nn.Linear(1, 1)) == "Linear" and name_of(Relu()) == "relu"


@pytest.mark.parametrize(
    ("kind", "act", "came"),
    [
        (UsageError, lambda: sketched("tanh", [numbers(2)]), "a str"),
        (UsageError, lambda: sketched(Relu, [numbers(2)]), "the class Relu"),
        (DTypeError, lambda: sketched(lambda x: x > 1, [numbers(2)]), "bool[2]"),
        (DTypeError, lambda: sketched(lambda x: 3, [numbers(2)]), "no tensor"),
        (
            GradientError,
            lambda: sketched(lambda x: x * 1.0, [numbers(2)], slopes=False),
            "depends on no parameter",
        ),
    ],
)
def test_what_has_no_slope(kind, act, came):
    with pytest.raises(kind) as caught:
        act()
    assert came in caught.value.came
