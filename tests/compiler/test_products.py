"""Products to tasks: strides of stacks, when panels pay, and that sizes choose no kernel."""

from types import SimpleNamespace

import numpy as np
import pytest

import chainrule as cr
from chainrule.compiler import products as module
from chainrule.compiler.plan import Plan
from chainrule.compiler.products import (
    LARGE,
    SHORT,
    Epilogue,
    Factor,
    Sizes,
    factor,
    flattened,
    large_of,
    shared_out,
    strip_of,
)
from chainrule.compiler.views import View
from chainrule.errors import CompileError
from chainrule.kernels.language import write
from chainrule.kernels.language.types import F32
from chainrule.kernels.large import LEFT, RIGHT, Large
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
def test_the_batch_chooses_no_kernel(turn):
    """A short last batch and the evaluation's batch compile nothing: packed or not, it is one kernel.  Not so where
    the batch is the columns, as in a few rows times a large matrix: the tile follows from them.
    """

    def names(batch):
        x, y = np.ones((batch, 784), "f4"), np.ones((batch if turn else 512, 784), "f4")
        made = rows(lambda x, y: (y.mT @ x) if turn else (x @ y.mT), cr.Tensor(x), cr.Tensor(y))
        return {write(row.task.kernel).name for row in made if isinstance(row.task.kernel, Product)}

    assert names(5 if turn else 40) == names(64) == names(500)


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


# --- large matrices -------------------------------------------------------------------------------------

AFTER = SimpleNamespace(tile=Tile(8, 2), dtype=F32)
"""What the rules look at in an epilogue."""


def test_which_factor_is_read_in_long_stretches():
    many = LARGE // (4 * 1024)
    assert large_of(Sizes(1, many, 16, 1024), AFTER, True, False) == LEFT
    assert large_of(Sizes(1, 16, many, 1024), AFTER, False, True) == RIGHT
    assert (
        large_of(Sizes(1, many, 16, 1024), AFTER, False, False) is None
    )  # its neighbours lie along its rows
    assert large_of(Sizes(1, 16, many, 1024), AFTER, False, False) is None  # it is in panels
    for sizes in (Sizes(1, many - 1, 16, 1024), Sizes(2, many, 16, 1024), Sizes(1, many, 33, 1024)):
        assert large_of(sizes, AFTER, True, False) is None
    for sizes in (Sizes(1, 16, many - 16, 1024), Sizes(1, 16, 1 << 24, 6), Sizes(1, 16, many + 1, 1024)):
        assert large_of(sizes, AFTER, False, True) is None


def test_large_results_of_short_sums_are_written_row_by_row():
    assert strip_of(Sizes(1, 4096, 4096, 16), AFTER) == 128
    assert strip_of(Sizes(1, 4096, 4096, 4), AFTER) == 512
    assert strip_of(Sizes(1, 4096, 4096, 0), AFTER) > 1
    for sizes in (Sizes(1, 512, 512, 16), Sizes(1, 4096, 4096, SHORT + 1), Sizes(1, 1 << 20, 64, 16)):
        assert strip_of(sizes, AFTER) == 1


@pytest.mark.parametrize("which", [LEFT, RIGHT])
@pytest.mark.parametrize("rows", [1, 7, 16, 32])
def test_large_factors_change_no_bit(monkeypatch, which, rows):
    rng = np.random.default_rng(0)
    x, w = (rng.normal(size=shape).astype("f4") for shape in ((rows, 1100), (1100, 960)))
    w = w.T.copy() if which == LEFT else w

    def step(x, w):
        return cr.tanh(cr.Tensor.of(x.data) @ (w.mT if which == LEFT else w)) * 2.0

    def made(limit):
        monkeypatch.setattr(module, "LARGE", limit)
        compiled = cr.compile(step, fallback="error")
        kernels = [row.task.kernel for row in compiled.plan(cr.Tensor(x), cr.Tensor(w)).rows]
        found = [k.large for k in kernels if isinstance(k, Large)]
        return found, compiled(cr.Tensor(x), cr.Tensor(w)).numpy()

    usual, bits = made(LARGE)
    none, expected = made(1 << 60)
    assert (usual, none) == ([which], [])
    assert np.array_equal(bits, expected)
    exact = np.tanh(x.astype("f8") @ (w.T if which == LEFT else w)) * 2
    assert bits == pytest.approx(exact, abs=1e-3)


def test_an_operand_that_does_not_follow_the_product_is_an_error():
    """A fault of the compiler, and no reason for wrong numbers."""
    program = SimpleNamespace(
        groups=SimpleNamespace(flow=SimpleNamespace(program=SimpleNamespace(name="step")))
    )
    assert Epilogue.along(program, (2, 3), (3, 1), (1, 6, 1)) == (6, 1, 1)
    with pytest.raises(CompileError, match=r"step: strides \(5, 1\) of \(2, 3\) as \(6,\)"):
        Epilogue.along(program, (2, 3), (5, 1), (6,))
