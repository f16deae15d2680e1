"""Values are computed when asked for, are the plain step's to the bit, and outlive changes of the state."""

import numpy as np
import pytest

from chainrule import graph
from chainrule.errors import LabelError, ShapeError, UsageError
from chainrule.lens.values import Values

from ..check.learning import Learning, batch


def test_as_the_plain_step_to_the_bit_and_no_more_than_was_asked_for():
    learning = Learning("dropout")
    program = learning.step.program(*batch())
    values, whole = Values(program, batch()), graph.evaluate(program, *batch())
    middle = program.lines[4].outputs[0]
    assert np.array_equal(values[middle], whole[middle]) and values.done == 5
    for number, array in whole.items():
        assert values[number].tobytes() == array.tobytes() and values[number].dtype == array.dtype
    assert values.done == len(program.lines)


def test_state_and_batch_may_change_meanwhile():
    learning, (images, labels) = Learning("two-layer"), batch()
    program = learning.step.program(images, labels)
    expected, values = graph.evaluate(program, images, labels), Values(program, (images, labels))
    expected = {number: array.copy() for number, array in expected.items()}
    learning.step(images, labels)
    images[:] = 0
    assert all(np.array_equal(values[number], array) for number, array in expected.items())


def test_the_values_of_the_compiled_step():
    learning = Learning("two-layer")
    program = learning.step.program(*batch())
    first, second = (line.outputs[0] for line in program.lines[:2])
    values = Values(program, batch(), {first: np.zeros(3)})
    assert values[first].shape == (3,) and values.has(first) and not values.has(second)
    with pytest.raises(UsageError, match="which the compiled step does not make.*without compiled=True"):
        values[second]


def test_errors_of_a_gate_name_the_line_and_leave_the_rest():
    learning, (images, labels) = Learning("two-layer"), batch()
    values = Values(learning.step.program(images, labels), (images, labels + 5))
    with pytest.raises(LabelError, match="learning.py"):
        values.advance(100)
    assert values.done == 6 and values[values.program.lines[0].outputs[0]].shape == (6, 20)
    with pytest.raises(ShapeError, match="argument 0"):
        Values(values.program, (images[:2], labels))
