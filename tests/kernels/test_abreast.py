"""Convolutions of pictures side by side, on both machines: sums by fma in the order of channels and taps, whatever the
batch, the tiles, the stretches, the pieces.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from chainrule.graph import xp
from chainrule.kernels.abreast import (
    Axis,
    ConvAbreast,
    Convolving,
    FiltersAbreast,
    Gathering,
    Pictures,
    conv_tile,
    gradient_tile,
    slopes_of,
    sums_of,
)
from chainrule.kernels.formula import NEXT, SAME, Formula, Operand, Step
from chainrule.kernels.language.arithmetic import fma_double, fma_single
from chainrule.kernels.language.types import F32, F64, LANES
from chainrule.kernels.product import Tile
from chainrule.ops.activation import Relu
from chainrule.ops.arithmetic import Add
from chainrule.ops.conv import Conv2d, Conv2dInput, Conv2dWeight

from .machines import caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere

ADD, RELU = Add(), Relu()
SMALL, WIDE, LOW = Tile(2, 2), Tile(4, 4), Tile(1, 3)
AVX512, AVX2 = (32, 64), (16, 32)


def drawn(shape, dtype=F32, seed=0):
    return strided(shape, dtype).fill(numbers(shape, dtype, np.random.default_rng(seed)))


def fma(a, b, c):
    """a · b + c, rounded once, over arrays that broadcast."""
    once = fma_single if c.dtype == F32 else fma_double
    a, b, c = np.broadcast_arrays(a, b, c)
    return once(a.ravel(), b.ravel(), c.ravel()).astype(c.dtype).reshape(c.shape)


# --- one call ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """A convolution.  size: of the pictures in memory; edges: columns of zeros in them, on the way back."""

    many: int = 3
    size: tuple[int, int] = (5, 6)
    channels: int = 2
    filters: int = 3
    window: tuple[int, int] = (3, 2)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    back: bool = False
    padding: tuple[int, int] = (0, 0)

    @property
    def reach(self):
        return tuple(d * (k - 1) for d, k in zip(self.dilation, self.window, strict=True))

    @property
    def before(self):
        """How far filters reach before the pictures: nowhere but on the way back."""
        return tuple(r - p if self.back else 0 for r, p in zip(self.reach, self.padding, strict=True))

    @property
    def edges(self):
        after = self.output[1] + self.reach[1] - self.size[1] - self.before[1]
        return (max(0, self.before[1]), max(0, after)) if self.back else (0, 0)

    @property
    def output(self):
        if self.back:
            return tuple(n + r - 2 * p for n, r, p in zip(self.size, self.reach, self.padding, strict=True))
        axes = zip(self.size, self.reach, self.stride, strict=True)
        return tuple((n - r - 1) // s + 1 for n, r, s in axes)

    @property
    def near(self):
        return self.channels // self.groups

    @property
    def each(self):
        return self.filters // self.groups

    @property
    def lanes(self):
        """Places of a line that are visited one by one, and lanes of each."""
        wide = self.output[1]
        return (1, wide * self.many) if self.stride[1] == 1 else (wide, self.many)

    @property
    def memory(self):
        """The shape of the pictures in memory."""
        return self.channels, self.size[0], self.size[1] + sum(self.edges), self.many

    def arguments(self):
        """As the kernels count them, from the number of pictures on."""
        made = [self.many, self.groups, self.each, self.near, self.output[0], *self.lanes, *self.memory[1:3]]
        for axis in (0, 1):
            edge = self.edges[0] if axis else 0
            made += [self.window[axis], self.stride[axis], self.dilation[axis], self.before[axis]]
            made += [self.size[axis], edge]
        return made

    def pictures(self, dtype=F32, seed=0):
        x = drawn(self.memory, dtype, seed)
        first, last = self.edges
        x.view()[:, :, :first] = 0
        x.view()[:, :, self.memory[2] - last :] = 0
        return x

    def windows(self, x):
        """What each tap sees at each result: (C, KH, KW, H', W', N); zeros beyond the pictures."""
        (kh, kw), (high, wide), (first, _) = self.window, self.output, self.edges
        seen = np.zeros((self.channels, kh, kw, high, wide, self.many), x.dtype)
        for u, v, i, j in np.ndindex(kh, kw, high, wide):
            row = i * self.stride[0] + u * self.dilation[0] - self.before[0]
            column = j * self.stride[1] + v * self.dilation[1] - self.before[1]
            if 0 <= row < self.size[0] and 0 <= column < self.size[1]:
                seen[:, u, v, i, j] = x[:, row, first + column]
        return seen


class Slid:
    """A convolution on both machines."""

    def __init__(
        self, shape, tile=SMALL, *, dtype=F32, formula=None, operands=(), pieces=1, stretches=1, seed=0
    ):
        self.shape, self.pieces, self.stretches = shape, pieces, stretches
        self.formula = formula or Formula((Operand(dtype, NEXT),), (), ((0, Operand(dtype, NEXT)),))
        self.kernel = ConvAbreast(dtype, tile, self.formula)
        self.x, self.operands = shape.pictures(dtype, seed), operands
        self.w = drawn((shape.filters, shape.near, *shape.window), dtype, seed + 1)
        self.space = (shape.filters, shape.output[0], *shape.lanes)
        self.stores = [strided(self.space, o.dtype) for _, o in self.formula.stores]
        self.status = np.zeros(1, np.uint8)

    def arguments(self):
        f, c, u, v = self.w.strides
        made = [self.pieces, self.stretches, *self.shape.arguments(), self.x, self.w]
        made += [self.shape.each * f, f, c, u, v]
        for x in (*self.operands, *self.stores):
            made += x.arguments
        return [*made, self.status] if self.formula.guards else made

    def summed(self):
        """By fma in the order of channels, lines of taps, taps."""
        shape, w = self.shape, self.w.view()
        seen, parts = shape.windows(self.x.view()), []
        for g in range(shape.groups):
            total = np.zeros((shape.each, *shape.output, shape.many), w.dtype)
            for c, u, v in np.ndindex(shape.near, *shape.window):
                number = w[g * shape.each : (g + 1) * shape.each, c, u, v][:, None, None, None]
                total = fma(number, seen[g * shape.near + c, u, v][None], total)
            parts.append(total)
        return np.concatenate(parts).reshape(self.space)

    def expected(self):
        made = [self.summed(), *(x.view() for x in self.operands)]
        with np.errstate(all="ignore"):
            for step in self.formula.steps:
                made.append(step.formula.forward(xp, *(made[n] for n in step.inputs)))
        return [np.broadcast_to(x, self.space) for x in made]

    def made(self, seed=0, run=on_both):
        """What is stored, and all arguments, after a run."""
        before = self.arguments()
        after = run(self.kernel, before, self.pieces, self.stores, seed)
        return [next(x for x, y in zip(after, before, strict=True) if y is out) for out in self.stores], after

    def check(self, seed=0, run=on_both):
        sources = self.expected()
        found, after = self.made(seed, run)
        for out, (source, _) in zip(found, self.formula.stores, strict=True):
            holds(out, sources[source])
        if self.formula.guards:
            bad = any(not np.isfinite(sources[n]).all() for n in self.formula.guards)
            assert bool(after[-1][0]) == bad
        return found


def by_gate(call):
    """What the plain gate makes of the same numbers, and how large its terms are: (F, H', W', N)."""
    shape = call.shape
    x, w = call.x.view().astype(F64).transpose(3, 0, 1, 2), call.w.view().astype(F64)
    return [
        Conv2d(shape.stride, (0, 0), shape.dilation, shape.groups).forward(of(x), of(w)).transpose(1, 2, 3, 0)
        for of in (np.asarray, np.abs)
    ]


SHAPES = [
    Shape(),
    Shape(many=1),
    Shape(many=16, size=(3, 4), window=(2, 2)),
    Shape(many=35, size=(3, 3), window=(2, 2)),
    Shape(window=(1, 1)),
    Shape(window=(5, 6)),  # one window
    Shape(many=17, size=(7, 7), stride=(2, 2)),
    Shape(size=(8, 6), stride=(2, 3), window=(2, 3)),  # pixels behind the last window
    Shape(size=(7, 8), stride=(3, 1), window=(1, 3)),  # lines between windows
    Shape(size=(7, 9), dilation=(2, 1)),
    Shape(size=(9, 8), dilation=(2, 3), stride=(2, 2), window=(3, 2)),
    Shape(many=2, size=(1, 19), window=(1, 4)),  # lines alone
    Shape(many=2, size=(19, 1), window=(4, 1)),  # columns alone
    Shape(channels=4, filters=6, groups=2),
    Shape(channels=3, filters=3, groups=3, many=20, size=(4, 4)),  # each channel by itself
    Shape(many=5, size=(4, 21), stride=(1, 3)),
    Shape(channels=2, filters=4, groups=2, stride=(1, 2)),
]
BACK = [
    Shape(back=True),
    Shape(back=True, many=1),
    Shape(back=True, many=16, size=(2, 3), window=(3, 3)),
    Shape(back=True, many=37, size=(2, 2), window=(3, 3)),
    Shape(back=True, padding=(1, 1), window=(3, 3)),
    Shape(back=True, padding=(0, 2), window=(3, 2)),  # more border than the filters reach
    Shape(back=True, padding=(2, 0), window=(2, 3)),
    Shape(back=True, dilation=(2, 3), window=(3, 2)),
    Shape(back=True, dilation=(1, 2), padding=(0, 1), window=(2, 3), many=19),
    Shape(back=True, channels=4, filters=6, groups=2),
    Shape(back=True, size=(1, 1), window=(3, 4)),
]


def named(x):
    return str(x).replace(" ", "") if isinstance(x, Shape) else None


# --- convolution ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [*SHAPES, *BACK], ids=named)
def test_convolutions(shape):
    for number, tile in enumerate((SMALL, WIDE, LOW)):
        Slid(shape, tile, pieces=1 + number, stretches=1 + number).check(number)


@pytest.mark.parametrize("shape", SHAPES, ids=named)
def test_a_convolution_is_the_gate(shape):
    call = Slid(shape, WIDE, pieces=2)
    (out,) = call.check(run=compiled)
    exact, terms = by_gate(call)
    depth = shape.near * shape.window[0] * shape.window[1]
    holds(out, exact.reshape(call.space), (depth + 1) * np.finfo("f4").eps * terms.reshape(call.space))


@pytest.mark.parametrize("shape", BACK, ids=named)
def test_the_gradient_to_pictures_is_the_gate(shape):
    """With its filters turned round and exchanged with their channels, where they lie."""
    call = Slid(shape, SMALL, pieces=2)
    back, flipped = call.w.view().astype(F64), None
    parts = back.reshape(shape.groups, shape.each, shape.near, *shape.window)[:, :, :, ::-1, ::-1]
    flipped = parts.transpose(0, 2, 1, 3, 4).reshape(shape.groups * shape.near, shape.each, *shape.window)
    (out,) = call.check(run=compiled)
    first, last = shape.edges
    y = call.x.view()[:, :, first : shape.memory[2] - last].astype(F64).transpose(3, 0, 1, 2)
    size = tuple(n for n in shape.output)
    gate = Conv2dInput(size, (1, 1), shape.padding, shape.dilation, shape.groups)
    exact, terms = (gate.forward(of(y), of(flipped)).transpose(1, 2, 3, 0) for of in (np.asarray, np.abs))
    bound = 50 * np.finfo("f4").eps * terms
    holds(out, exact.reshape(call.space), bound.reshape(call.space))


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("filters", [1, 4, 5, 9])
def test_remainders_of_filters(filters, dtype):
    for tile in (WIDE, Tile(3, 1)):
        Slid(Shape(filters=filters, channels=1, size=(3, 4)), tile, dtype=dtype, pieces=2).check()


@pytest.mark.parametrize("many", range(1, 36, 3))
def test_remainders_of_lanes(many):
    """Vectors begin anywhere in a line, and hold one pixel or several."""
    for shape in (
        Shape(many=many, size=(3, 5), channels=1),
        Shape(many=many, size=(2, 3), channels=1, back=True),
    ):
        Slid(shape, SMALL, pieces=3, stretches=2).check(many, run=on_both if many % 2 else compiled)


def test_no_pictures():
    for shape in (Shape(many=0), Shape(many=0, back=True), Shape(many=0, stride=(1, 2))):
        Slid(shape, pieces=2).check()


def test_any_number_of_pieces_and_stretches_gives_the_same_bits():
    shape, made = Shape(many=21, size=(6, 7), back=True), set()
    for pieces in (1, 3, 16):
        for stretches in (1, 2, 5):
            call = Slid(shape, WIDE, pieces=pieces, stretches=stretches)
            made.add(call.check(run=compiled)[0].memory.tobytes())
    assert len(made) == 1


def test_filters_that_are_not_finite_make_nothing_beyond_them():
    """On the way back a tap that sees no pixel says nothing: zeros of a border are not multiplied."""
    shape = Shape(back=True, many=32, size=(3, 3), window=(3, 3), filters=1, channels=1)
    call = Slid(shape, SMALL)
    call.w.view()[0, 0, 0, 0] = np.nan
    out = call.made()[0][0].view().reshape(5, 5, 32)
    assert np.isnan(out[2:, 2:]).all() and np.isfinite(out[:2]).all() and np.isfinite(out[:, :2]).all()


# --- what follows -----------------------------------------------------------------------------------------


def with_bias(shape, tile, *, steps, guards=(), bias=None, **settings):
    """A bias for each filter, something that lies as the results do, and steps after them."""
    space = (shape.filters, shape.output[0], *shape.lanes)
    row = strided(space, F32, [1, 0, 0, 0]).fill(
        numbers((shape.filters, 1, 1, 1), F32, np.random.default_rng(5)) if bias is None else bias
    )
    operands = (row, drawn(space, F32, 6))
    read = (Operand(F32, NEXT), Operand(F32, SAME), Operand(F32, NEXT))
    stores = ((2 + len(steps), Operand(F32, NEXT)), (0, Operand(F32, NEXT)))
    return Slid(shape, tile, formula=Formula(read, steps, stores, guards), operands=operands, **settings)


SHORT = (
    Step(ADD, "forward", (0, 1), F32),
    Step(ADD, "forward", (3, 2), F32),
    Step(RELU, "forward", (4,), F32),
)
LONG = (*SHORT, *(Step(ADD, "forward", (k, 1), F32) for k in range(5, 12)))


@pytest.mark.parametrize("steps", [SHORT, LONG], ids=["short", "long"])
@pytest.mark.parametrize(
    "shape",
    [Shape(many=20), Shape(filters=6, channels=2, groups=2, stride=(1, 2)), Shape(back=True, many=7)],
    ids=named,
)
def test_bias_and_activation_follow(shape, steps):
    for tile in (SMALL, WIDE):
        with_bias(shape, tile, steps=steps, pieces=3, stretches=2).check()


@pytest.mark.parametrize("bad", [None, np.nan, np.inf], ids=str)
@pytest.mark.parametrize("steps", [SHORT, LONG], ids=["short", "long"])
def test_the_flag_is_set_if_a_result_is_not_finite(bad, steps):
    bias = np.ones((3, 1, 1, 1), "f4")
    bias[-1] = 1 if bad is None else bad
    for many in (3, 32):
        with_bias(Shape(many=many), SMALL, steps=steps, guards=(3,), bias=bias, pieces=2).check()


# --- the gradient to filters ------------------------------------------------------------------------------


class Gathered:
    """The gradient to filters on both machines."""

    def __init__(self, shape, tile=SMALL, *, dtype=F32, pieces=1, shares=1):
        self.shape, self.tile, self.pieces, self.shares = shape, tile, pieces, shares
        self.kernel = FiltersAbreast(dtype, tile)
        self.x = shape.pictures(dtype)
        self.y = drawn((shape.filters, *shape.output, shape.many), dtype, 1)
        self.out = strided((shares, shape.filters, shape.near, *shape.window), dtype)

    def expected(self):
        """16 sums by fma in the order of lines, places and vectors, then the tree."""
        shape, (places, lanes) = self.shape, self.shape.lanes
        seen, y = shape.windows(self.x.view()), self.y.view()
        made, each = [], -(-shape.output[0] // self.shares)
        for first in range(0, self.shares * each, each):
            total = np.zeros((shape.filters, shape.near, *shape.window, LANES), y.dtype)
            for line in range(first, min(first + each, shape.output[0])):
                sent = y[:, line].reshape(shape.filters, places, lanes)
                there = seen[:, :, :, line].reshape(*seen.shape[:3], places, lanes)
                for place in range(places):
                    for n in range(0, lanes, LANES):
                        a, b = (cut(z[..., place, n : n + LANES]) for z in (sent, there))
                        total = fma(a[:, None, None, None], self.channels(b), total)
            for distance in (8, 4, 2, 1):
                total = total + np.roll(total, -distance, axis=-1)
            made.append(total[..., 0])
        return np.stack(made)

    def channels(self, seen):
        """Of each filter the channels of its group."""
        shape = self.shape
        parts = [seen[g * shape.near : (g + 1) * shape.near] for g in range(shape.groups)]
        return np.stack([parts[f // shape.each] for f in range(shape.filters)])

    def check(self, seed=0, run=on_both):
        arguments = [self.pieces, self.shares, *self.shape.arguments(), self.x, self.y, self.out]
        made = run(self.kernel, arguments, self.pieces, [self.out], seed)[-1]
        holds(made, self.expected())
        return made


def cut(z):
    """16 lanes; zeros behind the last."""
    return np.pad(z, [(0, 0)] * (z.ndim - 1) + [(0, LANES - z.shape[-1])])


@pytest.mark.parametrize("shape", SHAPES, ids=named)
def test_gradients_to_filters(shape):
    for number, tile in enumerate((SMALL, Tile(2, 5), Tile(3, 3))):
        Gathered(shape, tile, pieces=1 + number, shares=1 + number).check(number)


@pytest.mark.parametrize("shape", SHAPES, ids=named)
def test_the_gradient_to_filters_is_the_gate(shape):
    call = Gathered(shape, Tile(3, 4), pieces=2, shares=2)
    made = call.check(run=compiled)
    x, y = (a.view().astype(F64).transpose(3, 0, 1, 2) for a in (call.x, call.y))
    gate = Conv2dWeight(shape.window, shape.stride, (0, 0), shape.dilation, shape.groups)
    exact, terms = (gate.forward(of(x), of(y)) for of in (np.asarray, np.abs))
    assert np.abs(made.view().astype(F64).sum(0) - exact).max() <= 40 * np.finfo("f4").eps * terms.max()


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("filters", [1, 4, 5])
def test_remainders_of_gradients(filters, dtype):
    for tile in (Tile(3, 4), Tile(1, 13)):
        Gathered(Shape(filters=filters, size=(3, 4)), tile, dtype=dtype, pieces=2).check()


def test_gradients_of_no_pictures_are_zero():
    assert not Gathered(Shape(many=0), pieces=2).check().view().any()


def test_more_shares_than_lines():
    made = Gathered(Shape(size=(4, 4)), shares=5, pieces=3).check()
    assert not made.view()[2:].any()


def test_any_number_of_pieces_gives_the_same_gradients():
    shape = Shape(many=21, size=(6, 7))
    made = {Gathered(shape, pieces=n, shares=2).check(run=compiled).memory.tobytes() for n in (1, 2, 5, 16)}
    assert len(made) == 1


# --- tiles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("registers", [AVX512, AVX2, (32, 16)], ids=str)
def test_tiles_fit_the_registers(registers, dtype):
    count, width = registers
    each = max(1, LANES * dtype.itemsize // width)
    for filters in range(1, 34):
        made = sums_of(filters, dtype, registers)
        assert made.rows <= max(filters, 1) and (made.rows * made.vectors + made.vectors) * each <= count
        for taps in (1, 9, 25, 150):
            made = slopes_of(filters, taps, dtype, registers)
            assert made.rows <= filters and made.vectors <= taps
    assert conv_tile(6, dtype).rows >= 1 and gradient_tile(6, 25, dtype).rows >= 1


# --- every target, and faults that have to be found -------------------------------------------------------


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_code_of_every_target(dtype):
    whole_everywhere(
        ConvAbreast(dtype, WIDE, Formula((Operand(dtype, NEXT),), (), ((0, Operand(dtype, NEXT)),)))
    )
    whole_everywhere(FiltersAbreast(dtype, Tile(3, 5)))


def everything():
    for shape in (*SHAPES[:4], SHAPES[6], SHAPES[10], *SHAPES[-3:], *BACK[:3], *BACK[4:9]):
        Slid(shape, SMALL, pieces=2, stretches=2).check()
        if not shape.back:
            Gathered(shape, Tile(2, 5), pieces=2, shares=2).check()
    with_bias(replace(SHAPES[0], many=20), SMALL, steps=LONG).check()
    test_filters_that_are_not_finite_make_nothing_beyond_them()


def test_nothing_is_caught_without_faults():
    everything()


FAULTS = [
    (Axis, "pixel", "self.edge - self.before", "self.edge"),
    (Axis, "pixel", "place * self.stride", "place"),
    (Axis, "seen", "- first * self.stride", "- last * self.stride"),
    (Axis, "seen", "- last * self.stride", "- first * self.stride"),
    (Axis, "seen", ".at_most(self.taps)", ""),
    (Axis, "steps", "positive(distance)", "distance"),
    (Axis, "steps", " + (self.dilation - 1)", ""),
    (Pictures, "corner", "group * self.channels", "0 * group"),
    (Convolving, "write", "(first + each).at_most(see.lanes)", "(first + each)"),
    (Convolving, "columns", "(n + (vectors * LANES - 1)) // see.many", "n // see.many"),
    (Convolving, "columns", "group * self.group + ", ""),
    (Convolving, "columns", ".at_most(see.filters - 1)", ""),
    (Convolving, "steps", "u * see.down.dilation", "u"),
    (Convolving, "steps", "c * see.plane + ", ""),
    (Convolving, "finish", "k.when(m + i < see.filters)", "k.when(m < see.filters)"),
    (Convolving, "finish", "(see.filters - m).at_most(len(sums))", "(see.filters - m)"),
    (Gathering, "write", "k.when(m + i < see.filters)", "k.when(m < see.filters)"),
    (Gathering, "write", "k.when(t + v < self.taps)", "k.when(t < self.taps)"),
    (Gathering, "write", "(first + each).at_most(see.lines)", "see.lines"),
    (Gathering, "summed", "group * see.filters + ", ""),
    (Gathering, "summed", "line * see.places + place", "line + place"),
    (Gathering, "tap", "* see.down.dilation", ""),
]


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"), FAULTS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_planted_faults_are_caught(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        everything()
