"""Rooms: the memory of a plan is known, shared, and told by its bytes."""

import numpy as np

import chainrule as cr
from chainrule import Tensor, ops
from chainrule.compiler.plan import Plan
from chainrule.compiler.room import bytes_of, distinct
from chainrule.graph import Spec

from .steps import Learner, X, arranged


def test_the_memory_is_known_and_shared():
    def deep(x):
        for _ in range(20):
            x = ops.softmax(x @ x, axis=1)
        return x

    x = np.ones((64, 64), "float32") / 64
    plan = cr.compile(deep, fallback="error").plan(x)
    assert 2 * x.nbytes <= plan.peak <= 8 * x.nbytes


def test_bytes_and_cells():
    assert bytes_of(Spec((3, 2), np.dtype("f8"))) == 48
    a, b = Tensor([1.0]), Tensor([1.0])
    assert [id(c) for c in distinct([a, b, a])] == [id(a), id(b)]


def test_a_value_has_one_address_unless_it_changes_from_call_to_call():
    plan = Plan(arranged(Learner().step, X))
    room, (x,) = plan.room, plan.program.inputs
    assert room.base(x) is None
    for number, array in room.targets.items():
        assert room.base(number) == array.ctypes.data and room.memory(number, [X], {}) is array
    start, stop = room.arena.ctypes.data, room.arena.ctypes.data + room.arena.nbytes
    assert room.offsets and all(start <= room.base(n) < stop for n in room.offsets)


def test_every_value_of_the_step_is_found():
    plan = Plan(arranged(lambda x: ops.exp(x).T * 2, X))
    made = plan.run([X])
    numbers = plan.room.numbers()
    assert plan.program.output.number in numbers and plan.program.inputs[0] in numbers
    assert np.array_equal(plan.value(plan.program.inputs[0], [X], made), X)
