"""The product over a sliding window, on both machines: sums by fma in the order of k, wherever it slides.

Pictures are (N, H, W, C).  Forward, the rows of the window are N, H', W' and its steps KH, KW, C; as the
gradient of filters its rows are KH, KW, C and its steps N, H', W'.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule.kernels.formula import NEXT, Arguments, Formula, Operand, Step
from chainrule.kernels.language.machine import Machine
from chainrule.kernels.language.types import F32, F64, I64
from chainrule.kernels.product import Pair, Product, Tile, Window
from chainrule.ops.activation import Relu, Tanh
from chainrule.ops.arithmetic import Add
from chainrule.ops.conv import Conv2d, Conv2dWeight

from .machines import Strided, caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere
from .test_product import NARROW, SMALL, TILES, WIDE, Call, right

ADD, RELU = Add(), Relu()
BARE = Formula((Operand(F32, NEXT),), (), ((0, Operand(F32, NEXT)),))


# --- one call -------------------------------------------------------------------------------------------


class Sliding(NamedTuple):
    """A window over pictures x, as the matrices (B, M, K) that it shows.

    rows, along:  the sizes of the three axes of rows and of steps, with their strides
    stacks:  how many batches, and the stride between them
    """

    x: Strided
    stacks: tuple[int, int]
    rows: tuple[int, ...]
    row_strides: tuple[int, ...]
    along: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.stacks[0], int(np.prod(self.rows)), int(np.prod(self.along))

    @property
    def memory(self) -> np.ndarray:
        return self.x.memory

    def view(self) -> np.ndarray:
        strides = (self.stacks[1], *self.row_strides, *self.strides)
        shape = (self.stacks[0], *self.rows, *self.along)
        return self.x._replace(strides=strides, shape=shape).view().reshape(self.shape)

    @property
    def arguments(self) -> list[Any]:
        """As the kernel counts them."""
        return [self.x, self.stacks[1], *self.rows[1:], *self.row_strides, *self.along, *self.strides]


class Slid(Call):
    """A product of a window with B (B, K, N).  order: how the stores lie, axes from the innermost one."""

    def __init__(
        self,
        a,
        b,
        tile,
        *,
        pack=True,
        formula=BARE,
        operands=(),
        pieces=1,
        chunks=1,
        order=None,
        run=compiled,
    ):
        dtype = a.memory.dtype
        self.kernel = Product(dtype, tile, formula, window=True)
        self.a, self.b, self.factors, self.operands = a, b, [(a, b)], operands
        self.space, self.depth = (*a.shape[:2], b.shape[2]), a.shape[2]
        self.pieces, self.chunks = pieces, chunks
        self.stores = [strided(self.space, o.dtype, order=order) for _, o in formula.stores]
        self.status = np.zeros(1, np.uint8)
        self.pairs = [[self.depth, *a.arguments, *right(b, tile, pack, run)]]

    def bits(self):
        """What a compiled run alone stores first."""
        return self.stored(compiled(self.kernel, self.arguments(), self.pieces))[0].memory.tobytes()


@dataclass(frozen=True)
class Shape:
    """A convolution: pictures n × height × width × channels, filters kh × kw, groups."""

    n: int = 2
    size: tuple[int, int] = (5, 6)
    channels: int = 3
    filters: int = 7
    window: tuple[int, int] = (3, 2)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def output(self):
        axes = zip(self.size, self.window, self.stride, self.dilation, strict=True)
        return tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in axes)

    @property
    def pixels(self):
        """Strides from picture to picture, and from window to window."""
        line = self.size[1] * self.channels
        return self.size[0] * line, self.stride[0] * line, self.stride[1] * self.channels

    @property
    def taps(self):
        """Strides within a window."""
        return self.dilation[0] * self.size[1] * self.channels, self.dilation[1] * self.channels, 1

    @property
    def near(self):
        return self.channels // self.groups

    def pictures(self, dtype=F32, seed=0):
        x = strided((self.n, *self.size, self.channels), dtype)
        return x.fill(numbers(x.shape, dtype, np.random.default_rng(seed)))

    def right(self, depth, dtype=F32, seed=1):
        """B (groups, K, F/groups), in memory (K, F)."""
        b = strided((self.groups, depth, self.filters // self.groups), dtype, order=(2, 0, 1))
        return b.fill(numbers(b.shape, dtype, np.random.default_rng(seed)))


def forward(shape, tile=SMALL, *, dtype=F32, seed=0, joined=False, **settings):
    """The windows of pictures times filters; joined: a line of the window is one run of steps."""
    kh, kw = shape.window
    along, taps = (kh, kw, shape.near), shape.taps
    if joined:
        assert shape.dilation[1] == shape.groups == 1
        along = (kh, 1, kw * shape.channels)
    stacks = (shape.groups, shape.near if shape.groups > 1 else 0)
    a = Sliding(shape.pictures(dtype, seed), stacks, (shape.n, *shape.output), shape.pixels, along, taps)
    return Slid(a, shape.right(kh * kw * shape.near, dtype), tile, order=(2, 0, 1), **settings)


def to_filters(shape, tile=SMALL, *, dtype=F32, shares=1, **settings):
    """The windows of pictures, turned, times what they made; shares: sums over equal parts of them."""
    x, few = shape.pictures(dtype), shape.n // shares
    high, wide = shape.output
    stacks = (shape.groups, shape.near if shape.groups > 1 else 0)
    b = shape.right(few * high * wide, dtype)
    if shares > 1:
        assert shape.groups == 1 and shape.n % shares == 0
        stacks = (shares, few * shape.pixels[0])
        b = strided((shares, few * high * wide, shape.filters), dtype)
        b = b.fill(numbers(b.shape, dtype, np.random.default_rng(1)))
    rows = (*shape.window, shape.near)
    a = Sliding(x, stacks, rows, shape.taps, (few, high, wide), shape.pixels)
    return Slid(a, b, tile, order=(2, 0, 1) if shape.groups > 1 else None, **settings)


def by_gate(call, shape, gate):
    """What the plain gate makes of the same numbers, as (G, M, F/G), and how large its terms are."""
    x = call.a.x.view().transpose(0, 3, 1, 2).astype(F64)
    b = call.b.view().transpose(1, 0, 2).reshape(call.depth, -1).astype(F64)
    kh, kw = shape.window
    made = []
    for of in (np.asarray, np.abs):
        if gate is Conv2d:
            w = of(b).reshape(kh, kw, shape.near, shape.filters).transpose(3, 2, 0, 1)
            out = Conv2d(shape.stride, (0, 0), shape.dilation, shape.groups).forward(of(x), w)
            out = out.transpose(0, 2, 3, 1)
        else:
            y = of(b).reshape(shape.n, *shape.output, shape.filters).transpose(0, 3, 1, 2)
            settings = (shape.window, shape.stride, (0, 0), shape.dilation, shape.groups)
            out = Conv2dWeight(*settings).forward(of(x), y).transpose(2, 3, 1, 0)
        made.append(out.reshape(call.space[1], shape.groups, -1).transpose(1, 0, 2))
    return made


def agrees(call, shape, gate):
    """The call on both machines has the bits of the sum, and is the gate's result up to rounding."""
    (out,) = call.check()
    exact, terms = by_gate(call, shape, gate)
    holds(out, exact, (call.depth + 1) * np.finfo(out.memory.dtype).eps * terms)


