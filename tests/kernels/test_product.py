"""The matrix product on both machines: sums by fma in the order of k, whatever tiles, packing, pieces."""

from itertools import product

import numpy as np
import pytest

from chainrule.graph import xp
from chainrule.kernels import product as module
from chainrule.kernels.formula import NEXT, SAME, STRIDED, Formula, Number, Operand, Step
from chainrule.kernels.language.arithmetic import fma_double, fma_single
from chainrule.kernels.language.types import BOOL, F32, F64, LANES
from chainrule.kernels.product import TILES as ALL_TILES
from chainrule.kernels.product import Pair, Product, Rows, Tile, Walk, tile, tile_for
from chainrule.ops.activation import Relu, Tanh
from chainrule.ops.arithmetic import Add, Multiply
from chainrule.ops.selection import Greater

from .machines import Strided, caught, compiled, holds, numbers, on_both, plant, strided, whole_everywhere
from .test_panels import packed

WIDE, NARROW, SMALL = Tile(8, 2), Tile(8, 1), Tile(3, 1)
TILES = [WIDE, NARROW, SMALL]
ADD, RELU = Add(), Relu()


# --- one call -------------------------------------------------------------------------------------------


class Call:
    """A product over arrays: A (B, M, K), B (B, K, N), operands and stores (B, M, N).  more: further pairs A, B"""

    strip = 1

    def __init__(self, a, b, tile, *, pack, formula=None, operands=(), pieces=1, chunks=1, more=()):
        dtype = a.memory.dtype
        formula = formula or Formula((Operand(dtype, NEXT),), (), ((0, Operand(dtype, NEXT)),))
        self.factors, self.operands = [(a, b), *more], operands
        self.kernel = Product(dtype, tile, formula, pairs=len(self.factors))
        self.space = (*a.shape[:2], b.shape[2])
        self.pieces, self.chunks = pieces, chunks
        self.stores = [strided(self.space, o.dtype) for _, o in formula.stores]
        self.status = np.zeros(1, np.uint8)
        self.pairs = [[x.shape[2], *left(x, tile, pack), *right(y, tile, pack)] for x, y in self.factors]

    def arguments(self):
        made = [self.pieces, self.chunks, self.strip, *self.space]
        for pair in self.pairs:
            made += pair
        for x in (*self.operands, *self.stores):
            made += x.arguments
        return [*made, self.status] if self.kernel.formula.guards else made

    def run(self, seed=0):
        return on_both(self.kernel, self.arguments(), self.pieces, self.stores, seed)

    def stored(self, after):
        before = self.arguments()
        return [next(x for x, y in zip(after, before, strict=True) if y is out) for out in self.stores]

    def expected(self):
        """All sources: the sum by fma in the order of k, then the steps in NumPy."""
        pairs = [(a.view(), b.view()) for a, b in self.factors]
        whole = [
            np.concatenate([np.broadcast_to(x, (self.space[0], *x.shape[1:])) for x in side], axis)
            for side, axis in zip(zip(*pairs, strict=True), (2, 1), strict=True)
        ]
        made = [summed(*whole), *(x.view() for x in self.operands)]
        with np.errstate(all="ignore"):
            for step in self.kernel.formula.steps:
                given = [x.dtype.type(x.value) if isinstance(x, Number) else made[x] for x in step.inputs]
                made.append(step.formula.forward(xp, *given))
        return [np.broadcast_to(x, self.space) for x in made]

    def check(self, seed=0):
        after, sources = self.run(seed), self.expected()
        for out, (source, _) in zip(self.stored(after), self.kernel.formula.stores, strict=True):
            holds(out, sources[source])
        if self.kernel.formula.guards:
            bad = any(not np.isfinite(sources[n]).all() for n in self.kernel.formula.guards)
            assert bool(after[-1][0]) == bad
        return self.stored(after)


def left(a, tile, pack):
    """A as its kernel reads it; a transposed one may be in panels of 16 rows, as a B of its own."""
    if pack and a.strides[2] != 1 and a.strides[1] == 1:
        strides, shape = (a.strides[0], a.strides[2], a.strides[1]), (a.shape[0], *a.shape[:0:-1])
        turned = Strided(a.memory, a.start, strides, shape)
        groups = packed(a.memory.dtype, Tile(tile.rows, 1), turned, run=compiled)
        return [groups, groups.strides[0], groups.strides[1], 1, LANES]
    return [a, a.strides[0], LANES * a.strides[1], a.strides[1], a.strides[2]]


