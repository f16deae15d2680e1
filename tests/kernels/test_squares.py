"""Squares turned in registers, on both machines: alone, and in loops over arrays that lie across."""

import numpy as np
import pytest

from chainrule.kernels.formula import NEXT, STRIDED, Arguments, Formula, Operand, Step
from chainrule.kernels.language.types import BOOL, F32, F64, I32
from chainrule.kernels.loops import Loops, Nest
from chainrule.kernels.squares import Square
from chainrule.ops.arithmetic import Add
from chainrule.ops.selection import Greater

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere
from .test_loops import Call, kind, operand, out_kind

ADD = Add()
SIZES = [1, 3, 15, 16, 17, 35]


# --- a square alone ---------------------------------------------------------------------------------------


class Turning:
    """Arguments: lines, elements; an array in which the lines lie side by side, and one in which the elements do."""

    def __init__(self, dtype, back):
        self.dtype, self.back = dtype, back

    def __call__(self, k):
        take = Arguments(k)
        high, wide = take.integer(), take.integer()
        across = take.place(Operand(self.dtype, STRIDED), 1)
        there = take.place(Operand(self.dtype, NEXT), 1)
        square, mask = Square(k, self.dtype), k.below(wide)
        square.clear()
        zero = k.whole("add", 0, 0)
        if not self.back:
            square.read(across.at(0, 0), zero, high, wide)
        for r in k.range(high):
            line, place = square.line(r, zero), there.at(0, r)
            if self.back:
                line.store(zero, place.load(zero, mask), mask)
            else:
                place.store(zero, line.load(zero, mask), mask)
        if self.back:
            square.write(across.at(0, 0), zero, high, wide)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("dtype", [F32, F64, I32, BOOL], ids=str)
@pytest.mark.parametrize(("high", "wide"), [(16, 16), (16, 3), (5, 16), (1, 1), (7, 11)])
def test_squares(dtype, high, wide, back):
    x = numbers((high, wide), dtype, np.random.default_rng(0))
    across, there = strided((high, wide), dtype, [1, 2], order=(0, 1)), strided((high, wide), dtype)
    source, target = (there, across) if back else (across, there)
    source.fill(x)
    arguments = [high, wide, across, across.strides[0], across.strides[1], there, there.strides[0]]
    made = on_both(Turning(dtype, back), arguments, 1, [target])
    holds(made[2 if back else 5], x)


# --- loops that go across ---------------------------------------------------------------------------------


def crossing(sizes, width, dtype=F32, pieces=1, seed=0):
    """x + y: x lies across, y along; both orders are stored, and whether x is greater."""
    rng, space = np.random.default_rng(seed), (*sizes, width)
    last = len(sizes) - 1
    order = (last, len(sizes), *reversed(range(last)))
    x, y = operand(space, dtype, rng, order=order), operand(space, dtype, rng)
    steps = (Step(ADD, "forward", (0, 1), dtype), Step(Greater(), "forward", (0, 1), BOOL))
    stores = ((2, out_kind(dtype)), (2, out_kind(dtype, STRIDED)), (3, out_kind(BOOL, STRIDED)))
    loops = Loops(Formula((kind_across(x), kind(y)), steps, stores), len(sizes), crossed=True)
    call = Call(loops, sizes, width, [x, y], pieces)
    call.stores = [strided(space, o.dtype, order=None if o.along == NEXT else order) for _, o in stores]
    return call


def kind_across(x):
    return Operand(x.memory.dtype, STRIDED)


def arguments(call):
    """Those of the call; an array of one line is strided all the same."""
    made = [call.pieces, *call.space]
    alongs = [o.along for o in call.loops.formula.operands] + [o.along for _, o in call.loops.formula.stores]
    for x, along in zip((*call.operands, *call.stores), alongs, strict=True):
        made += [x, *x.strides[:-1], *([x.strides[-1]] if along == STRIDED else [])]
    return made


def check(call, seed=0, run=on_both):
    before, sources = arguments(call), call.sources()
    after = run(call.loops, before, call.pieces, call.stores, seed)
    for out, (source, _) in zip(call.stores, call.loops.formula.stores, strict=True):
        holds(next(a for a, b in zip(after, before, strict=True) if b is out), sources[source])
    return [
        a.memory.tobytes() for a, b in zip(after, before, strict=True) if any(b is out for out in call.stores)
    ]


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("across", SIZES)
def test_loops_across(across, width):
    check(crossing((across,), width, pieces=1 + across % 3), width)
    check(crossing((2, across), width, pieces=1 + width % 2))


@pytest.mark.parametrize("dtype", [F64, I32], ids=str)
def test_other_dtypes(dtype):
    for width in (3, 20):
        check(crossing((3, 2, 21), width, dtype, pieces=2))


def test_nothing_to_turn():
    for sizes, width in (((0,), 5), ((5,), 0), ((0, 3), 4)):
        check(crossing(sizes, width))


def test_any_number_of_pieces_gives_the_same_bits():
    made = {
        tuple(check(crossing((70,), 37, pieces=n), n, on_both if n in (3, 16) else compiled))
        for n in range(1, 17)
    }
    assert len(made) == 1


def test_code_of_every_target():
    for dtype in (F32, F64):
        whole_everywhere(crossing((5, 20), 17, dtype).loops)


# --- faults that have to be found -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Square, "line", "number * LANES - i", "number * LANES"),
        (Square, "column", "(wide - lane).at_most(1) * high", "(wide - lane).at_most(1) * LANES"),
        (Square, "column", "(wide - lane).at_most(1) * high", "high"),
        (Square, "column", "(i + lane) * along", "(i + lane) * (along + 1)"),
        (Nest, "squares", "(last - row).at_most(LANES)", "(last - row)"),
        (Nest, "squares", "(self.width - i).at_most(LANES)", "(i - i + LANES)"),
        (Nest, "write", "k.share(self.sizes[0], self.pieces, LANES)", "(0, self.sizes[0])"),
    ],
)
def test_planted_faults_are_caught(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        for width in (3, 16, 21):
            check(crossing((19,), width, pieces=2))
            check(crossing((2, 19), width))
