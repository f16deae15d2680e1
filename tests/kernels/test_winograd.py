"""Winograd's algorithm on both machines: near the direct sum, the same bits for any number of pieces."""

import numpy as np
import pytest

from chainrule.kernels import transforms
from chainrule.kernels.formula import NEXT, Formula, Operand, Step
from chainrule.kernels.language.types import F32
from chainrule.kernels.product import Tile
from chainrule.kernels.results import Results
from chainrule.kernels.tiles import Tiles
from chainrule.kernels.transforms import GAP, Scheme
from chainrule.kernels.winograd import (
    Convolving,
    Summing,
    Winograd,
    WinogradFilters,
    WinogradResults,
    WinogradTiles,
)
from chainrule.ops.activation import Relu
from chainrule.ops.arithmetic import Add
from chainrule.ops.conv import Conv2d, Conv2dWeight

from .machines import caught, compiled, holds, on_both, plant, strided, whole_everywhere

WIDE, ODD = Tile(8, 2), Tile(3, 1)
BARE = Formula((Operand(F32, NEXT),), (), ((0, Operand(F32, NEXT)),))
BIAS = Formula(
    (Operand(F32, NEXT), Operand(F32, NEXT)),
    (Step(Add(), "forward", (0, 1), F32), Step(Relu(), "forward", (2,), F32)),
    ((3, Operand(F32, NEXT)),),
    (2,),
)
SIZES = [(1, 4, 4, 16, 16), (2, 5, 3, 16, 48), (1, 9, 6, 32, 16), (3, 2, 2, 16, 32)]
"""Pictures, rows, columns, channels, filters."""
TWO, THREE, FIVE = Scheme(2), Scheme(3), Scheme(5)
SCHEMES = [TWO, THREE, FIVE]