# --- forward --------------------------------------------------------------------------------------------

SHAPES = [
    Shape(),
    Shape(window=(1, 1)),
    Shape(window=(5, 6)),  # one window
    Shape(n=1, size=(7, 7), stride=(2, 2)),
    Shape(size=(8, 6), stride=(2, 3), window=(2, 3)),  # pixels behind the last window
    Shape(size=(9, 7), stride=(3, 1), window=(1, 3)),  # pixels between windows
    Shape(size=(7, 8), stride=(3, 3), window=(1, 1)),
    Shape(size=(7, 9), dilation=(2, 1)),
    Shape(size=(6, 9), dilation=(1, 3), window=(2, 3)),
    Shape(size=(9, 8), dilation=(2, 3), stride=(2, 2), window=(3, 2)),
    Shape(n=5, size=(3, 4), channels=2, window=(2, 2)),
    Shape(n=1, size=(1, 19), window=(1, 4), channels=2),  # lines alone
    Shape(n=1, size=(19, 1), window=(4, 1), channels=2),  # columns alone
]


def named(x):
    return str(x).replace(" ", "") if isinstance(x, Shape) else None


@pytest.mark.parametrize("shape", SHAPES, ids=named)
def test_forward_windows(shape):
    for number, chosen in enumerate(TILES):
        call = forward(shape, chosen, pieces=2 + number, chunks=1 + number)
        if number:
            call.check(number)
        else:
            agrees(call, shape, Conv2d)