def right(b, tile, pack, run=compiled):
    """B as its kernel reads it, in panels that `run` has made, or where it lies."""
    if not pack:
        return [b, b.strides[0], tile.columns, b.strides[1]]
    panels = packed(b.memory.dtype, tile, one_of(b) if b.strides[0] == 0 else b, run=run)
    return [panels, 0 if b.strides[0] == 0 else panels.strides[0], panels.strides[1], tile.columns]


def one_of(b):
    """The one matrix of a stack that is stretched."""
    return Strided(b.memory, b.start, b.strides, (1, *b.shape[1:]))


def summed(a, b):
    """Σ_k a·b by fma in the order of k."""
    fma = fma_single if a.dtype == F32 else fma_double
    total = np.zeros((*a.shape[:2], b.shape[2]), a.dtype)
    with np.errstate(all="ignore"):
        for k in range(a.shape[2]):
            left, right, before = np.broadcast_arrays(a[:, :, k : k + 1], b[:, k : k + 1, :], total)
            total = fma(left.ravel(), right.ravel(), before.ravel()).astype(a.dtype).reshape(total.shape)
    return total


def matrices(batches, m, depth, n, dtype=F32, seed=0, a_order=None, b_batch=1):
    rng = np.random.default_rng(seed)
    a = strided((batches, m, depth), dtype, order=a_order)
    b = strided((batches, depth, n), dtype, [b_batch, 1, 1])
    a.fill(numbers(a.shape, dtype, rng))
    b.fill(numbers((1, depth, n) if b_batch == 0 else b.shape, dtype, rng))
    return a, b


# --- the sum --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tile", TILES, ids=str)
@pytest.mark.parametrize("n", [1, 15, 16, 17, 31, 32, 33, 48])
def test_all_remainders_of_rows_and_columns(tile, n):
    for m in range(1, 2 * tile.rows + 2):
        a, b = matrices(1, m, 3, n, seed=m)
        for pack in (True, False):
            call = Call(a, b, tile, pack=pack, pieces=1 + m % 3, chunks=1 + m % 2)
            if m in (1, tile.rows, tile.rows + 1):
                call.check(m)
            else:
                (out,) = call.stored(compiled(call.kernel, call.arguments(), call.pieces))
                holds(out, call.expected()[0])


@pytest.mark.parametrize("depth", [0, 1, 2, 15, 17])
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_all_depths(depth, dtype):
    for chosen, pack in product((NARROW, WIDE, Tile(1, 1)), (True, False)):
        a, b = matrices(1, 3, depth, 16, dtype, depth)
        (out,) = Call(a, b, chosen, pack=pack).check()
        exact = a.view().astype(F64) @ b.view()
        bound = (depth + 1) * np.finfo(dtype).eps * (abs(a.view()).astype(F64) @ abs(b.view()))
        holds(out, exact, bound)


@pytest.mark.parametrize("space", [(0, 3, 16), (2, 0, 16), (2, 3, 0)], ids=str)
def test_no_matrices_rows_or_columns(space):
    batches, m, n = space
    for pack in (True, False):
        a, b = matrices(batches, m, 2, n)
        Call(a, b, NARROW, pack=pack, pieces=2, chunks=2).check()


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 2, 0), (0, 1, 2), (0, 2, 1)], ids=str)
def test_a_may_lie_in_any_order(order):
    a, b = matrices(2, 5, 4, 18, a_order=order)
    Call(a, b, SMALL, pack=True, pieces=2).check()


def test_a_may_be_stretched_or_go_backward():
    rng = np.random.default_rng(0)
    for steps in ((0, 1, 1), (1, 0, 1), (1, 1, 0), (1, -1, 2), (-1, 3, -1)):
        a = strided((2, 5, 4), F32, steps)
        a.memory[:] = numbers(a.memory.shape, F32, rng)
        _, b = matrices(2, 5, 4, 17)
        Call(a, b, SMALL, pack=True).check()


@pytest.mark.parametrize("pack", [True, False])
def test_stacks_of_matrices(pack):
    for b_batch in (0, 1):
        a, b = matrices(3, 4, 3, 32, b_batch=b_batch)
        Call(a, b, WIDE, pack=pack, pieces=5, chunks=2).check()


