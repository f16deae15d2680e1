"""Groups: nothing is read before it is computed, and what can share a pass does."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.compiler.flow import flow_of, returned_numbers
from chainrule.compiler.fuse import MOST_ARRAYS, MOST_OPS, fuse, join
from chainrule.compiler.groups import LOOP, PRODUCT, Group, Groups, arrays

from .random_graphs import Learner as RandomLearner
from .random_graphs import NoFit, drawn
from .steps import Learner, X, arranged, labels


def fused(function, *arguments):
    program = cr.trace(function, *arguments)
    flow = flow_of(program, [*returned_numbers(program.output), *(n for _, n in program.updates)])
    return fuse(flow)


def kinds(groups):
    return [[op.gate.label for op in g.ops] for g in groups.groups if g.ops]


def check_order(groups, order):
    """Every op reads only what stands already, within its group or before it."""
    made = {n for group in groups.groups for n in group.makes()}
    there = set()
    for number in order:
        for op in groups.groups[number].ops:
            for n in op.inputs:
                base = groups.view(n).base
                assert base in there or base not in made, f"group {number} reads {base} too early"
            there |= set(op.outputs)
    assert there == made


def check_waits(groups):
    """Waiting is transitive, knows every reader, and goes in no circle."""
    for number, group in enumerate(groups.groups):
        assert not groups.waits(number, number)
        for op in group.ops:
            for maker in groups.makers(op):
                assert maker == number or groups.waits(number, maker)
        for other in range(len(groups.groups)):
            if groups.waits(number, other):
                assert groups.depends[other] & ~groups.depends[number] == 0
                assert not groups.waits(other, number)


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_run_in_order(seed):
    try:
        learner = RandomLearner(drawn(3000 + seed))
    except NoFit:
        return
    made = arranged(learner.step, *learner.arrays(0))
    check_waits(made.groups)
    check_order(made.groups, made.order)
    for group in made.groups.groups:
        assert len(group.ops) <= MOST_OPS and len(arrays(made.groups, group)) <= MOST_ARRAYS
        ranks = [op.rank for op in group.ops]
        assert ranks == sorted(ranks)


def test_elementwise_ops_share_a_loop_and_a_reduction_joins_it():
    assert kinds(fused(lambda x: (ops.exp(x * 2) + x).sum(), X)) == [["multiply", "exp", "add", "sum"]]


def test_a_reduction_over_other_axes_is_a_loop_of_its_own():
    groups = fused(lambda x: ((x * 2).sum(axis=0), (x * 2).sum(axis=1)), X)
    assert sorted(map(len, kinds(groups))) == [1, 2]


def test_what_reads_a_total_waits_for_it():
    groups = fused(lambda x: x - x.max(), X)
    assert kinds(groups) == [["max"], ["subtract"]]
    assert groups.waits(1, 0) and not groups.waits(0, 1)


def test_two_loops_that_meet_become_one():
    groups = fused(lambda x, y: ops.exp(x) * ops.tanh(y), X, X)
    assert kinds(groups) == [["exp", "tanh", "multiply"]] and groups.groups[0].kind == LOOP


def test_loops_do_not_join_across_one_that_lies_between():
    def step(x, y):
        a = ops.exp(x)
        b = ops.tanh(y) - a.sum()  # waits for the loop of a
        return a * b

    groups = fused(step, X, X)
    check_waits(groups)
    made = arranged(step, X, X)
    check_order(made.groups, made.order)


def test_waiting_is_handed_on_after_a_join():
    """The newest group takes another one in, and so has others that wait for it."""
    groups = Groups(None, groups=[Group(LOOP, (), []) for _ in range(4)], depends=[0] * 4)
    groups.order(1, 0)
    join(groups, 3, 0)
    assert groups.waits(1, 3) and not groups.waits(1, 0)
    groups.order(3, 2)
    assert groups.waits(1, 2)


def test_two_chains_with_a_number_that_both_touch():
    def step(w, p, v):
        a, b = ops.sigmoid(w) * ops.tanh(p), ops.negative(v)
        loss = (a * a).mean() + (b * b).mean()
        return loss, cr.graph.gradients(loss, [w, p, v])

    values = [cr.Tensor(np.ones(s, "f4"), requires_grad=True) for s in ((19, 2, 1), (), (19, 2, 7))]
    made = arranged(step, *values)
    check_waits(made.groups)
    check_order(made.groups, made.order)


def test_a_product_takes_what_follows_element_by_element():
    groups = fused(lambda x, w, b: ops.relu(ops.linear(x, w, b)), X, np.ones((4, 3), "f4"), np.ones(4, "f4"))
    assert kinds(groups) == [["matmul", "add", "relu"]] and groups.groups[0].kind == PRODUCT


def test_views_are_no_groups():
    groups = fused(lambda x: ops.exp(x.T.reshape((3, 5))[::-1]), X)
    assert [g[-1] for g in kinds(groups)] == ["exp"]
    copied = fused(lambda x: ops.exp(x.T.reshape((15,))), X)
    assert [op for g in kinds(copied) for op in g] == ["astype", "exp"]


def test_a_training_step_needs_few_passes():
    made = arranged(Learner(momentum=0.9).step, X)
    assert len(labels(made)) < 20
    check_order(made.groups, made.order)


def passes_over(step, *arrays):
    """How many kernels of a step read pictures for sums."""
    plan = cr.compile(step, fallback="error").plan(*arrays)
    specs = plan.groups.flow.specs
    tasks = [row.task for row in plan.rows if row.task.name == "reduce"]
    return sum(any(specs[n].size >= arrays[0].size for n in task.reads) for task in tasks)


def test_batch_norm_reads_its_pictures_once_for_its_statistics():
    x, w, b = np.ones((4, 3, 16, 16), "f4"), np.ones(3, "f4"), np.ones(3, "f4")
    assert passes_over(lambda x: cr.batch_norm(x, w, b)[0], x) == 2, (
        "once, and the first picture for the pivot"
    )


def test_sums_that_read_one_value_are_one_pass():
    x, y = (np.ones((40, 30), "f4") for _ in range(2))

    def step(x, y):
        made = x @ y.T @ y
        return cr.sum(made * x, axis=0), cr.sum(made, axis=0), cr.sum(made, axis=1)

    assert passes_over(step, x, y) == 2, "one for each pair of axes"