@pytest.mark.parametrize("filters", [1, 7, 16, 33])
@pytest.mark.parametrize("channels", [1, 3, 5, 16])
def test_forward_channels_and_filters(channels, filters):
    shape = Shape(n=2, size=(3, 5), channels=channels, filters=filters, window=(2, 2))
    for pack, chosen in ((True, WIDE), (False, NARROW))[: 2 - bool(filters % 16)]:
        agrees(forward(shape, chosen, pack=pack, pieces=3, chunks=2), shape, Conv2d)


@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_forward_in_both_widths(dtype):
    formula = Formula((Operand(dtype, NEXT),), (), ((0, Operand(dtype, NEXT)),))
    for shape in (Shape(filters=17), Shape(size=(7, 9), dilation=(1, 2), stride=(2, 1))):
        agrees(forward(shape, NARROW, dtype=dtype, formula=formula, pieces=2), shape, Conv2d)


@pytest.mark.parametrize("shape", [s for s in SHAPES if s.dilation[1] == 1], ids=named)
def test_a_line_of_the_window_may_be_one_run(shape):
    """As plans have it where nothing lies between its pixels: the same bits."""
    apart, joined = forward(shape, NARROW), forward(shape, NARROW, joined=True)
    joined.check()
    assert apart.bits() == joined.bits()


@pytest.mark.parametrize(
    "shape",
    [
        Shape(channels=4, filters=6, groups=2),
        Shape(channels=5, filters=5, groups=5, window=(2, 2)),  # one channel each
        Shape(channels=6, filters=51, groups=3, size=(4, 4), window=(2, 2)),
        Shape(channels=4, filters=32, groups=2, stride=(2, 1), dilation=(1, 2)),
        Shape(channels=2, filters=64, groups=2, size=(3, 3), window=(2, 2)),
    ],
    ids=named,
)
def test_groups_are_batches(shape):
    whole = shape.filters // shape.groups % 16 == 0
    for pack, chosen in product((True, False)[: 1 + whole], (WIDE, SMALL)):
        agrees(forward(shape, chosen, pack=pack, pieces=3, chunks=2), shape, Conv2d)
    agrees(to_filters(shape, NARROW, pack=not whole, pieces=2), shape, Conv2dWeight)


@pytest.mark.parametrize("tile", [*TILES, Tile(1, 1)], ids=str)
def test_all_remainders_of_rows(tile):
    """Tiles begin anywhere in a line and in a picture, and go on in the next."""
    for width in range(1, 2 * tile.rows + 2):
        shape = Shape(n=2, size=(2, width), channels=2, filters=3, window=(1, 1))
        call = forward(shape, tile, pieces=1 + width % 3, chunks=1 + width % 2)
        if width in (1, 2, tile.rows, tile.rows + 1):
            call.check(width)
        else:
            (out,) = call.stored(compiled(call.kernel, call.arguments(), call.pieces))
            holds(out, call.expected()[0])


def test_no_pictures():
    """Nothing to do, and no picture is looked at."""
    for pack in (True, False):
        shape = Shape(n=0, filters=16)
        forward(shape, NARROW, pack=pack, pieces=2, chunks=2).check()