def test_b_that_is_not_packed_may_have_rows_apart():
    a, _ = matrices(2, 4, 3, 16)
    b = strided((2, 3, 16), F32, [-1, 5, 1]).fill(numbers((2, 3, 16), F32, np.random.default_rng(0)))
    Call(a, b, NARROW, pack=False).check()


def test_every_tile_and_packing_gives_the_same_bits():
    a, b = matrices(2, 19, 37, 118)
    made = set()
    for chosen, pack in product((*ALL_TILES, SMALL, Tile(1, 1)), (True, False)):
        call = Call(a, b, chosen, pack=pack, pieces=3, chunks=2)
        (out,) = call.stored(compiled(call.kernel, call.arguments(), 3))
        made.add(out.memory.tobytes())
    assert len(made) == 1


@pytest.mark.parametrize("tile", [NARROW, SMALL], ids=str)
def test_any_number_of_pieces_and_chunks_gives_the_same_bits(tile):
    a, b = matrices(2, 19, 3, 33)
    made = set()
    for pieces in range(1, 17):
        for chunks in (1, 2, 5, 16):
            call = Call(a, b, tile, pack=True, pieces=pieces, chunks=chunks)
            small = pieces * chunks in (1, 15, 32)
            after = call.run(pieces) if small else compiled(call.kernel, call.arguments(), pieces)
            made.add(call.stored(after)[0].memory.tobytes())
    assert len(made) == 1


@pytest.mark.parametrize("tile", [WIDE, SMALL], ids=str)
@pytest.mark.parametrize("strip", [1, 2, 3, 5, 100])
def test_strips_of_columns_give_the_same_bits(tile, strip):
    a, b = matrices(2, 19, 3, 83)
    for pieces, chunks in ((1, 1), (3, 2), (16, 5)):
        call = Call(a, b, tile, pack=True, pieces=pieces, chunks=chunks)
        call.strip = strip
        call.check()


# --- epilogues ------------------------------------------------------------------------------------------


def epilogue(shapes, steps, stores, guards=(), *, space=(2, 9, 33), tile=SMALL, bad=None, pack=True):
    """A product with operands of these steps (0 is stretched), and what follows."""
    rng = np.random.default_rng(0)
    a, b = matrices(space[0], space[1], 3, space[2])
    operands = []
    for own in shapes:
        x = strided(space, F32, own)
        x.memory[:] = numbers(x.memory.shape, F32, rng)
        operands.append(x)
    if bad is not None:
        operands[0].memory[-1] = bad
    formula = Formula(
        (Operand(F32, NEXT), *(Operand(F32, x.along) for x in operands)),
        tuple(Step(gate, "forward", inputs, dtype) for gate, inputs, dtype in steps),
        tuple((n, Operand(dtype, NEXT)) for n, dtype in stores),
        guards,
    )
    return Call(a, b, tile, pack=pack, formula=formula, operands=operands, pieces=3, chunks=2)


@pytest.mark.parametrize("tile", TILES, ids=str)
def test_a_row_of_biases_and_relu(tile):
    epilogue([(0, 0, 1)], [(ADD, (0, 1), F32), (RELU, (2,), F32)], [(3, F32)], tile=tile).check()


@pytest.mark.parametrize("tile", TILES, ids=str)
def test_a_whole_matrix_a_column_and_two_stores(tile):
    steps = [(ADD, (0, 1), F32), (Multiply(), (3, 2), F32), (RELU, (4,), F32), (Greater(), (5, 1), BOOL)]
    shapes = [(1, 1, 1), (1, 1, 0)]
    for space in ((2, 9, 33), (1, 4, 16)):
        epilogue(shapes, steps, [(0, F32), (5, F32), (6, BOOL)], tile=tile, space=space).check()


@pytest.mark.parametrize(
    "steps", [(0, 0, 0), (1, 0, 1), (0, 2, 1), (1, 1, 2), (1, -1, -1), (-1, 0, 3)], ids=str
)
def test_operands_of_an_epilogue_lie_anyhow(steps):
    call = epilogue([steps], [(ADD, (0, 1), F32)], [(2, F32)])
    assert call.operands[0].along == {0: SAME, 1: NEXT}.get(steps[-1], STRIDED)
    call.check()


def test_functions_of_mathematics_in_an_epilogue():
    call = epilogue([(0, 0, 1)], [(ADD, (0, 1), F32), (Tanh(), (2,), F32)], [(3, F32)])
    (out,) = call.stored(call.run())
    holds(out, np.tanh(call.expected()[2].astype(F64)), 4 * np.finfo(F32).eps)


