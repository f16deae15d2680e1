"""What follows Winograd's products, on both machines: windows pooled, and sums added up."""

from dataclasses import replace

import numpy as np
import pytest

from chainrule.kernels.epilogue import Epilogue
from chainrule.kernels.formula import NEXT, Formula, Operand, Pool
from chainrule.kernels.language.types import F32, I32
from chainrule.kernels.results import Best, Results, windows
from chainrule.kernels.winograd import Winograd
from chainrule.ops.pool import MaxPool2d
from chainrule.ops.window import Window

from .machines import Strided, caught, compiled, holds, on_both, plant, strided, whole_everywhere
from .test_winograd import APART, BIAS, SCHEMES, SIZES, THREE, WIDE, array, forward, panels, real, room

GATHERED = Formula(
    BIAS.operands,
    BIAS.steps,
    BIAS.stores,
    BIAS.guards,
    ((2, Operand(F32, NEXT)), (3, Operand(F32, NEXT))),
    Pool(3, Operand(F32, NEXT), Operand(I32, NEXT)),
)
"""Bias and relu; what is before and behind it is added up, and what is behind pooled."""


def gathered(size, x, *, scheme=THREE, groups=1, block=8, pieces=2, formula=GATHERED):
    """What is stored, pooled, its winners and the sums before and behind, of a convolution of x."""
    n, high, wide, c, f = size
    w, bias = real(scheme.taps, scheme.taps, c, groups * f, seed=1), real(groups * f, seed=2)
    out = strided((n, high, wide, groups * f), F32, APART)
    pooled, winner = (strided((n, high // 2, wide // 2, groups * f), dtype, APART) for dtype in (F32, I32))
    sums = [strided((pieces, groups * f), F32) for _ in range(2)]
    rooms = room(pieces, 37, block, c, f)
    sizes = [block, n, high, wide, groups, c, f, *x.shape[1:3]]
    arguments = [pieces, *sizes, array(x), panels(w, WIDE, scheme, groups), rooms, array(bias), 0, 0, 0]
    for made in (*([out] if formula.stores else []), pooled, winner):
        arguments += made.arguments
    written = [made for made in arguments[17:] if isinstance(made, Strided)] + [*sums, rooms]
    with np.errstate(invalid="ignore"):
        arguments += [*sums, np.zeros(1, np.uint8)]
        after = on_both(Winograd(F32, WIDE, scheme, formula), arguments, pieces, written)
    *rest, one, two = (a for a in after if isinstance(a, Strided))
    return [*rest[4:], *(rows.view().sum(0, dtype="f8") for rows in (one, two))]


def windows_of(values):
    """Pooled, and the winners, by the plain gate."""
    made = MaxPool2d(Window((2, 2), (2, 2))).forward(values.view().transpose(0, 3, 1, 2))
    return [part.transpose(0, 2, 3, 1) for part in made]


@pytest.mark.parametrize("scheme", [s for s in SCHEMES if s.side % 2 == 0], ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_is_pooled_and_added_up_meanwhile(size, scheme):
    """Rows and columns behind the last window are in the sums alone."""
    n, high, wide, c, _ = size
    for groups, block, pieces in ((1, 8, 2), (1, 5, 3), (2, 8, 2)):
        x = real(n, high + scheme.edge, wide + scheme.edge, groups * c)
        out, pooled, winner, before, behind = gathered(
            size, x, scheme=scheme, groups=groups, block=block, pieces=pieces
        )
        holds(pooled, windows_of(out)[0])
        holds(winner, windows_of(out)[1])
        np.testing.assert_allclose(behind, out.view().sum((0, 1, 2), dtype="f8"), rtol=1e-5)
        bare = real(groups * size[4], seed=2) * (n * high * wide)
        sums = forward(size, scheme=scheme, groups=groups, run=compiled)[1].sum((0, 1, 2))
        np.testing.assert_allclose(before, sums + bare, atol=1e-4 * abs(sums).max())


def test_what_is_pooled_need_not_be_stored():
    size = (2, 5, 7, 16, 32)
    x = real(2, 7, 9, 16)
    alone = gathered(size, x, formula=replace(GATHERED, stores=()))
    _, pooled, winner, *sums = gathered(size, x)
    holds(alone[0], pooled.view())
    holds(alone[1], winner.view())
    np.testing.assert_array_equal(alone[2:], sums)


def test_pools_see_nan():
    x = real(1, 10, 10, 16)
    x[0, 4, 5, 3] = np.nan
    out, pooled, winner, *_ = gathered((1, 8, 8, 16, 16), x)
    with np.errstate(invalid="ignore"):
        holds(pooled, windows_of(out)[0])
        holds(winner, windows_of(out)[1])
    assert np.isnan(pooled.view()).any()


@pytest.mark.parametrize(
    ("owner", "name", "old", "new"),
    [
        (Best, "meet", "beats(value, self.value.get())", "(value <= self.value.get())"),
        (Best, "meet", "self.winner.set(winner)", "self.winner.get()"),
        (Results, "tile", "place.at(1, i // 2)", "place.at(1, i)"),
        (Results, "tile", "tiles.results(t, place, 2)", "tiles.results(t, place)"),
        (Epilogue, "add", "self.k.load(rows, place) + more", "more"),
        (Epilogue, "begin", "k.piece * width", "k.piece"),
        (Epilogue, "count", "total.get() + sources", "sources"),
    ],
)
def test_planted_faults_of_pools_and_sums_are_caught(owner, name, old, new, monkeypatch):
    plant(monkeypatch, owner, name, old, new)
    with caught():
        test_what_is_pooled_and_added_up_meanwhile(SIZES[2], THREE)


def test_code_of_every_target():
    whole_everywhere(Winograd(F32, WIDE, THREE, GATHERED))


def test_windows_of_a_tile():
    assert windows(2) == [[(0, 0), (0, 1), (1, 0), (1, 1)]]
    assert [window[0] for window in windows(4)] == [(0, 0), (0, 2), (2, 0), (2, 2)]
