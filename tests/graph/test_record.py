"""A step written down is data: lines know their gate, their values and the user's place."""

import numpy as np

import chainrule as cr
from chainrule.graph import Program, Record
from chainrule.graph.record import Line


def test_a_program_is_a_record_of_lines():
    program = cr.trace(lambda x: cr.exp(x) * 2, np.ones(3, "float32"))
    assert isinstance(program, Record) and isinstance(program, Program)
    assert [type(line) for line in program.lines] == [Line, Line]
    exp, multiply = program.lines
    assert exp.inputs == tuple(program.inputs) and multiply.inputs[0] == exp.outputs[0]
    assert {line.phase for line in program.lines} == {"forward"}
    assert exp.place.file == __file__ and exp.place.function == "<lambda>"
