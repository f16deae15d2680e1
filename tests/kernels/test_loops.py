"""Fused loops on both machines: the same bits, and those of NumPy; totals within the bound of a sum."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from chainrule.errors import TraceError
from chainrule.graph import xp
from chainrule.kernels import loops as room
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
)
from chainrule.kernels.language.checked import run_checked
from chainrule.kernels.language.types import BOOL, F32, F64, I32, I64, U8
from chainrule.kernels.loops import GRAIN, Loops, Nest, identity
from chainrule.ops.arithmetic import Add, Divide, Multiply, Negative, Subtract
from chainrule.ops.product import Prod
from chainrule.ops.reduction import Max, Mean, Min, Sum
from chainrule.ops.selection import (
    Equal,
    Greater,
    LessEqual,
    LogicalAnd,
    LogicalNot,
    LogicalOr,
    Maximum,
    Minimum,
    Where,
)

from .machines import Strided, caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere

ADD, MULTIPLY = Add(), Multiply()
SUM, MEAN, MAX, MIN, PROD = Sum((0,)), Mean((0,)), Max((0,)), Min((0,)), Prod((0,))
DTYPES = [F32, F64, I64, I32, U8]
WIDTHS = [0, 1, 2, 15, 16, 17, 31, 32, 33, 50]
ARRANGEMENTS = [  # the sizes of the kept loops, of the reduced ones, whether the inner axis is reduced
    ((), (), False),
    ((3,), (), False),
    ((3, 2), (), False),
    ((2, 3, 2), (), False),
    ((2, 1, 3, 2), (), False),
    ((), (3,), False),
    ((), (3, 2), False),
    ((2,), (3,), False),
    ((2, 3), (2, 2), False),
    ((2,), (2, 1, 3), False),
    ((), (), True),
    ((3,), (), True),
    ((2, 3), (), True),
    ((2, 2, 1, 3), (), True),
    ((), (3,), True),
    ((), (2, 1, 2, 2), True),
    ((3,), (2,), True),
    ((3, 1), (2, 2), True),
]


# --- one call -------------------------------------------------------------------------------------------


class Call:
    """A fused loop over arrays, and what NumPy makes of them."""

    def __init__(self, loops, sizes, width, operands, pieces=1, layout=None):
        self.loops, self.sizes, self.operands, self.pieces = loops, sizes, operands, pieces
        self.space = (*sizes, width)
        layout = layout or (lambda shape, dtype: strided(shape, dtype))
        self.stores = [layout(self.space, o.dtype) for _, o in loops.formula.stores]
        kept = sizes[: loops.kept]
        shape = kept if loops.inner_reduced else (*kept, width)
        self.results = [
            strided(shape, t.out.dtype) if loops.inner_reduced else layout(shape, t.out.dtype)
            for t in loops.totals
        ]
        last = () if not loops.inner_reduced else (loops.outer,)
        self.axes = (*range(loops.kept, loops.outer), *last)
        self.count = int(np.prod([self.space[a] for a in self.axes], dtype=np.int64))
        self.status = np.zeros(1, np.uint8)

    def arguments(self, pieces=None):
        made = [pieces or self.pieces, *self.space]
        for x in (*self.operands, *self.stores):
            made += x.arguments
        for x in self.results:
            whole = x.arguments if not self.loops.inner_reduced else [x, *x.strides]
            made += [*whole, self.count]
        return [*made, self.status] if self.loops.guards else made

    def outputs(self):
        return [*self.stores, *self.results]

    def results_of(self, arguments):
        """The outputs among the arguments after a run."""
        before = self.arguments()
        return [next(a for a, b in zip(arguments, before, strict=True) if b is out) for out in self.outputs()]

    def flag(self, arguments):
        return bool(arguments[-1][0])

    def run(self, seed=0):
        return on_both(self.loops, self.arguments(), self.pieces, self.outputs(), seed)

    def sources(self):
        """All sources as NumPy computes them, in the same dtypes."""
        made = [x.view() for x in self.operands]
        with np.errstate(all="ignore"):
            for step in self.loops.formula.steps:
                given = [x.dtype.type(x.value) if isinstance(x, Number) else made[x] for x in step.inputs]
                made.append(getattr(step.formula, step.method)(xp, *given))
        return [np.broadcast_to(x, self.space) for x in made]

    def check(self, seed=0):
        """Run on both machines; every output and the flag are right."""
        after, sources = self.run(seed), self.sources()
        made = self.results_of(after)
        for out, (source, _) in zip(made, self.loops.formula.stores, strict=False):
            holds(out, sources[source])
        bad = any(not np.isfinite(sources[n]).all() for n in self.loops.formula.guards)
        for number, total in enumerate(self.loops.totals):
            out = made[len(self.stores) + number]
            self.check_total(out, total, sources[total.source])
            if number in self.loops.guard_totals:
                bad |= not np.isfinite(out.view()).all()
        if self.loops.guards:
            assert self.flag(after) == bad
        return made

    def check_total(self, out, total, x):
        """A total, exact for whole numbers and extremes; else within the bound of a sum in any order."""
        if total.combine in ("maximum", "minimum"):
            return holds(out, getattr(np, total.combine).reduce(x, self.axes))
        if total.combine == "multiply":
            with np.errstate(all="ignore"):
                expected = np.multiply.reduce(x, self.axes, dtype=x.dtype)
            return np.testing.assert_allclose(out.view(), expected, rtol=1e-5)
        if x.dtype.kind != "f":
            return holds(out, np.add.reduce(x, self.axes, dtype=x.dtype))
        with np.errstate(all="ignore"):
            wide = np.add.reduce(x.astype(F64), self.axes)
            exact = total.formula.finish(xp, wide, np.float64(self.count))
            size = total.formula.finish(xp, np.add.reduce(np.abs(x.astype(F64)), self.axes), self.count)
        finite = np.isfinite(exact)
        found = out.view()
        assert (np.isfinite(found) == finite).all()
        bound = np.where(finite, (self.count + 4) * np.finfo(x.dtype).eps * size, 0)
        return holds(
            out._replace(memory=out.memory.copy()).fill(np.where(finite, found, 0)),
            np.where(finite, exact, 0),
            bound,
        )


def operand(space, dtype, rng, steps=None, order=None):
    made = strided(space, dtype, steps, order)
    return made.fill(distinct(made, numbers(space, dtype, rng)))


def distinct(made, x):
    """Numbers that do not differ along stretched axes."""
    for axis, stride in enumerate(made.strides):
        if stride == 0 and x.shape[axis]:
            x = np.broadcast_to(np.take(x, [0], axis), x.shape)
    return x


def kind(x):
    return Operand(x.memory.dtype, x.along)


def out_kind(dtype, along=NEXT):
    return Operand(np.dtype(dtype), along)


def axpy(dtype):
    """x · y + z: sources 0, 1, 2, then the product 3 and the sum 4."""
    return (Step(MULTIPLY, "forward", (0, 1), dtype), Step(ADD, "forward", (3, 2), dtype))


# --- every arrangement ----------------------------------------------------------------------------------


def arranged(arrangement, width, dtype, seed=0, pieces=None):
    """x · y + z with a store, a sum and a maximum, where there is something to reduce."""
    rng = np.random.default_rng(seed)
    kept, reduced, inner = arrangement
    sizes = (*kept, *reduced)
    space = (*sizes, width)
    x = operand(space, dtype, rng)
    y = operand(space, dtype, rng, [0] * len(sizes) + [1])
    z = operand(space, dtype, rng, [1] * len(sizes) + [0])
    totals = (Total(4, "add", SUM, out_kind(dtype)), Total(3, "maximum", MAX, out_kind(dtype)))
    reduces = inner or reduced
    if not (width if inner else 1):
        totals = totals[:1]  # there is no largest of nothing
    formula = Formula((kind(x), kind(y), kind(z)), axpy(dtype), ((4, out_kind(dtype)),))
    loops = Loops(formula, len(kept), len(reduced), inner, totals if reduces else ())
    alone = inner and not kept
    return Call(loops, sizes, width, [x, y, z], 1 if alone else pieces or 1 + seed % 5)


@pytest.mark.parametrize("arrangement", ARRANGEMENTS, ids=str)
@pytest.mark.parametrize("dtype", [F32, I64], ids=str)
def test_kept_and_reduced_loops_in_every_arrangement(arrangement, dtype):
    for seed, width in enumerate([0, 1, 15, 16, 17, 33, 64, 150]):
        arranged(arrangement, width, dtype, seed).check(seed)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_width_of_every_dtype(dtype):
    for seed, width in enumerate(WIDTHS):
        for arrangement in (((2,), (), False), ((2,), (), True), ((), (3,), False)):
            arranged(arrangement, width, dtype, seed).check(seed)


@pytest.mark.parametrize(
    "arrangement", [((5,), (), False), ((), (), False), ((), (3,), False), ((7,), (2,), True)], ids=str
)
def test_any_number_of_pieces_gives_the_same_bits(arrangement):
    first = None
    for pieces in range(1, 17):
        call = arranged(arrangement, 3 * GRAIN + 5, F32, pieces=pieces)
        after = call.run(pieces) if pieces in (2, 16) else compiled(call.loops, call.arguments(), pieces)
        bits = [x.memory.tobytes() for x in call.results_of(after)]
        first = first or bits
        assert bits == first


def test_pieces_cut_the_vector_axis_where_cache_lines_end():
    call = arranged(((), (), False), 200, F32, pieces=3)
    cuts = []

    class Noting(Nest):
        def keep(self, dimension, places, stretch):
            cuts.append(stretch[0].x)
            super().keep(dimension, places, stretch)

    run_checked(
        lambda k: Noting(k, call.loops, Arguments(k)).write(), [plain_of(x) for x in call.arguments()], 3
    )
    assert sorted(cuts) == [0, 2 * GRAIN, 200]


def plain_of(x):
    return x.memory if isinstance(x, Strided) else x


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0)], ids=str)
def test_a_loop_of_size_zero_reads_nothing_and_sums_to_zero(sizes):
    x = strided((*sizes, 5), F32)
    total = Total(0, "add", SUM, out_kind(F32))
    for kept, inner in ((0, False), (1, False), (1, True), (2, True)):
        loops = Loops(Formula((kind(x),), ()), kept, 2 - kept, inner, (total,))
        (out,) = Call(loops, sizes, 5, [x]).check()
        assert not out.view().any()


def test_masked_lanes_are_not_reduced():
    """exp(0) is 1 and -max is -1, so a lane too many would be seen."""
    x = operand((2, 17), F32, np.random.default_rng(0)).fill(-2.0)

    loops = Loops(
        Formula((kind(x),), (Step(Positive(), "map", (0,), F32),)),
        1,
        0,
        True,
        (Total(1, "add", SUM, out_kind(F32)), Total(0, "maximum", MAX, out_kind(F32))),
    )
    total, most = Call(loops, (2,), 17, [x]).check()
    assert total.view().tolist() == [17, 17]
    assert most.view().tolist() == [-2, -2]


@dataclass(frozen=True)
class Positive:
    """1 also where nothing is."""

    def map(self, xp, x):
        return xp.abs(x) + (1 - xp.abs(x))


# --- strides --------------------------------------------------------------------------------------------


STEPS = {SAME: [0], NEXT: [1], STRIDED: [2, 3, -1, -2]}


@pytest.mark.parametrize(("along", "other"), list(product((SAME, NEXT, STRIDED), repeat=2)))
@pytest.mark.parametrize("inner", [False, True])
def test_operands_go_on_in_every_way(along, other, inner):
    rng = np.random.default_rng(7)
    for width in (1, 19):
        for step, outer in product(STEPS[along], (1, 0, -3)):
            x = operand((3, 2, width), F32, rng, [outer, -1, step])
            y = operand((3, 2, width), F32, rng, [1, outer, STEPS[other][-1]])
            formula = Formula((kind(x), kind(y)), (Step(ADD, "forward", (0, 1), F32),), ((2, out_kind(F32)),))
            totals = (Total(2, "add", SUM, out_kind(F32)),)
            for loops in (
                Loops(formula, 2, 0, inner, totals if inner else ()),
                Loops(formula, 1, 1, inner, totals),
            ):
                Call(loops, (3, 2), width, [x, y], 2).check()


def test_a_transposed_operand():
    rng = np.random.default_rng(1)
    x = operand((20, 18), F64, rng, order=(0, 1))
    y = operand((20, 18), F64, rng, [-1, -1], order=(0, 1))
    assert x.along == y.along == STRIDED
    formula = Formula((kind(x), kind(y)), (Step(Subtract(), "forward", (0, 1), F64),), ((2, out_kind(F64)),))
    Call(Loops(formula, 1), (20,), 18, [x, y], 3).check()


@pytest.mark.parametrize("step", [2, 3, -1, -2])
def test_results_may_have_strides(step):
    rng = np.random.default_rng(2)
    x = operand((3, 2, 19), F32, rng)
    formula = Formula((kind(x),), (Step(Negative(), "forward", (0,), F32),), ((1, out_kind(F32, STRIDED)),))
    total = Total(1, "add", SUM, out_kind(F32, STRIDED))

    def layout(shape, dtype):
        return strided(shape, dtype, [*[1] * (len(shape) - 1), step])

    Call(Loops(formula, 2), (3, 2), 19, [x], 2, layout).check()
    Call(Loops(formula, 1, 1, False, (total,)), (3, 2), 19, [x], 2, layout).check()


def test_results_may_lie_turned():
    x = operand((3, 19), F32, np.random.default_rng(2))
    formula = Formula((kind(x),), (), ((0, out_kind(F32, STRIDED)),))
    made = Call(Loops(formula, 1), (3,), 19, [x], 1, lambda shape, dtype: strided(shape, dtype, order=(0, 1)))
    made.check()


# --- several, masks, numbers ----------------------------------------------------------------------------


def test_several_stores_and_totals_in_one_pass():
    rng = np.random.default_rng(3)
    x, y = (operand((4, 3, 21), F32, rng) for _ in range(2))
    steps = (
        Step(MULTIPLY, "forward", (0, 1), F32),
        Step(Greater(), "forward", (2, 1), BOOL),
        Step(Where(), "forward", (3, 0, 2), F32),
        Step(LogicalNot(), "forward", (3,), BOOL),
        Step(Maximum(), "forward", (4, Number(0, F32)), F32),
        Step(MEAN, "map", (4,), F32),
    )
    stores = tuple(
        (n, out_kind(d)) for n, d in ((2, F32), (3, BOOL), (4, F32), (5, BOOL), (6, F32), (0, F32))
    )
    totals = tuple(
        Total(n, combine, gate, out_kind(F32))
        for n, combine, gate in ((2, "add", SUM), (7, "add", MEAN), (6, "maximum", MAX), (0, "add", MEAN))
    )
    formula = Formula((kind(x), kind(y)), steps, stores, (4,))
    for kept, reduced, inner in ((1, 1, False), (1, 1, True), (2, 0, True)):
        loops = Loops(formula, kept, reduced, inner, totals, (0, 3))
        Call(loops, (4, 3), 21, [x, y], 3).check()


def test_masks_are_read_combined_and_stored():
    rng = np.random.default_rng(4)
    x, y = (operand((2, 35), BOOL, rng, [1, s]) for s in (1, 2))
    steps = tuple(
        Step(gate, "forward", inputs, BOOL)
        for gate, inputs in (
            (LogicalAnd(), (0, 1)),
            (LogicalOr(), (0, 1)),
            (LogicalNot(), (2,)),
            (Equal(), (3, 4)),
        )
    )
    formula = Formula((kind(x), kind(y)), steps, tuple((n, out_kind(BOOL)) for n in range(6)))
    Call(Loops(formula, 1), (2,), 35, [x, y], 2).check()


def test_the_mean_divides_by_the_count_given():
    x = operand((3, 5, 7), F64, np.random.default_rng(5))
    total = Total(0, "add", MEAN, out_kind(F64))
    for kept, inner in ((0, False), (1, False), (1, True), (2, True)):
        loops = Loops(Formula((kind(x),), ()), kept, 2 - kept, inner, (total,))
        (out,) = Call(loops, (3, 5), 7, [x]).check()
        axes = (*range(kept, 2), *((2,) if inner else ()))
        np.testing.assert_allclose(out.view(), x.view().mean(axes), rtol=1e-14)


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("extreme", [MAX, MIN], ids=["maximum", "minimum"])
def test_an_extreme_of_nan_is_nan_and_of_infinities_infinite(dtype, extreme):
    x = operand((4, 18), dtype, np.random.default_rng(6))
    x.view()[1, 17], x.view()[2, 3], x.view()[3] = np.nan, np.inf, -np.inf
    total = Total(0, extreme.combine, extreme, out_kind(dtype))
    for kept, inner in ((1, True), (0, False)):
        Call(Loops(Formula((kind(x),), ()), kept, 1 - kept, inner, (total,)), (4,), 18, [x]).check()


@pytest.mark.parametrize("dtype", [F32, F64, I32, U8], ids=str)
def test_products_and_smallest_numbers(dtype):
    rng = np.random.default_rng(7)
    for width in (1, 15, 16, 17, 40):
        x = operand((3, width), dtype, rng)
        x.view()[...] = (
            rng.integers(1, 4, (3, width)) if dtype.kind != "f" else rng.uniform(0.5, 2, (3, width))
        )
        kinds = (("multiply", PROD), ("minimum", MIN))
        totals = tuple(Total(0, combine, gate, out_kind(dtype)) for combine, gate in kinds)
        for kept, inner in ((1, True), (0, False)):
            Call(Loops(Formula((kind(x),), ()), kept, 1 - kept, inner, totals), (3,), width, [x]).check()


def test_what_changes_nothing():
    assert identity("add", F32) == 0
    assert identity("maximum", F64) == -np.inf
    assert identity("maximum", U8) == 0
    assert identity("maximum", I32) == -(2**31)
    assert identity("minimum", F32) == np.inf and identity("minimum", U8) == 255
    assert identity("multiply", F32) == identity("multiply", I32) == 1


def test_dtypes_that_do_not_fit_are_refused():
    x = operand((5,), F32, np.random.default_rng(0))
    loops = Loops(Formula((kind(x),), (), ((0, out_kind(F64)),)))
    with pytest.raises(TraceError, match="a store of float32 into float64"):
        Call(loops, (), 5, [x]).run()


# --- guards ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("arrangement", [((2,), (), False), ((), (2,), False), ((2,), (), True)], ids=str)
def test_the_flag_is_set_if_one_lane_is_not_finite(bad, arrangement):
    kept, reduced, inner = arrangement
    total = (Total(0, "add", SUM, out_kind(F32)),)
    for width in (1, 16, 17, 31, 33):
        for place in {0, width // 2, width - 1}:
            x = operand((2, width), F32, np.random.default_rng(0))
            x.view()[1, place] = bad
            for guards, results in (((0,), ()), ((), (0,))):
                if results and not (inner or reduced):
                    continue
                loops = Loops(
                    Formula((kind(x),), (), (), guards), len(kept), len(reduced), inner,
                    total if inner or reduced else (), results,
                )  # fmt: skip
                call = Call(loops, (2,), width, [x], 2 if kept else 1)
                call.check()
                assert call.flag(call.run())


def test_lanes_behind_the_last_raise_no_flag():
    """1 / 0 where nothing is read."""
    for width in range(1, 34):
        x = operand((2, width), F32, np.random.default_rng(0)).fill(2.0)
        steps = (Step(Reciprocal(), "map", (0,), F32),)
        for inner in (False, True):
            total = (Total(1, "add", SUM, out_kind(F32)),)
            loops = Loops(
                Formula((kind(x),), steps, (), (1,)),
                1,
                0,
                inner,
                total if inner else (),
                (0,) if inner else (),
            )
            call = Call(loops, (2,), width, [x], 2)
            assert not call.flag(call.run())


def test_totals_of_lanes_behind_the_last_raise_no_flag():
    x = operand((3, 17), F32, np.random.default_rng(0)).fill(2.0)
    loops = Loops(Formula((kind(x),), ()), 0, 1, False, (Total(0, "add", Inverse(), out_kind(F32)),), (0,))
    call = Call(loops, (3,), 17, [x])
    assert not call.flag(call.run())
    call = Call(loops, (3,), 17, [x.fill(0.0)])
    assert call.flag(call.run())


@dataclass(frozen=True)
class Reciprocal:
    def map(self, xp, x):
        return 1 / x


@dataclass(frozen=True)
class Inverse:
    def finish(self, xp, total, count):
        return 1 / total


def test_a_total_that_runs_over_is_guarded():
    x = operand((2, 20), F32, np.random.default_rng(0)).fill(3e38)
    loops = Loops(Formula((kind(x),), ()), 1, 0, True, (Total(0, "add", SUM, out_kind(F32)),), (0,))
    call = Call(loops, (2,), 20, [x])
    assert call.flag(call.run())


# --- drawn descriptions ---------------------------------------------------------------------------------


UNARY = {"f": [Negative(), Positive()], "iu": [Negative()], "b": [LogicalNot()]}
BINARY = {
    "f": [Add(), Subtract(), Multiply(), Maximum(), Minimum(), Divide()],
    "iu": [Add(), Subtract(), Multiply(), Maximum(), Minimum()],
    "b": [LogicalAnd(), LogicalOr()],
}
COMPARISONS = [Greater(), LessEqual(), Equal()]


def draw(rng):
    """A description with its arrays: any dtypes, steps, strides, loops."""
    kept, reduced = int(rng.integers(0, 4)), int(rng.integers(0, 3))
    inner = bool(rng.integers(2))
    sizes = tuple(int(n) for n in rng.integers(1, 4, kept + reduced))
    width = int(rng.choice([1, 2, 7, 15, 16, 17, 20, 33]))
    if not sizes and not inner and rng.random() < 0.5:
        width += 130
    space = (*sizes, width)
    dtype = DTYPES[rng.integers(len(DTYPES))]
    letter = "f" if dtype.kind == "f" else "iu"
    kinds = [dtype, dtype, BOOL][: int(rng.integers(1, 4))]
    operands = [drawn_operand(space, d, rng) for d in kinds]
    dtypes, steps = list(kinds), []
    for _ in range(int(rng.integers(0, 6))):
        gate, inputs, made = drawn_step(dtypes, dtype, letter, rng)
        steps.append(Step(gate, "map" if isinstance(gate, Positive) else "forward", inputs, made))
        dtypes.append(made)
    stores, along = [], NEXT if rng.random() < 0.6 else STRIDED
    for n in rng.choice(len(dtypes), min(len(dtypes), int(rng.integers(1, 4))), replace=False):
        stores.append((int(n), Operand(dtypes[n], along)))
    numeric = [n for n, d in enumerate(dtypes) if d != BOOL]
    floats = [n for n in numeric if dtypes[n].kind == "f"]
    totals = tuple(
        drawn_total(numeric, dtypes, NEXT if inner else along, rng) for _ in range(int(rng.integers(1, 4)))
    )
    totals = totals if inner or reduced else ()
    guards = (int(rng.choice(floats)),) if floats and rng.random() < 0.4 else ()
    guard_totals = tuple(n for n, t in enumerate(totals) if t.out.dtype.kind == "f" and rng.random() < 0.3)
    formula = Formula(tuple(kind(x) for x in operands), tuple(steps), tuple(stores), guards)
    loops = Loops(formula, kept, reduced, inner, totals, guard_totals)
    step = int(rng.choice([2, 3, -1, -2]))

    def layout(shape, dtype):
        return strided(shape, dtype, [*[1] * (len(shape) - 1), 1 if along == NEXT else step])

    pieces = 1 if inner and not kept else int(rng.integers(1, 17))
    return Call(loops, sizes, width, operands, pieces, layout)


def drawn_operand(space, dtype, rng):
    steps = [int(n) for n in rng.choice([1, 1, 1, 0, 2, -1, -2], len(space))]
    order = None if rng.random() < 0.7 else tuple(int(n) for n in rng.permutation(len(space)))
    made = operand(space, dtype, rng, steps, order)
    if dtype.kind == "f" and rng.random() < 0.15:
        bad = rng.choice([np.nan, np.inf, -np.inf, 0.0])
        made.memory[rng.integers(made.memory.size)] = bad
    return made


def drawn_step(dtypes, dtype, letter, rng):
    same = [n for n, d in enumerate(dtypes) if d == dtype]
    masks = [n for n, d in enumerate(dtypes) if d == BOOL]

    def pick(places):
        return int(rng.choice(places))

    what = rng.random()
    if masks and what < 0.15:
        return Where(), (pick(masks), pick(same), pick(same)), dtype
    if masks and what < 0.25:
        gate = BINARY["b"][rng.integers(2)]
        return gate, (pick(masks), pick(masks)), BOOL
    if what < 0.4:
        return COMPARISONS[rng.integers(3)], (pick(same), pick(same)), BOOL
    if what < 0.55:
        gates = UNARY[letter]
        return gates[rng.integers(len(gates))], (pick(same),), dtype
    gates = BINARY[letter]
    other = Number(int(rng.integers(0, 3)), dtype) if rng.random() < 0.2 else pick(same)
    return gates[rng.integers(len(gates))], (pick(same), other), dtype


def drawn_total(numeric, dtypes, along, rng):
    source = int(rng.choice(numeric))
    dtype = dtypes[source]
    what = int(rng.integers(3 if dtype.kind == "f" else 2))
    combine, gate = (("add", SUM), ("maximum", MAX), ("add", MEAN))[what]
    return Total(source, combine, gate, Operand(dtype, along))


@pytest.mark.parametrize("start", range(0, 150, 30))
def test_drawn_descriptions(start):
    for seed in range(start, start + 30):
        draw(np.random.default_rng(seed)).check(seed)


def test_equal_descriptions_are_equal_and_can_be_kept_in_a_table():
    a, b = (draw(np.random.default_rng(3)).loops for _ in range(2))
    assert a == b and hash(a) == hash(b) and a is not b


@pytest.mark.parametrize("inner", [False, True])
def test_code_of_every_target(inner):
    for dtype in (F32, F64, U8):
        whole_everywhere(arranged(((2,), (3,), inner), 17, dtype).loops)


# --- faults that have to be found -----------------------------------------------------------------------


def test_planted_totals_without_a_mask(monkeypatch):
    plant(monkeypatch, Nest, "body", "mask is not None and self.loops.inner_reduced", "False")
    with caught():
        test_masked_lanes_are_not_reduced()


def test_planted_guard_without_a_mask(monkeypatch):
    plant(monkeypatch, Nest, "guard", "wrong if mask is None else wrong & mask", "wrong")
    with caught():
        test_lanes_behind_the_last_raise_no_flag()


def test_planted_store_without_a_mask(monkeypatch):
    plant(
        monkeypatch,
        Nest,
        "body",
        "place.store(i, sources[source], mask)",
        "place.store(i, sources[source], None)",
    )
    with caught():
        arranged(((3,), (), False), 17, F32).check()


def test_planted_stride_of_another_loop(monkeypatch):
    plant(monkeypatch, Place, "at", "self.strides[dimension]", "self.strides[0]")
    with caught():
        arranged(((3, 2), (), False), 17, F32).check()


def test_planted_results_that_move_with_reduced_loops(monkeypatch):
    plant(monkeypatch, Nest, "reduce", "if n < moving else p", "if n < moving - 1 else p")
    with caught():
        arranged(((2, 3), (2, 2), False), 17, F32).check()


def test_planted_totals_that_begin_with_one(monkeypatch):
    monkeypatch.setattr(room, "identity", lambda combine, dtype: 1)
    with caught():
        arranged(((2,), (3,), False), 17, I64).check()


def test_planted_columns_abreast_that_are_one(monkeypatch):
    plant(monkeypatch, Nest, "groups_of_vectors", "(i + v * LANES, None)", "(i, None)")
    with caught():
        arranged(((2,), (3,), False), 64, F32).check()


def test_planted_stores_that_never_happen(monkeypatch):
    monkeypatch.setattr(Place, "store", lambda self, i, value, mask: None)
    with caught():
        arranged(((2,), (), False), 5, F32).check()


def test_planted_pieces_that_all_do_everything(monkeypatch):
    plant(monkeypatch, Nest, "write", "k.share(self.sizes[0], self.pieces)", "(0, self.sizes[0])")
    with caught():
        arranged(((4,), (), False), 5, F32, pieces=2).check()
