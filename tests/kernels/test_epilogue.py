"""What follows a sum in registers: formulas, stores, masks and the guard, on both machines."""

import numpy as np
import pytest

from chainrule.kernels.epilogue import Epilogue
from chainrule.kernels.formula import NEXT, SAME, Arguments, Formula, Operand, Step
from chainrule.kernels.language.types import F32, LANES
from chainrule.ops.arithmetic import Add

from .machines import caught, holds, numbers, on_both, plant, strided

FORMULA = Formula(
    (Operand(F32, NEXT), Operand(F32, SAME), Operand(F32, NEXT)),
    (Step(Add(), "forward", (0, 1), F32), Step(Add(), "forward", (3, 2), F32)),
    ((4, Operand(F32, NEXT)), (0, Operand(F32, NEXT))),
    (3,),
)


def rows(k):
    """Arguments: rows, columns; the sums (rows, columns); those of the epilogue."""
    take = Arguments(k)
    high, wide, sums = take.integer(), take.integer(), take.pointer(F32)
    after = Epilogue(k, take, FORMULA, 1)
    assert [place.operand.along for place in after.neighbours()] == [NEXT]
    for i in k.range(high):
        for column, mask in k.lanes(0, wide):
            after.apply(k.load(sums, i * wide + column, mask), column, mask, after.at(i))
    after.close()


def check(shape, bias=None):
    rng = np.random.default_rng(0)
    sums, beside = (numbers(shape, F32, rng) for _ in range(2))
    bias = numbers(shape[:1], F32, rng) if bias is None else bias
    stores = [strided(shape, F32) for _ in range(2)]
    row = strided((shape[0], 1), F32, [1, 0]).fill(bias[:, None])
    arguments = [*shape, sums, row, row.strides[0], beside, shape[1]]
    for out in stores:
        arguments += [out, shape[1]]
    after = on_both(rows, [*arguments, np.zeros(1, np.uint8)], 1, stores)
    with np.errstate(all="ignore"):
        made = sums + bias[:, None]
        holds(after[-5], made + beside)
    holds(after[-3], sums)
    assert bool(after[-1][0]) == (not np.isfinite(made).all())


@pytest.mark.parametrize("shape", [(1, 1), (3, LANES), (2, 35)], ids=str)
def test_formulas_and_stores(shape):
    check(shape)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_guard(bad):
    check((2, 20), np.array([1, bad], "f4"))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("apply", "wrong if mask is None else wrong & mask", "wrong & ~wrong"),
        ("close", "self.bad.get()", "~self.bad.get()"),
    ],
)
def test_planted_faults_are_caught(monkeypatch, name, old, new):
    plant(monkeypatch, Epilogue, name, old, new)
    with caught():
        check((2, 35), np.array([1, np.nan], "f4"))
        check((2, 35))
