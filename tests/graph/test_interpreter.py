"""The interpreter: the plain step again, to the bit, with arguments held to what was traced."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor
from chainrule.errors import ChainruleError, ShapeError
from chainrule.graph import advance, evaluate, given, interpret

from .gates import same_bits

X = np.arange(6, dtype="float32").reshape(2, 3)


def test_strides_are_those_of_the_plain_step():
    def step(x):
        turned = x.T * 1
        return x.T, turned, turned.T.reshape(-1), cr.broadcast_to(x, (4, 2, 3))

    for made, expected in zip(cr.trace(step, X)(X), step(Tensor(X)), strict=True):
        assert made.data.strides == expected.data.strides
        assert same_bits(made, expected)


def test_evaluate_shows_every_value_and_changes_no_state():
    cell = Tensor([[1.0, 1.0, 1.0]], name="cell")

    def step(x):
        cell.assign(cell + x.sum(axis=0, keepdims=True))
        return cell * 2

    program = cr.trace(step, X)
    values = evaluate(program, X)
    assert set(values) == set(range(len(program.specs)))
    assert all((values[n].shape, values[n].dtype) == (s.shape, s.dtype) for n, s in enumerate(program.specs))
    assert cell.tolist() == [[1, 1, 1]]
    assert interpret(program, X).tolist() == [[8, 12, 16]]
    assert cell.tolist() == [[4, 6, 8]]


def test_arguments_may_be_tensors_or_arrays():
    program = cr.trace(lambda x: x * 2, Tensor(X))
    assert same_bits(program(X), program(Tensor(X)))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((), "0 arguments; expected 2 as traced"),
        ((X, 3, 4), "3 arguments"),
        ((X[:1], 3), r"argument 0 is f32\[1,3\]; expected f32\[2,3\] as traced"),
        ((X.astype("float64"), 3), r"argument 0 is f64\[2,3\]"),
        ((3, 3), "argument 0 is 3"),
        (([1.0], 3), "argument 0 is"),
        ((X, 4), "argument 1 is 4; expected 3 as traced"),
        ((X, X), "argument 1 is"),
    ],
)
def test_wrong_arguments(arguments, match):
    program = cr.trace(lambda x, power: x**power, X, 3)
    with pytest.raises(ShapeError, match=match) as caught:
        program(*arguments)
    assert caught.value.who == "program <lambda>" and "trace the step again" in caught.value.hint


def test_values_are_of_the_run():
    program = cr.trace(lambda x: cr.take_along_axis(x, cr.argmax(x, axis=1, keepdims=True), axis=1), X)
    assert program(X).tolist() == [[2], [5]]
    assert program(-X).tolist() == [[0], [-3]]


def test_labels_are_checked_in_every_run():
    program = cr.trace(lambda x, y: cr.softmax_cross_entropy(x, y), X, np.array([0, 1]))
    program(X, np.array([2, 2]))
    with pytest.raises(ChainruleError, match="label 3"):
        program(X, np.array([0, 3]))


def test_one_line_at_a_time():
    x = np.array([1.0, 2.0], "float32")
    program = cr.trace(lambda x: (x * 2).sum(), x)
    values = given(program, x)
    assert len(values) == 2, "the argument and the number 2"
    for count, line in enumerate(program.lines, 3):
        advance(program, line, values)
        assert len(values) == count
    assert values[program.output.number] == 6
