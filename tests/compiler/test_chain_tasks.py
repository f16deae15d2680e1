"""Chains to tasks: what is held by a few rows, what is fetched ahead, totals of pieces put together."""

import chainrule as cr
from chainrule import Tensor
from chainrule.compiler.chain_tasks import MOST_FEW
from chainrule.compiler.plan import Plan

from .slopes import arrays, as_plain, with_slopes
from .steps import arranged


def chain(function, *shapes):
    plan = Plan(arranged(function, *map(Tensor, arrays(*shapes))))
    return plan, next(row.task for row in plan.rows if row.task.name == "rows")


def test_what_nobody_else_reads_lies_in_a_few_rows():
    plan, task = chain(lambda x: cr.softmax(x, axis=1), (4000, 64))
    assert plan.peak < 4000 * 64  # bytes; the weights alone would be four times that
    first = task.kernel.stages[0]
    assert first.ahead == (0,)  # the argument is fetched where it is gone through first
    assert any(stage.held for stage in task.kernel.stages)
    assert not any(0 in stage.ahead for stage in task.kernel.stages[1:] if 0 in stage.held)


def test_how_many_rows_at_a_time():
    _, short = chain(lambda x: cr.softmax(x, axis=1), (400, 64))
    _, long = chain(lambda x: cr.softmax(x, axis=1), (400, 20000))
    assert short.arguments[2] == MOST_FEW
    assert long.arguments[2] == 1
    assert short.arguments[:2] == [short.pieces, 400]


def test_one_kernel_serves_every_size():
    kernels = [chain(lambda x: cr.softmax(x, axis=1), shape)[1].kernel for shape in ((40, 64), (999, 130))]
    assert kernels[0] == kernels[1]


def test_totals_of_pieces_are_put_together():
    plan, task = chain(with_slopes(lambda x, w: cr.layer_norm(x, 64, w)), (64, 64), (64,))
    assert [row.task.name for row in plan.rows].count("reduce") >= 1
    assert any(stage.loops.reduced for stage in task.kernel.stages)
    assert set(task.reads).isdisjoint(task.writes)


def test_rows_of_one_number_do_not_go_past_the_caches(monkeypatch):
    """Those of a piece, or of a few rows, begin anywhere in a cache line."""
    monkeypatch.setattr("chainrule.compiler.arrange.LARGE", 4)

    def step(x):
        size = cr.sqrt(cr.sum(x * x, axis=1))
        return size + 1.0, x / size.reshape(-1, 1)

    plan, task = chain(step, (10007, 48))
    past = [store.past for stage in task.kernel.stages for _, store in stage.loops.formula.stores]
    assert len(plan.rows) == 1 and task.pieces > 1 and past.count(True) == 1
    as_plain(step, *arrays((10007, 48)))