@pytest.mark.parametrize("bad", [None, np.nan, np.inf, -np.inf], ids=str)
@pytest.mark.parametrize("tile", [WIDE, SMALL], ids=str)
def test_the_flag_is_set_if_a_result_is_not_finite(bad, tile):
    for n in (1, 16, 17, 33):
        for steps in ((1, 1, 1), (0, 0, 1)):
            call = epilogue(
                [steps], [(ADD, (0, 1), F32)], [(2, F32)], (2,), space=(2, 4, n), tile=tile, bad=bad
            )
            call.check()
            assert bool(call.run()[-1][0]) == (bad is not None)


def test_lanes_behind_the_last_column_raise_no_flag():
    """NaN in the panels behind the last column, which no result is made of."""
    call = epilogue([], [], [(0, F32)], (0,), space=(1, 4, 5))
    panels = call.pairs[0][6]
    panels.view()[..., 5:] = np.nan
    after = call.run()
    assert not after[-1][0]
    holds(call.stored(after)[0], call.expected()[0])


def test_lanes_behind_the_last_column_of_b_are_not_read():
    """What follows a row of B is another one, or nobody's memory: the checked machine refuses to read that."""
    for chosen, steps in ((WIDE, []), (SMALL, [(RELU, (k,), F32) for k in range(module.UNROLLED + 1)])):
        call = epilogue(
            [], steps, [(len(steps), F32)], (len(steps),), space=(1, 9, 21), tile=chosen, pack=False
        )
        call.check()


@pytest.mark.parametrize("tile", TILES, ids=str)
@pytest.mark.parametrize("pack", [True, False])
def test_sums_of_products(tile, pack):
    for n, depths in ((21, (3, 1)), (32, (5, 0, 2)), (16, (1, 2, 3, 4))):
        pairs = [matrices(1, 9, depth, n, seed=depth, a_order=(0, 2, 1)) for depth in depths]
        (a, b), *more = pairs
        Call(a, b, tile, pack=pack, more=more, pieces=2).check()


def test_a_sum_of_products_is_the_product_of_what_is_joined():
    """Each sum goes on where the pair before has left it: the same chain of fma, the same bits."""
    a, b = matrices(1, 9, 7, 33)
    whole = Call(a, b, WIDE, pack=False)
    parts = []
    for first, last in ((0, 2), (2, 7)):
        x, y = strided((1, 9, last - first), F32), strided((1, last - first, 33), F32)
        parts.append((x.fill(a.view()[:, :, first:last]), y.fill(b.view()[:, first:last])))
    cut = Call(*parts[0], WIDE, pack=False, more=parts[1:])
    made = [call.stored(call.run())[0].memory.tobytes() for call in (whole, cut)]
    assert made[0] == made[1]


def test_nan_and_infinity_go_through_a_product():
    a, b = matrices(1, 3, 4, 17)
    a.view()[0, 1, 2] = np.nan
    b.view()[0, 3, 16] = np.inf
    (out,) = Call(a, b, SMALL, pack=True).check()
    assert np.isnan(out.view()[0, 1]).all()
    assert np.isinf(out.view()[0, [0, 2], 16]).all()


# --- tiles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("registers", [(16, 32), (32, 64), (32, 16), (16, 16)], ids=str)
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
@pytest.mark.parametrize("columns", [0, 1, 32, 48, 100, 784])
def test_a_tile_fits_the_registers(registers, dtype, columns):
    count, width = registers
    chosen = tile(dtype, registers, columns)
    each = 16 * dtype.itemsize // width
    assert chosen == Tile(1, 1) or (chosen.rows + 1) * chosen.vectors * each < count
    assert chosen.columns == 16 * chosen.vectors


def test_a_tile_leaves_few_columns_over():
    chosen = {n: tile(F32, (32, 64), n) for n in (10, 16, 17, 32, 48, 64, 96, 100, 128, 192, 784)}
    assert all(chosen[n] == Tile(8, 1) for n in (10, 16))
    assert all(chosen[n] == Tile(8, 2) for n in (17, 32))
    assert all(chosen[n] == Tile(8, 3) for n in (48, 96))
    assert all(chosen[n] == Tile(6, 4) for n in (64, 100, 128, 192, 784))
    assert tile(F32, (16, 32), 784) == tile(F32, (16, 32), 10)


