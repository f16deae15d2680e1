"""Chains of loops on both machines: the bits of the same loops one after the other, rows held or not."""

import numpy as np
import pytest

from chainrule.kernels import chain as room
from chainrule.kernels.chain import Chain, Stage, Walk
from chainrule.kernels.formula import NEXT, SAME, Formula, Number, Operand, Place, Step, Total
from chainrule.kernels.language.types import F32, F64
from chainrule.kernels.loops import Loops
from chainrule.ops.arithmetic import Add, Multiply, Subtract
from chainrule.ops.reduction import Max, Mean, Sum

from .machines import caught, holds, numbers, on_both, plant, strided, whole_everywhere


def one(gate, *inputs, dtype=F32):
    """A step of a formula."""
    return Step(gate, "forward", inputs, dtype)


def centred(dtype, held):
    """Three loops: the mean of each row; x less it, doubled mean in a loop over rows of one number; totals over rows.

    x, mean (few), x - mean, 2 · mean, Σ over rows of (x - mean) + 2 · mean
    """
    each = Operand(dtype, NEXT)
    same = Operand(dtype, SAME)
    mean = Loops(Formula((each,), (), ()), 1, 0, True, (Total(0, "add", Mean((1,)), each),))
    apart = Loops(Formula((each, same), (one(Subtract(), 0, 1, dtype=dtype),), ((2, each),)), 1)
    twice = Loops(Formula((each,), (one(Add(), 0, 0, dtype=dtype),), ((1, each),)), 0)
    totals = Loops(
        Formula((each, same), (one(Add(), 0, 1, dtype=dtype),), ()),
        0,
        1,
        False,
        (Total(2, "add", Sum((0,)), each),),
    )
    return Chain(
        (
            Stage(mean, (1,) if held else (), (0,)),
            Stage(apart, (1,) if held else ()),
            Stage(twice, (0, 1) if held else ()),
            Stage(totals, (1,) if held else ()),
        )
    )


def run(rows, width, few, pieces, dtype=F32, held=True, seed=0):
    """The chain's results: x - mean for all rows, and the totals of each piece."""
    x = numbers((rows, width), dtype, np.random.default_rng(seed))
    lines = pieces * few if held else rows
    mean, doubled = (strided((lines,), dtype) for _ in range(2))
    apart, sums = strided((rows, width), dtype), strided((pieces, width), dtype)
    arguments = [pieces, rows, few]
    arguments += [pieces, rows, width, x, width, mean, 1, width]
    arguments += [pieces, rows, width, x, width, mean, 1, apart, width]
    arguments += [pieces, rows, mean, doubled]
    arguments += [pieces, rows, width, apart, width, doubled, 1, sums, rows]
    after = on_both(centred(dtype, held), arguments, pieces, [mean, doubled, apart, sums])
    made = [a for a in after if isinstance(a, type(apart))]
    return x, made[2], made[-1]


@pytest.mark.parametrize("held", [True, False], ids=["held", "stored"])
@pytest.mark.parametrize(("rows", "width"), [(1, 1), (5, 3), (7, 16), (16, 33), (9, 130)])
def test_the_loops_of_a_chain(rows, width, held):
    for few, pieces, dtype in ((1, 1, F32), (3, 2, F64), (16, 3, F32), (4, 16, F64)):
        x, apart, sums = run(rows, width, few, pieces, dtype, held)
        mean = x.mean(1, keepdims=True)
        eps = 40 * np.finfo(dtype).eps * (1 + np.abs(x).max())
        holds(apart, x - mean, eps)
        expected = (x - mean + 2 * mean).sum(0)
        assert np.abs(sums.view().sum(0) - expected).max() <= eps * rows


def test_pieces_change_no_row():
    _, alone, _ = run(20, 17, 4, 1)
    _, shared, _ = run(20, 17, 4, 7)
    assert np.array_equal(alone.view(), shared.view())


def largest(dtype):
    """The largest number of each row, and of each column, of which a loop adds 1 to all."""
    each, same = Operand(dtype, NEXT), Operand(dtype, SAME)
    rows = Loops(Formula((each,), (), ()), 1, 0, True, (Total(0, "maximum", Max((1,)), each),))
    more = Loops(
        Formula((each, same), (one(Multiply(), 0, Number(2.0, dtype), dtype=dtype),), ((2, each),)),
        0,
        1,
        False,
        (Total(2, "maximum", Max((0,)), each),),
    )
    return Chain((Stage(rows), Stage(more)))


def test_totals_begin_with_what_changes_nothing():
    x = -np.abs(numbers((6, 20), F32, np.random.default_rng(3))) - 1
    best, doubled, columns = strided((6,), F32), strided((6, 20), F32), strided((2, 20), F32)
    arguments = [2, 6, 2, 2, 6, 20, x, 20, best, 1, 20, 2, 6, 20, x, 20, best, 1, doubled, 20, columns, 6]
    after = on_both(largest(F32), arguments, 2, [best, doubled, columns])
    made = [a for a in after if isinstance(a, type(best))]
    holds(made[0], x.max(1))
    holds(made[-2], x * 2)
    assert np.array_equal(made[-1].view().max(0), (x * 2).max(0))


FAULTS = [
    (Walk, "go", "row + few", "row", False),  # only slower
    (Walk, "at", "row + behind if n in self.stage.held else row", "row", True),
    (Walk, "go", "p.on(behind) if n in self.stage.held else p", "p", True),
    (Walk, "open", "identity(total.combine, dtype)", "1", True),
    (Walk, "results", "self.k.piece * self.nest.width", "0 * self.nest.width", True),
    (Walk, "across", "result.store(i, total.get(), mask)", "pass", True),
    (Chain, "__call__", "(first + few).at_most(stop)", "first + few", True),
    (Chain, "__call__", "start + block * few", "start", True),
    (Place, "on", "self.offset + count", "self.offset", True),
]


@pytest.mark.parametrize(
    ("owner", "name", "old", "new", "wrong"), FAULTS, ids=lambda x: getattr(x, "__name__", str(x))
)
def test_planted_faults(owner, name, old, new, wrong, monkeypatch):
    plant(monkeypatch, owner, name, old, new)

    def check():
        test_the_loops_of_a_chain(16, 33, True)
        test_totals_begin_with_what_changes_nothing()

    if not wrong:
        check()
        return
    with caught():
        check()


def test_it_is_code_of_every_target():
    whole_everywhere(centred(F32, True))
    assert room.Chain is Chain
