"""Rooms: the memory of a plan is known, shared, and told by its bytes."""

import threading

import numpy as np

import chainrule as cr
from chainrule import Spec, Tensor, ops
from chainrule.compiler.plan import Plan
from chainrule.compiler.room import bytes_of, distinct
from chainrule.compiler.watch import keeping

from .steps import Halved, Learner, X, arranged


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


# --- plans that take turns --------------------------------------------------------------------------------


def summed(x):
    return cr.sum(ops.softmax(x @ np.ones((40, 30), "float32"), axis=0), axis=0)


def bounds(plan):
    """Where the arena of a plan lies."""
    start = plan.room.arena.ctypes.data
    return start, start + plan.room.arena.nbytes


def test_plans_of_one_step_share_an_arena():
    step = cr.compile(summed, fallback="error")
    large, small = (step.plan(np.zeros((n, 40), "float32")) for n in (64, 8))
    assert large.room.arena.nbytes > small.room.arena.nbytes > 0
    assert bounds(large)[0] == bounds(small)[0] and bounds(small)[1] <= bounds(large)[1]
    assert small.peak < large.peak, "what a plan says is what it needs itself"


def test_a_larger_plan_leaves_the_smaller_ones_memory_alone():
    step = cr.compile(summed, fallback="error")
    small, large, other = (step.plan(np.zeros((n, 40), "float32")) for n in (8, 64, 32))
    assert bounds(large)[0] != bounds(small)[0] and bounds(other)[0] == bounds(large)[0]


def test_who_watches_shares_the_arena_too():
    """What is watched is copied before somebody else's value lies there."""
    step, x = cr.compile(summed, fallback="error"), np.zeros((16, 40), "float32")
    plan, number = step.plan(x), step.program(x).lines[0].outputs
    watched = step.ready(x).watching(frozenset(number), frozenset(number))
    assert bounds(watched)[0] == bounds(plan)[0]


def test_other_steps_kept_values_and_numpy_lines_have_arenas_of_their_own():
    step, x = cr.compile(summed, fallback="error"), np.zeros((16, 40), "float32")
    plan, other = step.plan(x), cr.compile(summed, fallback="error").plan(x)
    watched = keeping(step.ready(x).made, step.program(x).lines[0].outputs)
    split = cr.compile(lambda x: cr.apply(Halved(), summed(x)) * 2, fallback="error")
    one, two = (split.plan(x[:n]) for n in (16, 8))
    places = [bounds(p)[0] for p in (plan, other, watched, one, two)]
    assert len(set(places)) == len(places)


def test_threads_take_turns_in_a_shared_arena():
    """On one thread each, and long enough to meet: nothing else would keep their kernels apart."""
    cr.set_threads(1)
    step = cr.compile(lambda x: cr.sum(ops.softmax(cr.exp(x), axis=0), axis=1), fallback="error")
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(n, 500)).astype("float32") for n in (900, 700, 500)]
    expected = [step(x).numpy().tobytes() for x in batches]
    wrong = []

    def run(x, right):
        wrong.extend(1 for _ in range(60) if step(x).numpy().tobytes() != right)

    workers = [threading.Thread(target=run, args=pair) for pair in zip(batches, expected, strict=True)]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        cr.set_threads(None)
    assert not wrong
