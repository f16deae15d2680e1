"""Formulas as data: steps on vectors, operands in memory, arguments in their order."""

from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from chainrule.errors import TraceError
from chainrule.kernels.formula import (
    NEXT,
    SAME,
    STRIDED,
    Arguments,
    Formula,
    Number,
    Operand,
    Place,
    Step,
    Total,
    not_finite,
)
from chainrule.kernels.language.checked import Checked, run_checked
from chainrule.kernels.language.regions import Fault
from chainrule.kernels.language.types import BOOL, F32, F64, I64, U8
from chainrule.ops.activation import Relu
from chainrule.ops.arithmetic import Add, Multiply, Subtract
from chainrule.ops.reduction import Sum
from chainrule.ops.selection import Less, Where

from .machines import caught, holds, numbers, on_both, plant, strided


@dataclass(frozen=True)
class Scaled:
    """A formula that is no gate."""

    by: float

    def forward(self, xp, x):
        return xp.abs(x) * self.by


def applied(formula, arrays, outs):
    """Sources of a formula, stored as they are: 16 numbers each."""

    def kernel(k):
        sources = formula.apply(k, [k.load(k.pointer(n, x.dtype), 0) for n, x in enumerate(arrays)])
        for n, (source, out) in enumerate(zip(sources, outs, strict=True), len(arrays)):
            k.store(k.pointer(n, out.dtype), 0, source)

    return on_both(kernel, [*arrays, *outs], 1, outs)[len(arrays) :]


# --- steps ----------------------------------------------------------------------------------------------


def test_steps_take_operands_earlier_steps_and_numbers():
    rng = np.random.default_rng(0)
    x, y = (numbers((16,), F32, rng) for _ in range(2))
    steps = (
        Step(Multiply(), "forward", (0, 1), F32),
        Step(Less(), "forward", (2, Number(0.0, F32)), BOOL),
        Step(Where(), "forward", (3, 0, 2), F32),
        Step(Scaled(0.5), "forward", (4,), F32),
        Step(Subtract(), "forward", (Number(2.0, F32), 5), F32),
        Step(Sum((0,)), "map", (6,), F32),
    )
    formula = Formula((Operand(F32, NEXT), Operand(F32, NEXT)), steps)
    outs = [np.empty(16, BOOL if n == 3 else F32) for n in range(8)]
    made = applied(formula, [x, y], outs)
    product = x * y
    chosen = np.where(product < 0, x, product)
    half = abs(chosen) * np.float32(0.5)
    expected = [x, y, product, product < 0, chosen, half, 2 - half, 2 - half]
    for a, b in zip(made, expected, strict=True):
        assert (a == b).all()


def test_a_number_has_the_dtype_it_says():
    formula = Formula((Operand(F32, NEXT),), (Step(Add(), "forward", (0, Number(0.1, F32)), F32),))
    x = np.ones(16, F32)
    assert (applied(formula, [x], [np.empty(16, F32) for _ in range(2)])[1] == x + np.float32(0.1)).all()
    wrong = Formula((Operand(F32, NEXT),), (Step(Add(), "forward", (0, Number(0.1, F64)), F64),))
    with pytest.raises(TraceError, match="vectors of float32 and float64"):
        applied(wrong, [x], [np.empty(16, F32) for _ in range(2)])


def test_without_steps_the_sources_are_the_operands():
    x = np.arange(16)
    (made,) = applied(Formula((Operand(I64, NEXT),), ()), [x], [np.empty(16, I64)])
    assert (made == x).all()


def test_equal_descriptions_are_equal_and_frozen():
    def made():
        step = Step(Scaled(2.0), "forward", (0, Number(1.5, F32)), F32)
        out = Operand(F32, STRIDED)
        return Formula((Operand(F32, SAME),), (step,), ((1, out),), (1,)), Total(1, "add", Sum((0,)), out)

    assert made() == made() and hash(made()) == hash(made())
    assert Operand(F32, NEXT) != Operand(F32, STRIDED) != Operand(F64, STRIDED)
    assert Step(Relu(), "forward", (0,), F32) != Step(Relu(), "forward", (1,), F32)
    with pytest.raises(FrozenInstanceError):
        made()[0].guards = ()


# --- places ---------------------------------------------------------------------------------------------


def moved(source, target, *, hoisted=False):
    """Copy (A, B, W) to (A, B, W), place by place."""
    kinds = [Operand(x.memory.dtype, x.along) for x in (source, target)]

    def kernel(k):
        take = Arguments(k)
        sizes = [take.integer() for _ in range(3)]
        read, write = (take.place(kind, 2) for kind in kinds)
        for a in k.range(sizes[0]):
            for b in k.range(sizes[1]):
                here, there = read.at(0, a).at(1, b), write.at(1, b).at(0, a)
                here = here.hoist() if hoisted else here
                for i, mask in k.lanes(0, sizes[2]):
                    there.store(i, here.load(i, mask), mask)

    arguments = [*source.shape, *source.arguments, *target.arguments]
    return on_both(kernel, arguments, 1, [target])[3 + len(source.arguments)]