def test_nothing_to_sum_is_zero():
    """The gradient of filters that saw no picture."""
    call = to_filters(Shape(n=0, filters=16), NARROW, pieces=2)
    (out,) = call.check()
    assert not out.view().any()


# --- the gradient of filters ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES, ids=named)
def test_the_gradient_of_filters(shape):
    for number, chosen in enumerate(TILES):
        call = to_filters(shape, chosen, pieces=1 + number, chunks=3 - number)
        if number:
            call.check(number)
        else:
            agrees(call, shape, Conv2dWeight)


@pytest.mark.parametrize("filters", [1, 7, 16, 33])
@pytest.mark.parametrize("channels", [1, 3, 5, 16])
def test_the_gradient_of_channels_and_filters(channels, filters):
    shape = Shape(n=2, size=(3, 4), channels=channels, filters=filters, window=(2, 2))
    for pack, chosen in ((True, SMALL), (False, WIDE))[: 2 - bool(filters % 16)]:
        agrees(to_filters(shape, chosen, pack=pack, pieces=3, chunks=2), shape, Conv2dWeight)


@pytest.mark.parametrize("shares", [2, 3, 6])
@pytest.mark.parametrize("filters", [7, 16])
def test_shares_of_the_pictures_are_batches(shares, filters):
    shape = Shape(n=6, size=(4, 5), filters=filters, window=(2, 3), stride=(1, 2))
    for pack in (True, False)[: 2 - bool(filters % 16)]:
        call = to_filters(shape, NARROW, shares=shares, pack=pack, pieces=3, chunks=2)
        (out,) = call.check()
        parts = out.view().astype(F64).sum(0)
        whole = to_filters(shape, NARROW)
        whole.b.fill(call.b.view().reshape(whole.b.shape))
        (exact,), (terms,) = by_gate(whole, shape, Conv2dWeight)
        assert (abs(parts - exact) <= (call.depth + 1) * np.finfo(F32).eps * terms).all()


# --- any window -----------------------------------------------------------------------------------------


