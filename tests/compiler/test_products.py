"""Products to tasks: strides of stacks, when panels pay, and that sizes choose no kernel."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler.plan import Plan
from chainrule.compiler.products import Factor, Sizes, factor, flattened, shared_out
from chainrule.compiler.records import written
from chainrule.compiler.views import View
from chainrule.kernels.product import Product, Tile

from . import steps


def rows(function, *arguments):
    return Plan(steps.arranged(function, *arguments)).rows


def test_stacks_of_matrices():
    assert factor(View(0, (4, 2, 3), (6, 3, 1)), (4, 2, 5)).stack == 6
    assert factor(View(0, (2, 3), (3, 1)), (4, 2, 5)).stack == 0
    assert factor(View(0, (1, 2, 3), (6, 3, 1)), (4, 2, 5)).stack == 0


def test_a_stack_times_one_matrix_becomes_rows():
    a, b = Factor(View(0, (4, 2, 3), (6, 3, 1)), 6, 3, 1), Factor(View(1, (3, 5), (5, 1)), 0, 5, 1)
    assert flattened(Sizes(4, 2, 5, 3), a, b, [])[0] == Sizes(1, 8, 5, 3)
    assert flattened(Sizes(4, 2, 5, 3), a, b._replace(stack=15), [])[0] == Sizes(4, 2, 5, 3)
    # an operand with a stride of its own for each matrix cannot follow
    apart = [((4, 2, 5), (100, 5, 1))]
    assert flattened(Sizes(4, 2, 5, 3), a, b, apart)[0] == Sizes(4, 2, 5, 3)


def test_rows_are_cut_first():
    assert shared_out(Sizes(1, 64, 512, 128), Tile(8, 2)) == (16, 8)
    assert shared_out(Sizes(1, 4, 4, 4), Tile(8, 2)) == (1, 1)


@pytest.mark.parametrize("turn", [False, True])
def test_sizes_choose_no_kernel(turn):
    """A short last batch and the evaluation's batch compile nothing: packed or not, it is one kernel."""

    def names(batch):
        x, y = np.ones((batch, 784), "f4"), np.ones((batch, 512), "f4")
        made = rows(lambda x, y: (y.mT @ x) if turn else (x @ x.mT), cr.Tensor(x), cr.Tensor(y))
        return {written(row.task.kernel).name for row in made if isinstance(row.task.kernel, Product)}

    assert names(5) == names(64) == names(500)


@pytest.mark.parametrize("shape", [(3, 5, 7), (64, 100, 784), (512, 784, 128), (300, 96, 200), (1, 48, 1)])
@pytest.mark.parametrize("form", ["ab", "abt", "atb", "atbt"])
def test_products_of_every_form(shape, form):
    m, n, k = shape
    rng = np.random.default_rng(0)
    a = rng.normal(size=(k, m) if "at" in form else (m, k)).astype("f4")
    b = rng.normal(size=(n, k) if form.endswith("bt") else (k, n)).astype("f4")
    step = cr.compile(
        lambda a, b: (a.mT if "at" in form else a) @ (b.mT if form.endswith("bt") else b), fallback="error"
    )
    left, right = (a.T if "at" in form else a), (b.T if form.endswith("bt") else b)
    exact, bound = left.astype("f8") @ right.astype("f8"), np.abs(left) @ np.abs(right)
    assert np.all(np.abs(step(cr.Tensor(a), cr.Tensor(b)).numpy() - exact) <= 1e-6 * bound)


def test_a_matrix_without_neighbours_times_itself():
    """What may be read as it lies as a left factor has to be copied as a right one."""
    x = np.random.default_rng(0).normal(size=(12, 12)).astype("f4")
    step = cr.compile(lambda x: x[::2, ::2] @ x[::2, ::2], fallback="error")
    assert step(x).numpy() == pytest.approx(x[::2, ::2] @ x[::2, ::2], rel=1e-5, abs=1e-5)