def real(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(F32)


def array(values):
    return strided(values.shape, F32).fill(values)


def planes(matrices, columns):
    """Matrices (36, G, rows, wide) in panels (panel, row, column), and a gap behind each: (36, G, numbers)."""
    *many, rows, wide = matrices.shape
    count = -(-wide // columns)
    whole = np.full((*many, rows, count * columns), np.nan, F32)
    whole[..., :wide] = matrices
    laid = whole.reshape(*many, rows, count, columns).swapaxes(2, 3).reshape(*many, -1)
    return np.concatenate([laid, np.full((*many, GAP), np.nan, F32)], 2)


def panels(filters, tile, scheme, groups):
    """Filters (taps, taps, C, G·F), transformed, as the kernel reads them."""
    u = np.einsum("ai,ijcf,bj->abcf", scheme.filters, filters, scheme.filters)
    _, _, c, f = filters.shape
    return array(planes(u.reshape(36, c, groups, f // groups).swapaxes(1, 2), tile.columns))


APART = (1, 2, 3, 1)
"""Results lie among others: twice as many rows, and three times as many pixels in each."""


def apart(values):
    return strided(values.shape, F32, APART).fill(values)


def room(pieces, planes, block, c, f):
    return strided((pieces, planes * (block * max(c, f) + GAP)), F32)


def forward(size, tile=WIDE, *, scheme=THREE, groups=1, block=8, pieces=2, formula=BARE, run=on_both):
    """The convolution of drawn pictures, and what it has to be, in float64."""
    n, high, wide, c, f = size
    taps, rows, columns = scheme.taps, high + scheme.edge, wide + scheme.edge
    x, w = real(n, rows, columns, groups * c), real(taps, taps, c, groups * f, seed=1)
    bias = real(groups * f, seed=2)
    direct = Conv2d(groups=groups)
    exact = direct.forward(x.transpose(0, 3, 1, 2).astype("f8"), w.transpose(3, 2, 0, 1).astype("f8"))
    exact = exact.transpose(0, 2, 3, 1)
    out = strided((n, high, wide, groups * f), F32, APART)
    extra = [array(bias), 0, 0, 0] if formula is BIAS else []
    arguments = [pieces, block, n, high, wide, groups, c, f, rows, columns, array(x)]
    rooms = room(pieces, 37, block, c, f)
    arguments += [panels(w, tile, scheme, groups), rooms, *extra, *out.arguments]
    arguments += [np.zeros(1, np.uint8)] if formula.guards else []
    after = run(Winograd(F32, tile, scheme, formula), arguments, pieces, [out, rooms])
    made = after[13 + len(extra)]
    return made, exact if formula is BARE else np.maximum(exact + bias, 0)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_forward(size, scheme):
    for tile, block in ((WIDE, 8), (ODD, 5)):
        made, exact = forward(size, tile, scheme=scheme, block=block)
        holds(made, exact, 1e-5 * abs(exact).max())


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_groups_lie_side_by_side(scheme):
    made, exact = forward((2, 5, 3, 16, 32), scheme=scheme, groups=3, pieces=4)
    holds(made, exact, 1e-5 * abs(exact).max())


@pytest.mark.parametrize("groups", [1, 2])
def test_the_epilogue_at_every_pixel(groups):
    made, exact = forward((2, 5, 7, 16, 32), groups=groups, formula=BIAS)
    holds(made, exact, 1e-5 * abs(exact).max())


def test_any_number_of_pieces_and_any_block_gives_the_same_bits():
    made = {
        forward((2, 9, 9, 16, 16), block=block, pieces=pieces, run=compiled)[0].memory.tobytes()
        for pieces in (1, 2, 3, 16)
        for block in (8, 16, 24)
    }
    assert len(made) == 1


def gradient(size, tile=WIDE, *, scheme=THREE, groups=1, block=8, shares=2, run=on_both):
    n, high, wide, c, f = size
    rows, columns = high + scheme.edge, wide + scheme.edge
    x, y = real(n, rows, columns, groups * c), real(n, high, wide, groups * f, seed=1)
    direct = Conv2dWeight(size=(scheme.taps, scheme.taps), groups=groups)
    exact = direct.forward(x.transpose(0, 3, 1, 2).astype("f8"), y.transpose(0, 3, 1, 2).astype("f8"))
    pieces = shares * groups
    out, rooms = strided((shares, 36, groups, c * f + GAP), F32), room(pieces, 72, block, c, f)
    sizes = [block, n, high, wide, groups, c, f, rows, columns]
    arguments = [pieces, shares, *sizes, array(x), *apart(y).arguments, out, rooms]
    after = run(WinogradFilters(F32, tile, scheme), arguments, pieces, [out, rooms])
    total = after[16].view()[..., :-GAP].sum(0, dtype="f8").reshape(6, 6, groups, c, f)
    made = np.einsum("ia,ijgcf,jb->gfcab", scheme.filters, total, scheme.filters)
    return made.reshape(exact.shape), exact


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_gradient_to_the_filters(size, scheme):
    for tile, block, shares in ((WIDE, 8, 2), (ODD, 5, 3)):
        made, exact = gradient(size, tile, scheme=scheme, block=block, shares=shares)
        assert abs(made - exact).max() < 1e-5 * abs(exact).max()


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_the_gradient_to_the_filters_of_groups(scheme):
    made, exact = gradient((2, 5, 3, 16, 32), scheme=scheme, groups=3)
    assert abs(made - exact).max() < 1e-5 * abs(exact).max()


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_tiles_transformed_ahead(size, back, scheme):
    n, high, wide, c, _ = size
    edge, count = 0 if back else scheme.edge, scheme.tiles(n, high, wide)
    for groups, columns, pieces in ((1, 16, 1), (1, 32, 3), (2, 32, 2), (1, None, 2)):
        x = real(n, high + edge, wide + edge, groups * c)
        tiles = (scheme.sent_by(x) if back else scheme.seen_by(x)).transpose(3, 4, 0, 1, 2, 5)
        exact = planes(tiles.reshape(36, count, groups, c).swapaxes(1, 2), columns or c)
        out, sizes = (
            strided(exact.shape, F32),
            [count, n, high, wide, groups, c, c, high + edge, wide + edge, 0],
        )
        kernel = WinogradTiles(F32, scheme, columns, back)
        source = apart(x).arguments if back else [array(x)]
        after = on_both(kernel, [pieces, *sizes, *source, out], pieces, [out])
        # what lies beyond the border is read as its last pixel: only whole tiles are those of zeros beyond
        if high % scheme.side == 0 and wide % scheme.side == 0 or back:
            there = ~np.isnan(exact)
            assert abs(after[-1].view() - exact)[there].max() < 1e-5 * abs(exact[there]).max()


def test_tiles_transformed_block_by_block():
    n, side, c, block = 2, 8, 16, 3
    x = real(n, side + 2, side + 2, c)
    whole = THREE.seen_by(x).transpose(3, 4, 0, 1, 2, 5).reshape(36, -1, c)
    for first in range(0, whole.shape[1], block):
        exact = whole[:, first : first + block].reshape(36, -1)
        out, sizes = (
            strided((36, block * c + GAP), F32),
            [block, n, side, side, 1, c, c, side + 2, side + 2, first],
        )
        after = on_both(WinogradTiles(F32, THREE, None, back=False), [2, *sizes, array(x), out], 2, [out])
        assert abs(after[12].view()[:, : exact.shape[1]] - exact).max() < 1e-5 * abs(exact).max()


def brought_back(size, *, scheme=THREE, block=5, pieces=2):
    """Tiles (36, tiles, F) brought back block by block, with bias and relu; and what that has to be."""
    n, high, wide, _, f = size
    tiles, bias = scheme.tiles(n, high, wide), real(f, seed=2)
    m = real(36, tiles, f)
    square = m.reshape(6, 6, n, scheme.along(high), scheme.along(wide), f).transpose(2, 3, 4, 0, 1, 5)
    exact = np.maximum(scheme.made_of(square.astype("f8"))[:, :high, :wide] + bias, 0)
    out, status = strided((n, high, wide, f), F32, APART), np.zeros(1, np.uint8)
    for first in range(0, tiles, block):
        rooms = np.zeros((36, block * f + GAP), F32)
        part = m[:, first : first + block].reshape(36, -1)
        rooms[:, : part.shape[1]] = part
        sizes = [pieces, block, n, high, wide, 1, f, f, high + scheme.edge, wide + scheme.edge, first]
        arguments = [*sizes, array(rooms), array(bias), 0, 0, 0, *out.arguments, status]
        after = on_both(WinogradResults(F32, scheme, BIAS), arguments, pieces, [out])
        out, status = after[16], after[20]
    return out, exact


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_results_brought_back_block_by_block(size, scheme):
    made, exact = brought_back(size, scheme=scheme)
    holds(made, exact, 1e-5 * abs(exact).max())


@pytest.mark.parametrize(
    "kernel",
    [
        Winograd(F32, WIDE, THREE, BARE),
        WinogradFilters(F32, WIDE, FIVE),
        WinogradTiles(F32, THREE, 16, False),
        WinogradTiles(F32, THREE, None, True),
        WinogradResults(F32, THREE, BIAS),
    ],
    ids=str,
)
def test_code_of_every_target(kernel):
    whole_everywhere(kernel)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new", "size"),
    [
        (transforms, "seen_inside", "plus(d4, -5.0, d2)", "plus(d4, -4.0, d2)", SIZES[0]),
        (transforms, "seen_square", "plus(ends[j][0], 4.0, value)", "ends[j][0] + value", SIZES[0]),
        (transforms, "results_inside", "2.0**i", "2.0", SIZES[0]),
        (transforms, "with_ends", "inside[-1] + last", "inside[-1]", SIZES[0]),
        (Tiles, "line", "self.least(at.row + i, self.rows - 1)", "(at.row + i)", SIZES[1]),
        (Tiles, "pixel", "self.least(at.column + j, self.columns - 1)", "(at.column + j)", SIZES[1]),
        (
            Tiles,
            "stretches",
            "self.k.splat(self.high) - at.row",
            "self.k.splat(self.high + 1) - at.row",
            SIZES[1],
        ),
        (Tiles, "spots", "k.divide(inside, self.across)", "k.divide(inside, self.down)", SIZES[2]),
    ],
)
def test_planted_faults_of_the_forward_pass_are_caught(owner, name, old, new, size, monkeypatch):
    test_forward(size, THREE)
    plant(monkeypatch, owner, name, old, new)
    with caught():
        test_forward(size, THREE)


def test_planted_blocks_that_all_begin_with_the_first_tile(monkeypatch):
    plant(monkeypatch, WinogradResults, "__call__", "first + start, stop", "start, stop")
    with caught():
        test_results_brought_back_block_by_block(SIZES[2], THREE)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Tiles, "see", "group * self.channels", "0"),
        (Convolving, "multiply", "(point * tiles.groups + group) * plane", "point * plane"),
        (Results, "finish", "group * tiles.filters + f", "f"),
    ],
)
def test_planted_faults_of_groups_are_caught(owner, name, old, new, monkeypatch):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        test_groups_lie_side_by_side(THREE)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (transforms, "sent", "plus(far, 2.0**i, value)", "plus(far, 2.0, value)"),
        (transforms, "sent_square", "range(SEEN)", "range(SEEN - 1)"),
        (Tiles, "send", "k.below(n * LANES)", "k.below(LANES)"),
        (Summing, "sum_up", "k.range(share * each", "k.range(share * each + 1"),
    ],
)
def test_planted_faults_of_the_gradient_are_caught(owner, name, old, new, monkeypatch):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        test_the_gradient_to_the_filters(SIZES[1], THREE)


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Tiles, "send", "group * self.filters + f", "f"),
        (
            Summing,
            "share_of",
            "share * POINTS * self.tiles.groups + group",
            "share * POINTS * self.tiles.groups",
        ),
        (
            Summing,
            "write",
            "unit * 2 * POINTS",
            "unit // tiles.groups * 2 * POINTS",
        ),  # pieces share their room
    ],
)
def test_planted_faults_of_the_gradient_of_groups_are_caught(owner, name, old, new, monkeypatch):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        test_the_gradient_to_the_filters_of_groups(THREE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("c // self.columns * panel", "c // self.columns"),
        ("group * plane + (start", "(start"),
        ("(start + tile) * (", "tile * ("),
    ],
)
def test_planted_faults_of_tiles_ahead_are_caught(old, new, monkeypatch):
    plant(monkeypatch, WinogradTiles, "shelf", old, new)
    with caught():
        test_tiles_transformed_ahead(SIZES[2], True, THREE)


def test_planted_blocks_of_tiles_that_all_begin_with_the_first(monkeypatch):
    plant(monkeypatch, WinogradTiles, "__call__", "first + start, stop", "start, stop")
    with caught():
        test_tiles_transformed_block_by_block()
