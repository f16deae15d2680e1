"""Tasks: pieces and kernels follow from shapes, and the batch size stays a number."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import Tensor, ops
from chainrule.compiler.plan import Plan
from chainrule.compiler.tasks import (
    MOST_PIECES,
    NEXT,
    SAME,
    STRIDED,
    Address,
    address,
    along,
    arranged,
    baked,
    crossed,
    placed,
    result_strides,
    share_out,
)
from chainrule.compiler.views import Axis, View
from chainrule.kernels.formula import Number
from chainrule.kernels.language import write
from chainrule.kernels.loops import Loops
from chainrule.kernels.panels import Pack
from chainrule.kernels.product import Product

from . import steps
from .steps import X


def rows(function, *arguments):
    return Plan(steps.arranged(function, *arguments)).rows


def test_pieces_are_a_function_of_the_work_alone():
    assert share_out(1) == share_out(40_000) == 1 and share_out(70_000) == 2
    assert share_out(10**12) == MOST_PIECES
    assert [share_out(n * 1000, 1000) for n in (1, 2, 5, 16, 99)] == [1, 2, 8, 16, 16]


def test_strides_become_words():
    assert (along(0), along(1), along(2), along(-1)) == (SAME, NEXT, STRIDED, STRIDED)
    axes = [Axis(5, (6, 0), False), Axis(3, (2, 1), False)]
    assert placed(Address(7), 0, axes[:1], axes[1]) == [Address(7), 6, 2]
    assert placed(Address(7), 1, axes[:1], axes[1]) == [Address(7), 0]


def test_reduced_loops_lie_inside_and_there_is_at_least_one():
    axes = [Axis(2, (1,), True), Axis(3, (1,), False), Axis(4, (1,), False)]
    assert [a.size for a in arranged(axes)] == [3, 2, 4]
    assert [a.size for a in arranged([])] == [1]


def test_addresses_count_bytes():
    groups = steps.arranged(lambda x: (x * 2)[1:, 1], X).groups
    view = View(groups.flow.program.inputs[0], (2,), (3,), 4)
    assert address(groups, view) == Address(view.base, 16)


def test_totals_lie_in_row_major_order():
    groups = steps.arranged(lambda x: x.sum(axis=1), np.ones((2, 3, 4), "f4")).groups
    (op,) = groups.groups[0].ops
    assert result_strides((2, 3, 4), op) == (4, 0, 1)


def test_zero_and_small_exponents_are_written_into_kernels_and_other_numbers_are_read():
    def numbers(function):
        groups = steps.arranged(function, X).groups
        op = groups.groups[0].ops[0]
        return baked(groups, op, 1)

    for power in (2, 3, 0.5, -1):
        assert isinstance(numbers(lambda x, p=power: x**p), Number)
    assert numbers(lambda x: x**1.3) is None and numbers(lambda x: x**7) is None
    assert isinstance(numbers(lambda x: ops.maximum(x, 0.0)), Number)
    assert numbers(lambda x: x * 3) is None and numbers(lambda x: ops.maximum(x, -0.0)) is None


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.softmax(x * 2 + x, axis=1),
        lambda x: (x - x.mean(axis=0)) * x,
        lambda x: ops.relu(ops.linear(x, Tensor(np.ones((16, 3), "f4"))) + 1).sum(axis=0),
        lambda x: ops.concat([x, x * 2], axis=1)[:, 1:4],
        lambda x: ops.argmax(x, axis=1),
    ],
)
def test_the_kernels_do_not_depend_on_the_batch_size(function):
    def texts(count):
        x = np.ones((count, 3), "float32")
        return [write(row.task.kernel).name for row in rows(function, x)]

    assert texts(5) == texts(64) == texts(333)


def test_large_work_is_shared_and_small_work_is_not():
    (large,) = rows(lambda x: ops.exp(x), np.ones((512, 512), "f4"))
    (small,) = rows(lambda x: ops.exp(x), X)
    assert 1 < large.task.pieces <= MOST_PIECES and small.task.pieces == 1
    assert large.task.name == "loop" and isinstance(large.task.kernel, Loops)


def test_a_product_packs_its_right_side_once():
    w = Tensor(np.ones((4, 3), "f4"))
    made = rows(lambda x: ops.relu(ops.linear(x, w)) + ops.linear(x * 2, w), X)
    assert [row.task.name for row in made].count("pack") == 1
    assert [type(r.task.kernel) for r in made if r.task.name in ("pack", "product")].count(Product) == 2
    wide = rows(lambda x, y: x @ y, np.ones((4, 8), "f4"), np.ones((8, 32), "f4"))
    assert [type(row.task.kernel) for row in wide] == [Product]
    assert any(isinstance(row.task.kernel, Pack) for row in made)


def test_very_many_results_of_one_loop():
    def step(x):
        total, kept = (x + 1).sum(), []
        for k in range(60):
            total = total * 1.01 + k
            kept.append(total)
        return kept

    made = cr.compile(step, fallback="error")(X)
    plain = step(Tensor(X))
    assert all(np.isclose(a.item(), b.item()) for a, b in zip(made, plain, strict=True))


def test_an_epilogue_whose_operand_does_not_follow_the_joined_rows():
    """A stack times one matrix is one tall matrix, unless something added to it lies otherwise."""

    def step(x, w, y):
        return x @ w + y, x @ w * ops.permute_dims(x @ w, (1, 0, 2))

    rng = np.random.default_rng(0)
    x, w, y = (rng.normal(size=s).astype("f4") for s in ((4, 4, 3), (3, 5), (4, 5)))
    added, turned = cr.compile(step, fallback="error")(x, w, y)
    assert np.allclose(added.numpy(), x @ w + y, atol=1e-5)
    assert np.allclose(turned.numpy(), x @ w * (x @ w).transpose(1, 0, 2), atol=1e-5)


def test_tasks_say_what_they_read_and_write():
    plan = Plan(
        steps.arranged(lambda x, y: ops.exp(x) @ ops.tanh(y), np.ones((4, 3), "f4"), np.ones((3, 5), "f4"))
    )
    written_to = {n for row in plan.rows for n in row.task.writes}
    read = {n for row in plan.rows for n in row.task.reads}
    inputs = set(plan.program.inputs)
    assert inputs <= read and not inputs & written_to and read - inputs <= written_to
    assert sum(row.task.flops for row in plan.rows) >= 2 * 4 * 3 * 5


# --- loops across ---------------------------------------------------------------------------------------


def test_the_axis_across_stands_before_the_vector():
    """That along which all arrays have neighbours which are strided along the vector."""
    far, across, inner = Axis(3, (500, 500), False), Axis(5, (1, 100), False), Axis(7, (20, 1), False)
    assert crossed([across, far, inner]) == [far, across, inner]
    assert crossed([far, inner]) is None
    both = Axis(7, (20, 30), False)
    assert crossed([across, both]) is None  # the second array has its neighbours nowhere
    assert crossed([Axis(5, (1, 1), False), both]) is not None
    assert crossed([across, Axis(7, (0, 1), False)]) is None  # nothing is strided


def test_transposing_is_a_loop_in_squares_at_every_size():
    turned = lambda x: cr.permute_dims(x, (1, 2, 0)) * 2.0  # noqa: E731
    made = [rows(turned, Tensor(np.ones((n, 3, 5), "f4"))) for n in (2, 7, 16, 40)]
    kernels = {row.task.kernel for (row,) in made}
    assert len(kernels) == 1 and next(iter(kernels)).crossed


def test_a_long_axis_is_the_vector_where_a_brief_one_lies_apart_anyway():
    """Every second tap of filters: 16 filters at a time, not two taps."""
    plan = cr.compile(lambda w: w[:, :, ::2, 1::2] * 2.0).plan(Tensor(np.ones((40, 30, 4, 4), "f4")))
    (row,) = plan.rows
    sizes = row.task.arguments[1 : 2 + row.task.kernel.outer]
    assert sizes == [2, 2 * 40 * 30]
    beside = cr.compile(lambda w: w[:, :, ::2] * 2.0).plan(Tensor(np.ones((40, 30, 4, 4), "f4")))
    assert beside.rows[0].task.arguments[1 : 2 + beside.rows[0].task.kernel.outer][-1] == 4
