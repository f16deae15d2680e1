"""Products with a large factor, block after block of k, on both machines: the bits are those of any other product."""

import numpy as np
import pytest

from chainrule.kernels.formula import NEXT, Formula, Operand, Step
from chainrule.kernels.language.types import F32, F64
from chainrule.kernels.large import LEFT, RIGHT, Blocks, Large
from chainrule.kernels.product import UNROLLED, Tile

from .machines import caught, holds, numbers, on_both, plant, strided, whole_everywhere
from .test_product import ADD, RELU, SMALL, TILES, WIDE, Call, matrices

SIDES = [LEFT, RIGHT]


class Blocked(Call):
    """A product of A (1, M, K) and B (1, K, N), so many steps of k in a block."""

    def __init__(self, a, b, tile, side, size, **settings):
        pack = b.shape[2] % 16 > 0 or side == LEFT
        super().__init__(a, b, tile, pack=pack, **settings)
        bare = self.kernel
        self.kernel = Large(bare.dtype, tile, bare.formula, large=side)
        _, m, n = self.space
        tiles = -(-m // tile.rows) * -(-n // tile.columns)
        self.size, self.room = size, strided((tiles, tile.rows * tile.columns), bare.dtype)

    def arguments(self):
        return [*super().arguments(), self.size, self.room]

    def check(self, seed=0):
        """What is stored; the room holds nothing before."""
        after = on_both(self.kernel, self.arguments(), self.pieces, [*self.stores, self.room], seed)
        sources, formula = self.expected(), self.kernel.formula
        for out, (source, _) in zip(self.stored(after), formula.stores, strict=True):
            holds(out, sources[source])
        if formula.guards:
            assert bool(after[-3][0]) == any(not np.isfinite(sources[n]).all() for n in formula.guards)
        return self.stored(after)


def blocked(side, m, depth, n, size, tile=SMALL, dtype=F32, seed=0, **settings):
    a, b = matrices(1, m, depth, n, dtype, seed)
    return Blocked(a, b, tile, side, size, **settings)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("tile", TILES, ids=str)
@pytest.mark.parametrize("n", [1, 16, 17, 33])
def test_all_remainders_of_rows_and_columns(side, tile, n):
    for m in (1, tile.rows, tile.rows + 1, 2 * tile.rows + 1):
        blocked(side, m, 5, n, 2, tile, pieces=1 + m % 3).check(m)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("dtype", [F32, F64], ids=str)
def test_all_depths(side, dtype):
    for depth in (1, 2, 15, 16, 17, 33, 40):
        for size in (1, 3, 16, 17, 32, 64):
            blocked(side, 3, depth, 16, size, Tile(2, 1), dtype).check()


@pytest.mark.parametrize("side", SIDES)
def test_any_number_of_pieces_gives_the_same_bits(side):
    made = set()
    for pieces in range(1, 17):
        (out,) = blocked(side, 13, 20, 70, 8, pieces=pieces).check()
        made.add(out.memory.tobytes())
    assert len(made) == 1


@pytest.mark.parametrize("side", SIDES)
def test_rows_of_a_may_lie_apart(side):
    a, b = matrices(1, 7, 20, 16)
    apart = strided(a.shape, F32, [1, 3, 1]).fill(a.view())
    Blocked(apart, b, SMALL, side, 16).check()


# --- epilogues ------------------------------------------------------------------------------------------

ADDED = [(ADD, (0, 1)), (ADD, (4, 2)), (ADD, (5, 3)), (RELU, (6,))]
"""The whole, a row and a column are added to the sum."""


def epilogue(side, steps, tile=SMALL, *, bad=None, n=33):
    """A product with operands of the whole, of a row and of a column; the sum and the last step are stored."""
    a, b = matrices(1, 9, 20, n)
    rng = np.random.default_rng(0)
    operands = [strided((1, 9, n), F32, steps) for steps in ([1, 1, 1], [0, 0, 1], [0, 1, 0])]
    for x in operands:
        x.memory[:] = numbers(x.memory.shape, F32, rng)
    if bad is not None:
        operands[0].memory[-1] = bad
    last, vector = 3 + len(steps), Operand(F32, NEXT)
    formula = Formula(
        (vector, *(Operand(F32, x.along) for x in operands)),
        tuple(Step(gate, "forward", inputs, F32) for gate, inputs in steps),
        ((0, vector), (last, vector)),
        (last,),
    )
    return Blocked(a, b, tile, side, 8, formula=formula, operands=operands, pieces=3)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("tile", [WIDE, SMALL], ids=str)
def test_short_and_long_epilogues(side, tile):
    longer = [*ADDED, (ADD, (7, 1)), (ADD, (8, 2)), (ADD, (9, 3))]
    assert len(ADDED) <= UNROLLED < len(longer)
    for steps in (ADDED, longer):
        for n in (32, 33):
            epilogue(side, steps, tile, n=n).check()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf], ids=str)
def test_the_flag_is_set_if_a_result_is_not_finite(side, bad):
    epilogue(side, ADDED[:1], bad=bad).check()


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("chosen", "dtype"), [(WIDE, F32), (SMALL, F64)], ids=str)
def test_code_of_every_target(side, chosen, dtype):
    whole_everywhere(blocked(side, 3, 5, 16, 2, chosen, dtype).kernel)


# --- faults that have to be found -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("begun", "below(block * LANES)", "below(LANES)"),
        ("begun", "below(block * LANES)", "below(0)"),
        ("waiting", "place * (", "place // 2 * ("),
        ("part", "line * self.panels + panel", "line + panel"),
        ("part", "block + 1 < self.blocks", "block + 2 < self.blocks"),
        ("steps", "(first + self.size).at_most(self.depth)", "(first + self.size)"),
        ("steps", "block * self.size", "block"),
        ("complete", "self.whole(m, n)", "self.whole(m - 1, n)"),
    ],
)
@pytest.mark.parametrize("side", SIDES)
def test_planted_faults(monkeypatch, side, name, old, new):
    plant(monkeypatch, Blocks, name, old, new)
    with caught():
        for m, n in ((4, 33), (5, 70)):
            blocked(side, m, 21, n, 4, pieces=2).check()


def test_planted_steps_left_out(monkeypatch):
    plant(monkeypatch, Blocks, "steps", "for i in range(TOGETHER)", "for i in range(TOGETHER - 1)")
    with caught():
        test_all_depths(LEFT, F32)