@pytest.mark.parametrize("step", [0, 1, 2, 5, -1, -3])
@pytest.mark.parametrize("hoisted", [False, True])
def test_a_place_reads_along_any_stride(step, hoisted):
    for dtype in (F32, F64, I64, U8, BOOL):
        for width in (1, 16, 17, 35):
            x = strided((2, 3, width), dtype, [-2, 1, step])
            x.memory[:] = numbers(x.memory.shape, dtype, np.random.default_rng(width))
            holds(moved(x, strided(x.shape, dtype), hoisted=hoisted), x.view())


@pytest.mark.parametrize("steps", [(1, 1, 2), (1, -1, 1), (-1, 1, -1), (2, 3, -4)], ids=str)
def test_a_place_writes_along_any_stride(steps):
    for dtype in (F32, I64, BOOL):
        for width in (1, 16, 17, 35):
            x = strided((2, 3, width), dtype)
            x.fill(numbers(x.shape, dtype, np.random.default_rng(width)))
            holds(moved(x, strided(x.shape, dtype, steps)), x.view())


def test_a_place_leaves_the_one_it_came_from_where_it_is():
    x = strided((2, 3, 4), F32)

    def kernel(k):
        take = Arguments(k)
        place = take.place(Operand(F32, NEXT), 2)
        moved = place.at(0, k.integer(3)).at(1, k.integer(3))
        assert (place.offset, moved.offset.x) == (0, 2 * 12 + 2 * 4)
        assert moved.kept is None and moved.hoist() is moved

    run_checked(kernel, [x.memory, 12, 4, 2], 1)


def test_a_hoisted_place_reads_once(monkeypatch):
    reads = []
    usual = Checked.spread
    monkeypatch.setattr(Checked, "spread", lambda self, *a: reads.append(a) or usual(self, *a))
    x = strided((1, 1, 100), F32, [1, 1, 0]).fill(3.0)
    made = moved(x, strided((1, 1, 100), F32), hoisted=True)
    assert (made.view() == 3).all()
    assert len(reads) == 1


# --- arguments ------------------------------------------------------------------------------------------


def test_arguments_come_in_their_order():
    """An operand: its address, its strides along the loops, then the one along the vector if it needs one."""
    found = {}

    def kernel(k):
        take = Arguments(k)
        found["first"] = take.integer().x
        for along in (SAME, NEXT, STRIDED):
            place = take.place(Operand(F32, along), 2)
            found[along] = [s.x for s in place.strides], place.along.x if place.along is not None else None
        take.pointer(F64)
        found["slots"] = take.slot

    memory = np.zeros(1, F32)
    run_checked(kernel, [7, memory, 1, 2, memory, 3, 4, memory, 5, 6, 8, np.zeros(1)], 1)
    assert found == {
        "first": 7,
        SAME: ([1, 2], None),
        NEXT: ([3, 4], None),
        STRIDED: ([5, 6], 8),
        "slots": 12,
    }


def test_a_number_where_an_address_belongs_is_found():
    with pytest.raises(Fault, match="argument 0: a whole number used as an address"):
        run_checked(lambda k: Arguments(k).pointer(F32), [3], 1)


# --- finite ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_nan_and_infinity_are_not_finite(dtype):
    most, tiny = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
    x = np.array(
        [np.nan, np.inf, -np.inf, 0, -0.0, most, -most, tiny, -tiny, 1, -1, -np.nan, 2, 3, 4, 5], dtype
    )

    def kernel(k):
        k.store(k.pointer(1, BOOL), 0, not_finite(k.load(k.pointer(0, dtype), 0)))

    assert (on_both(kernel, [x, np.zeros(16, bool)], 1)[1] == ~np.isfinite(x)).all()


# --- faults that have to be found -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("lanes", "k.splat(self.offset + i * along)", "k.splat(self.offset + i)"),
        ("load", "self.offset + i, mask", "i, mask"),
        ("at", "self.offset + i", "i"),
        ("load", "self.lanes(i), mask)", "self.lanes(i))"),
        ("store", "self.lanes(i), value, mask)", "self.lanes(i), value)"),
    ],
)
def test_planted_faults_of_places(monkeypatch, name, old, new):
    plant(monkeypatch, Place, name, old, new)
    with caught():
        test_a_place_reads_along_any_stride(1, False)
        test_a_place_reads_along_any_stride(-3, False)
        test_a_place_writes_along_any_stride((2, 3, -4))


def test_planted_steps_out_of_order(monkeypatch):
    plant(monkeypatch, Formula, "apply", "*given", "*given[::-1]")
    x = np.arange(16.0)
    formula = Formula((Operand(F64, NEXT),) * 2, (Step(Subtract(), "forward", (0, 1), F64),))
    with caught():
        assert (applied(formula, [x, x * 2], [np.empty(16) for _ in range(3)])[2] == -x).all()
