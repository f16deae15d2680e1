"""What the pages say of gates."""

import pytest
from extensions import gates

import chainrule as cr
from chainrule.ops.activation import Relu, Sigmoid
from chainrule.ops.conv import Conv2d

from ..laws.rows import KERNELS
from ..laws.table import TABLE


@pytest.mark.parametrize("gate", gates.every(), ids=lambda gate: gate.__name__)
def test_every_gate_says_formula_pattern_parts_and_kernel(gate):
    told = gates.told(gate, lambda name: None)
    assert gate.__name__ in told
    assert gates.PATTERNS[gate.pattern] in told
    assert ("none: it is one thought" in told) != hasattr(gate, "parts")
    assert "as its row" not in told
    row = TABLE[gate.__name__]
    assert ("NumPy runs it" in told) == (not row.kernels)


def test_every_kernel_of_the_table_has_words():
    assert set(KERNELS) <= set(gates.KERNELS)


def test_a_function_is_known_by_the_gates_that_it_applies():
    assert gates.applied_by(cr.relu) == [Relu]
    assert gates.applied_by(cr.conv2d) == [Conv2d]
    assert [gate.__name__ for gate in gates.applied_by(cr.l2)] == ["SumOfSquares"]
    assert [gate.__name__ for gate in gates.applied_by(cr.max)] == ["Max"]


def test_parts_in_the_words_of_the_gate():
    assert gates.parts(Sigmoid) == "Four gates: negative, exp, add, divide."
    assert gates.parts(TABLE["MulticlassHinge"].gate).startswith("smaller gates")


def test_the_formula_of_the_gradient_stands_under_that_of_the_gate():
    told = gates.told(Sigmoid, lambda name: None)
    assert "out = 1 / (1 + exp(-x))\nd out/dx = out · (1 - out)" in told


def test_what_a_function_is_made_of():
    room = {"__name__": "somewhere", "apply": cr.apply, "Relu": Relu, "mean": cr.mean}
    exec("def helper(x): return apply(Relu(), x)\ndef made(x): return mean(helper(x))", room)  # noqa: S102
    assert gates.used_by(room["made"]) == ((Relu,), ("mean",))
    assert gates.applied_by(room["made"]) == []
