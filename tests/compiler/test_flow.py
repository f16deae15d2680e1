"""The flow: composite gates taken apart, equal lines once, constants computed, the superfluous left out."""

import numpy as np

import chainrule as cr
from chainrule import Tensor, ops
from chainrule.compiler.flow import Flow, flow_of, parts_of, returned_numbers
from chainrule.compiler.labels import LabelCheck
from chainrule.graph import Ref, Spec
from chainrule.ops.arithmetic import Add
from chainrule.ops.recurrent import LstmCell

from .steps import X
from .test_compiled import Stumble


def flowing(function, *arguments):
    program = cr.trace(function, *arguments)
    return flow_of(program, [*returned_numbers(program.output), *(n for _, n in program.updates)])


def gates(flow: Flow):
    return [op.gate.label for op in flow.ops]


def test_equal_lines_are_computed_once():
    flow = flowing(lambda x: ops.exp(x) * ops.exp(x) + ops.exp(x), X)
    assert gates(flow) == ["exp", "multiply", "add"]
    assert len({flow.real(n) for op in flow.ops for n in op.inputs}) == 3


def test_equal_lines_of_equal_lines_too():
    flow = flowing(lambda x: ((x + 1) * 2, (x + 1) * 2, (x + 2) * 2), X)
    assert gates(flow) == ["add", "multiply", "add", "multiply"]


def test_a_users_gate_runs_as_often_as_it_is_written():
    flow = flowing(lambda x: cr.apply(Stumble(), x) + cr.apply(Stumble(), x), X)
    assert gates(flow) == ["stumble", "stumble", "add"]


def test_what_nobody_reads_is_left_out():
    def step(x):
        ops.exp(x).sum()
        return x * 2

    assert gates(flowing(step, X)) == ["multiply"]


def test_small_constants_are_computed_while_compiling():
    flow = flowing(lambda x: cr.graph.gradients((x * x).mean(), [x])[0], Tensor(X, requires_grad=True))
    assert "divide" in [line.gate.label for line in flow.program.lines]
    assert all(any(n not in flow.constants for n in op.inputs) for op in flow.ops)
    assert any(a.size == 1 and np.isclose(float(a.item()), 1 / 15) for a in flow.constants.values())


def test_composite_gates_are_taken_apart_all_the_way():
    flow = flowing(lambda x: ops.log_softmax(x), X)
    assert not any(hasattr(op.gate, "parts") for op in flow.ops)
    assert {"max", "exp", "log"} <= set(gates(flow))
    assert len({op.line for op in flow.ops}) == 1


def test_a_cell_with_two_outputs():
    def step(gates, c):
        h, c = ops.lstm_cell(gates, c)
        return c, h, h

    flow = flowing(step, np.ones((2, 12), "f4"), np.ones((2, 3), "f4"))
    program = flow.program
    made = {n for op in flow.ops for n in op.outputs}
    assert all(flow.real(ref.number) in made for ref in program.output)


def test_checks_are_kept_though_nobody_reads_them():
    flow = flowing(lambda x, y: ops.softmax_cross_entropy(x, y), X, np.arange(5) % 3)
    assert isinstance(flow.ops[0].gate, LabelCheck) and flow.checks == list(flow.ops[0].outputs)


def test_ops_come_after_what_they_read_and_are_counted():
    flow = flowing(lambda x, y: ops.softmax_cross_entropy(x, y).mean(), X, np.arange(5) % 3)
    known = {*flow.program.inputs, *flow.program.cells, *flow.constants}
    for rank, op in enumerate(flow.ops):
        assert op.rank == rank and set(op.inputs) <= known
        known |= set(op.outputs)


def test_parts_are_remembered_by_gate_and_specs():
    f32 = np.dtype("f4")
    specs = (Spec((2, 12), f32), Spec((2, 3), f32))
    assert parts_of(LstmCell(), specs, Tensor) is parts_of(LstmCell(), specs, Tensor)
    assert parts_of(LstmCell(), specs, Tensor) is not parts_of(
        LstmCell(), (Spec((1, 4), f32), Spec((1, 1), f32)), Tensor
    )


def test_new_values_and_aliases():
    flow = flowing(lambda x: x + 1, X)
    number = flow.constant(np.ones(3, "f4"))
    assert flow.specs[number] == Spec((3,), np.dtype("f4")) and flow.constants[number].sum() == 3
    flow.alias |= {number: number + 1, number + 1: 0}
    assert flow.real(number) == 0 and isinstance(flow.ops[0].gate, Add)


def test_references_are_found_in_any_output():
    assert returned_numbers({"a": Ref(3), "b": [Ref(1), (Ref(2), None, "x")]}) == [3, 1, 2]
    assert returned_numbers(None) == []