def test_drawn_windows():
    """Sizes and strides that no convolution has: stretched axes, axes in any order."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        batches, *sizes = (int(n) for n in rng.integers(1, 5, 7))
        steps = [int(s) for s in rng.choice([0, 1, 1, 1, 2], 7)]
        order = [int(axis) for axis in rng.permutation(7)]
        whole = strided((batches, *sizes), F32, steps, order)
        whole.memory[:] = numbers(whole.memory.shape, F32, rng)
        (stack, *strides), x = whole.strides, whole._replace(strides=(1,), shape=whole.memory.shape)
        a = Sliding(
            x,
            (batches, stack),
            tuple(sizes[:3]),
            tuple(strides[:3]),
            tuple(sizes[3:]),
            tuple(strides[3:]),
        )
        pack = bool(rng.integers(3))
        n = int(rng.integers(1, 40)) if pack else 16 * int(rng.integers(1, 3))
        b = strided((batches, a.shape[2], n), F32, [int(rng.integers(2)), 1, 1] if not pack else None)
        b.fill(numbers((1, *b.shape[1:]), F32, rng))
        chosen = [*TILES, Tile(2, 1), Tile(6, 1)][rng.integers(5)]
        pieces, chunks = int(rng.integers(1, 17)), int(rng.integers(1, 6))
        Slid(a, b, chosen, pack=pack, pieces=pieces, chunks=chunks).check(seed)


class Dividing:
    """numbers[i] divided by each of some divisors, as the window finds its places."""

    def __call__(self, k):
        take = Arguments(k)
        count, many = take.integer(), take.integer()
        numbers, divisors, out = take.pointer(I64), take.pointer(I64), take.pointer(I64)
        for d in k.range(many):
            by = k.first(k.spread(divisors, d))
            for column, mask in k.lanes(0, count):
                divided = k.divide(k.load(numbers, column, mask), by)
                k.store(out, d * count + column, divided, mask)


def test_rows_are_divided_exactly():
    """Up to what a place in memory can be, next to every multiple."""
    divisors = np.array([1, 2, 3, 7, 10, 49, 224, 1000, 12345, 2**20 - 1, 2**31 + 11], np.int64)
    near = [d * (q // d) + e for d in divisors for q in (d, 10**6, 2**40, 2**51) for e in (-1, 0, 1)]
    given = np.array([n for n in near if n >= 0] + list(range(50)), np.int64)
    out = strided((len(divisors), len(given)), I64)
    *_, made = on_both(Dividing(), [len(given), len(divisors), given, divisors, out], 1, [out])
    holds(made, given // divisors[:, None])


def test_no_tile_packing_or_width_of_pieces_changes_a_bit():
    shape = Shape(n=3, size=(6, 7), channels=5, filters=32)
    for make in (forward, to_filters):
        made = {
            make(shape, chosen, pack=pack, pieces=3, chunks=2).bits()
            for chosen, pack in product((*TILES, Tile(1, 1), Tile(6, 1)), (True, False))
        }
        assert len(made) == 1


@pytest.mark.parametrize("make", [forward, to_filters])
@pytest.mark.parametrize("tile", [NARROW, SMALL], ids=str)
def test_any_number_of_pieces_and_chunks_gives_the_same_bits(tile, make):
    shape = Shape(n=2, size=(4, 6), channels=2, filters=18, window=(2, 3))
    made = set()
    for pieces, chunks in product(range(1, 17), (1, 2, 5, 16)):
        call = make(shape, tile, pieces=pieces, chunks=chunks)
        if pieces * chunks in (1, 15, 32):
            made.add(call.stored(call.run(pieces))[0].memory.tobytes())
        else:
            made.add(call.bits())
    assert len(made) == 1


# --- epilogues ------------------------------------------------------------------------------------------


def with_bias(shape, tile, *, steps=None, stores=None, guards=(), bias=None, make=forward, **settings):
    """A window with a number for each filter added, and relu."""
    (many, m, n) = make(shape, tile).space
    row = strided((many, m, n), F32, (1, 0, 1))
    row.fill(numbers((many, 1, n), F32, np.random.default_rng(5)) if bias is None else bias)
    steps = steps or (Step(ADD, "forward", (0, 1), F32), Step(RELU, "forward", (2,), F32))
    stores = stores or (2 + len(steps) - 1,)
    formula = Formula(
        (Operand(F32, NEXT), Operand(F32, NEXT)),
        steps,
        tuple((s, Operand(F32, NEXT)) for s in stores),
        guards,
    )
    return make(shape, tile, formula=formula, operands=[row], **settings)


@pytest.mark.parametrize("tile", TILES, ids=str)
@pytest.mark.parametrize("filters", [1, 7, 16, 33])
def test_biases_and_relu(filters, tile):
    shape = Shape(n=2, size=(3, 5), filters=filters, window=(2, 2))
    with_bias(shape, tile, pieces=3, chunks=2).check()
    with_bias(shape, tile, stores=(0, 2, 3), pieces=2).check()


def test_biases_of_groups():
    shape = Shape(channels=4, filters=34, groups=2, size=(3, 5), window=(2, 2))
    for make in (forward, to_filters):
        with_bias(shape, WIDE, make=make, pieces=3, chunks=2).check()


def test_a_long_epilogue_takes_the_way_of_the_scratch_tile():
    """More steps than are written out for every register: the same bits."""
    shape = Shape(filters=32, size=(4, 5), window=(2, 2))
    many = (Step(ADD, "forward", (0, 1), F32), *(Step(ADD, "forward", (k, 1), F32) for k in range(2, 11)))
    for chosen in (WIDE, SMALL):
        with_bias(shape, chosen, steps=many, pieces=2).check()


def test_functions_of_mathematics_follow_a_window():
    steps = (Step(ADD, "forward", (0, 1), F32), Step(Tanh(), "forward", (2,), F32))
    call = with_bias(Shape(filters=17), NARROW, steps=steps, pieces=2)
    (out,) = call.stored(call.run())
    holds(out, np.tanh(call.expected()[2].astype(F64)), 4 * np.finfo(F32).eps)


@pytest.mark.parametrize("bad", [None, np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("filters", [1, 16, 33])
def test_the_flag_is_set_if_a_result_is_not_finite(bad, filters):
    shape = Shape(filters=filters, size=(3, 4), window=(2, 2))
    row = np.ones((1, 1, filters), "f4")
    row[..., -1] = 1 if bad is None else bad
    for chosen in (WIDE, SMALL):
        call = with_bias(shape, chosen, guards=(2,), bias=row, pieces=3, chunks=2)
        call.check()
        assert bool(call.run()[-1][0]) == (bad is not None)


@pytest.mark.parametrize("place", [0, 37, -1])
def test_one_pixel_that_is_not_finite_raises_the_flag_and_stays_where_it_is_seen(place):
    formula = Formula(BARE.operands, (), BARE.stores, (0,))
    shape = Shape(filters=16, window=(2, 2))
    for make in (forward, to_filters):
        call = make(shape, NARROW, formula=formula)
        call.a.memory[place] = np.nan
        (out,) = call.check()
        assert np.isnan(out.view()).any() and not np.isnan(out.view()).all()


def test_pixels_that_no_window_meets_raise_no_flag():
    """The machine and the flag see only what the windows see: NaN between and behind them is no harm."""
    formula = Formula(BARE.operands, (), BARE.stores, (0,))
    shape = Shape(size=(8, 9), stride=(3, 3), window=(2, 1), filters=16)
    for make in (forward, to_filters):
        call = make(shape, WIDE, formula=formula)
        seen = np.zeros(call.a.x.shape, "f4")
        marked = call.a._replace(x=strided(call.a.x.shape, F32).fill(seen))
        np.lib.stride_tricks.as_strided(
            marked.x.memory,
            (*call.a.rows, *call.a.along),
            [4 * s for s in (*call.a.row_strides, *call.a.strides)],
        )[...] = 1
        assert (marked.x.view() == 0).any()
        call.a.x.view()[marked.x.view() == 0] = np.nan
        (out,) = call.check()
        assert np.isfinite(out.view()).all()


# --- every target, and faults that have to be found -----------------------------------------------------


@pytest.mark.parametrize(("chosen", "dtype"), [(WIDE, F32), (SMALL, F64)], ids=str)
def test_code_of_every_target(chosen, dtype):
    formula = Formula((Operand(dtype, NEXT),), (), ((0, Operand(dtype, NEXT)),))
    whole_everywhere(Product(dtype, chosen, formula, window=True))


FAULTS = [
    (Window, "at", "k.where(row < last, row, last)", "row"),  # rows behind the last are read
    (Window, "at", "between - self.inner * near", "between"),  # the next line begins too late
    (Window, "at", "far - self.middle * between", "far"),  # the next picture does
    (Window, "at", "k.divide(line, self.middle)", "k.divide(line, self.inner)"),
    (Machine, "divide", "+ 0.5", "+ 1.0"),  # the last of a line counts to the next
    (Window, "steps", "u * far + v * between", "u * far + v * near"),
    (Window, "steps", "moved + w * near", "moved"),
    (Window, "steps", "(u * middle + v) * inner", "(u * outer + v) * inner"),
    (Pair, "factors", "batch * self.a_b + place", "place"),  # every group sees the first one's channels
    (Pair, "factors", "batch * self.b_b", "0 * batch"),
]


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"), FAULTS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_planted_faults_are_caught(monkeypatch, owner, name, old, new):
    plant(monkeypatch, owner, name, old, new)
    shape = Shape(n=3, size=(5, 7), channels=4, filters=6, groups=2, window=(2, 3))
    with caught():
        for make in (forward, to_filters):
            make(shape, NARROW, pieces=2).check()


def test_the_faults_are_planted_in_what_is_right():
    """Nothing is caught without them."""
    shape = Shape(n=3, size=(5, 7), channels=4, filters=6, groups=2, window=(2, 3))
    for make in (forward, to_filters):
        make(shape, NARROW, pieces=2).check()