def test_slow_multiply_adds_want_no_wider_tile():
    assert {tile(F32, (32, 64), n, halves=True) for n in (17, 48, 64, 100, 784)} == {Tile(8, 2)}
    assert tile(F32, (32, 64), 16, halves=True) == Tile(8, 1)


def test_the_tile_of_this_processor():
    assert tile_for(F32).rows >= tile_for(F64).rows
    assert tile_for(F32) is tile_for(F32)


# --- drawn products -------------------------------------------------------------------------------------


def test_drawn_products():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        batches, m, depth, n = (
            int(x) for x in (rng.integers(1, 4), rng.integers(1, 20), rng.integers(0, 9), rng.integers(1, 50))
        )
        pack = bool(rng.integers(3))
        chosen = [*TILES, Tile(2, 1), Tile(4, 1)][rng.integers(5)]
        order = tuple(int(axis) for axis in rng.permutation(3))
        a, b = matrices(batches, m, depth, n, F32, seed, order, int(rng.integers(2)))
        bias = strided((batches, m, n), F32, [int(x) for x in rng.choice([0, 1, -1, 2], 3)])
        bias.memory[:] = numbers(bias.memory.shape, F32, rng)
        formula = Formula(
            (Operand(F32, NEXT), Operand(F32, bias.along)),
            (Step(ADD, "forward", (0, 1), F32), Step(RELU, "forward", (2,), F32)),
            ((3, Operand(F32, NEXT)), (0, Operand(F32, NEXT))),
            (2,),
        )
        pieces, chunks = int(rng.integers(1, 17)), int(rng.integers(1, 6))
        Call(a, b, chosen, pack=pack, formula=formula, operands=[bias], pieces=pieces, chunks=chunks).check(
            seed
        )


@pytest.mark.parametrize(("chosen", "dtype"), [(WIDE, F32), (SMALL, F64)], ids=str)
def test_code_of_every_target(chosen, dtype):
    a, b = matrices(1, 3, 2, 16, dtype)
    whole_everywhere(Call(a, b, chosen, pack=True).kernel)


# --- faults that have to be found -----------------------------------------------------------------------


def test_planted_lost_sum(monkeypatch):
    plant(monkeypatch, module, "micro_kernel", "add(number, vector, held.get())", "number * vector")
    with caught():
        test_all_remainders_of_rows_and_columns(NARROW, 17)


def test_planted_product_rounded_twice(monkeypatch):
    twice = "number * vector + held.get()"
    plant(monkeypatch, module, "micro_kernel", "add(number, vector, held.get())", twice)
    with caught():
        test_all_remainders_of_rows_and_columns(NARROW, 17)


def test_planted_rows_behind_the_last(monkeypatch):
    plant(monkeypatch, Rows, "at", "(m + i).at_most(self.m - 1)", "m + i")
    with caught():
        test_all_remainders_of_rows_and_columns(NARROW, 17)


def test_planted_stride_of_b(monkeypatch):
    plant(monkeypatch, Pair, "factors", "panel * self.b_panel", "panel * self.b_k")
    with caught():
        test_all_remainders_of_rows_and_columns(NARROW, 17)


def test_planted_reads_behind_the_last_column(monkeypatch):
    plant(monkeypatch, Walk, "block", "k.below(self.n - n - v * LANES)", "k.all_lanes()")
    with caught():
        test_lanes_behind_the_last_column_of_b_are_not_read()


def test_planted_sum_that_begins_anew_with_each_pair(monkeypatch):
    plant(monkeypatch, Walk, "multiply", "[[total.get() for total in row] for row in sums]", "held")
    with caught():
        test_sums_of_products(WIDE, True)


def test_planted_one_vector_too_few(monkeypatch):
    plant(monkeypatch, module, "widths", "(left + (LANES - 1)) // LANES", "left // LANES")
    with caught():
        test_all_remainders_of_rows_and_columns(WIDE, 17)


def test_planted_chunks_that_overlap(monkeypatch):
    plant(monkeypatch, Walk, "write", "last.at_most(self.m)", "(last + rows).at_most(self.m)")
    with caught():
        test_any_number_of_pieces_and_chunks_gives_the_same_bits(SMALL)


def test_planted_strips_that_begin_too_early(monkeypatch):
    plant(monkeypatch, Walk, "write", "inside % strips * strip", "inside % strips")
    with caught():
        test_strips_of_columns_give_the_same_bits(SMALL, 2)
