"""The nearest of some points on both machines: bounds that keep what they have to, distances, the order of the best."""

import numpy as np
import pytest

from chainrule.kernels.language.types import F32, F64, I64, LANES, U8
from chainrule.kernels.nearest import Nearest, Walk, room
from chainrule.kernels.product import Tile

from .machines import caught, compiled, on_both, plant, whole_everywhere

WIDE, SMALL = Tile(8, 2), Tile(3, 1)


class Case:
    """Points and queries of small whole numbers, so that every sum is exact; bounds are the distances themselves, or
    of a share of their numbers.
    """

    def __init__(
        self, metric, points, queries, depth, k, *, dtypes=(F32, F64), tile=SMALL, width=None, seed=0
    ):
        rng = np.random.default_rng(seed)
        self.metric, self.k, self.tile = metric, k, tile
        self.x = rng.integers(0, 4, (points, depth)).astype(dtypes[0])
        self.q = rng.integers(0, 4, (queries, depth)).astype(dtypes[1])
        self.width = depth if width is None else width
        self.limits = np.full(queries, np.inf)
        self.first, self.step, self.strip = 5, 3, 2

    def exact(self):
        """(Q, P) distances, of l2 squared."""
        q, x = self.q.astype(F64), self.x.astype(F64)
        if self.metric == "cosine":
            far = 1 - (q @ x.T) * (inverse(q)[:, None] * inverse(x))
            return np.maximum(far, 0)
        apart = np.abs(q[:, None] - x)
        return (apart if self.metric == "l1" else apart**2).sum(2)

    def bounds(self):
        """(Q, P) what the kernel compares with rise · distance + shift."""
        a, b, begin, _, _ = self.sides()
        if self.metric == "l1":
            return begin + np.abs(a[:, None] - b).sum(2)
        return begin - a @ b.T

    def sides(self):
        """a (Q, W), b (P, W), begin (P,), rise, shift (Q,); of cosine bounds that keep all."""
        a, b = self.q[:, : self.width].astype(F64), self.x[:, : self.width].astype(F64)
        zero = np.zeros(len(b))
        if self.metric == "cosine":
            return a * 0, b * 0, zero, 1.0, np.ones(len(a))
        if self.metric == "l1":
            return a, b, zero, 1.0, np.zeros(len(a))
        return a, b, (b**2).sum(1) / 2, 0.5, -(a**2).sum(1) / 2

    def panels(self, b):
        count = -(-len(b) // self.tile.columns)
        full = np.zeros((count * self.tile.columns, b.shape[1]), F32)
        full[: len(b)] = b
        return np.ascontiguousarray(full.reshape(count, self.tile.columns, b.shape[1]).transpose(0, 2, 1))

    def arguments(self, pieces):
        a, b, begin, rise, shift = self.sides()
        panels = self.panels(b)
        begun = np.full(panels.shape[0] * self.tile.columns, np.inf, F32)
        begun[: len(b)] = begin
        a = a if self.metric == "l1" else -a
        distances = np.full((len(a), room(self.k)), np.inf)
        distances[:, :LANES] = -np.inf
        turned = [inverse(self.x), inverse(self.q)] if self.metric == "cosine" else []
        return [
            *(pieces, len(a), len(b), b.shape[1], self.strip, a.astype(F32), panels, begun),
            *(np.array([rise]), shift, self.first, self.step, self.x.shape[1], self.x, self.q, *turned),
            *(self.limits, self.k, distances, np.zeros(distances.shape, I64), distances.shape[1]),
            np.zeros(len(a), I64),
        ]

    def run(self, pieces=2, run=on_both, seed=0):
        kernel = Nearest(self.tile, self.metric, self.x.dtype, self.q.dtype)
        *_, distances, numbers, _, looked = run(kernel, self.arguments(pieces), pieces, seed=seed)
        part = slice(LANES, LANES + self.k)
        return distances[:, part], numbers[:, part], looked

    def check(self, **options):
        """The k smallest distances, of equal ones the smaller number; as many looks as bounds ask for at least."""
        distances, numbers, looked = self.run(**options)
        exact = self.exact()
        exact = np.where(exact <= self.limits[:, None], exact, np.inf)
        order = np.argsort(exact, 1, kind="stable")[:, : self.k]
        best = np.take_along_axis(exact, order, 1)
        there = np.isfinite(best)
        assert np.array_equal(distances[:, : order.shape[1]][there], best[there])
        assert np.array_equal(numbers[:, : order.shape[1]][there], (self.first + order * self.step)[there])
        assert (looked <= len(self.x)).all() and (looked >= there.sum(1)).all()
        return distances, numbers, looked


def inverse(x):
    lengths = np.sqrt((x.astype(F64) ** 2).sum(1))
    return np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)


@pytest.mark.parametrize("metric", ["l2", "l1", "cosine"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (15, 3, 2), (16, 4, 17), (33, 5, 16), (70, 9, 35)], ids=str)
def test_the_nearest_of_any_shape(metric, shape):
    case = Case(metric, *shape, k=4)
    if metric == "cosine":
        distances, numbers, looked = case.run()
        exact = case.exact()
        order = np.argsort(distances, 1, kind="stable")
        assert np.array_equal(order, np.broadcast_to(np.arange(4), order.shape))
        for q in range(len(exact)):
            there = np.isfinite(distances[q])
            found = exact[q, (numbers[q, there] - case.first) // case.step]
            np.testing.assert_allclose(found, distances[q, there], atol=1e-15)
            np.testing.assert_allclose(distances[q, there], np.sort(exact[q])[: there.sum()], atol=1e-15)
        assert (looked == len(case.x)).all()
    else:
        case.check()


@pytest.mark.parametrize("metric", ["l2", "l1"])
@pytest.mark.parametrize("k", [1, 15, 16, 17, 40])
def test_any_number_of_neighbours(metric, k):
    Case(metric, 60, 4, 5, k).check()


@pytest.mark.parametrize("dtypes", [(U8, F32), (F64, U8), (F32, F32)], ids=str)
def test_samples_of_any_dtype(dtypes):
    Case("l2", 40, 5, 19, 3, dtypes=dtypes).check()


@pytest.mark.parametrize("metric", ["l2", "l1"])
def test_bounds_of_a_part_of_the_numbers_miss_none(metric):
    looks = [Case(metric, 200, 6, 9, 5, width=w, tile=WIDE).check(run=compiled)[2].sum() for w in (0, 6, 9)]
    assert looks[0] == 6 * 200 > looks[1] > looks[2]


def test_only_what_a_bound_lets_through_is_looked_at():
    """With one neighbour, bounds that are distances: a look for each new best, one for each that is equal to it."""
    case = Case("l2", 48, 4, 6, 1, tile=Tile(1, 1))
    _, _, looked = case.check(pieces=1)
    for q, row in enumerate(case.exact()):
        expected, best = 0, np.inf
        for start in range(0, 48, LANES):
            part = row[start : start + LANES]
            expected += (part <= best).sum()
            best = min(best, part.min())
        assert looked[q] == expected


def test_limits_hold_before_anything_is_found():
    case = Case("l2", 90, 7, 6, 3)
    free = case.run(run=compiled)[2]
    case.limits = np.sort(case.exact(), 1)[:, 2]
    distances, _, looked = case.check()
    assert np.isfinite(distances).all() and looked.sum() < free.sum()
    case.limits = np.full(7, -1.0)
    assert case.run()[2].sum() == 0


def test_a_limit_of_nothing_finds_the_point_itself():
    case = Case("l1", 40, 4, 8, 1)
    case.q, case.limits = case.x[[3, 9, 30, 39]].astype(F64), np.zeros(4)
    assert (case.check()[0] == 0).all()


def test_fewer_points_than_neighbours():
    Case("l2", 10, 3, 4, 12).check()


def test_what_was_found_before_stays():
    """Two calls, one for each half of the points, are one."""
    case = Case("l1", 64, 5, 8, 6)
    whole = case.run(run=compiled)
    kernel, arguments = Nearest(SMALL, "l1", F32, F64), case.arguments(2)
    half = Case("l1", 64, 5, 8, 6)
    x = half.x
    half.x = x[:32]
    first = half.arguments(2)
    *_, distances, numbers, _, looked = compiled(kernel, first, 2)
    half.x, half.first = x[32:], case.first + 32 * case.step
    second = half.arguments(2)
    second[-4:] = distances, numbers, distances.shape[1], looked
    *_, distances, numbers, _, _ = on_both(kernel, second, 2)
    part = slice(LANES, LANES + 6)
    assert np.array_equal(distances[:, part], whole[0]) and np.array_equal(numbers[:, part], whole[1])
    assert len(arguments) == len(second)


def test_any_number_of_pieces_gives_the_same_bits():
    case = Case("l2", 100, 20, 12, 5, tile=WIDE, width=6)
    found = {tuple(x.tobytes() for x in case.run(pieces, compiled)) for pieces in range(1, 17)}
    assert len(found) == 1
    case.check(pieces=3, seed=1)


def test_no_queries_and_no_points():
    assert Case("l2", 20, 0, 3, 2).run()[0].shape == (0, 2)
    distances, _, looked = Case("l2", 0, 4, 3, 2).run()
    assert np.isinf(distances).all() and not looked.any()


def test_a_row_has_room_for_whole_vectors():
    assert [room(k) for k in (1, 16, 17)] == [32, 32, 48]


@pytest.mark.parametrize("metric", ["l2", "l1", "cosine"])
def test_code_of_every_target(metric):
    for dtypes in ((U8, F64), (F32, F32)):
        whole_everywhere(Nearest(SMALL, metric, *dtypes))


# --- faults that have to be found -----------------------------------------------------------------------

FAULTS = {
    "equal bounds are left out": ("choose", "v * LANES) <= k.spread", "v * LANES) < k.spread"),
    "a tile's last vector is forgotten": (
        "block",
        "for v in range(self.tile.vectors):",
        "for v in range(1):",
    ),
    "a row of the wrong bound": ("block", "k.spread(self.bounds, number)", "k.spread(self.bounds, rows[0])"),
    "equal distances come first": (
        "insert",
        "here <= value, before <= value",
        "here < value, before < value",
    ),
    "numbers do not move": ("insert", "number, moved", "number, held"),
    "points beyond the last": ("choose", "(self.n - corner - v * LANES).at_most(LANES)", "LANES"),
    "the last few numbers are left out": (
        "distance",
        "k.lanes(0, self.depth)",
        "k.lanes(0, self.depth // 16 * 16)",
    ),
    "the bound is not renewed between strips": ("write", "self.renew(i, query + i)", "self.renew(i, start)"),
    "limits are not looked at": ("renew", "k.spread(self.limits, query)", "last"),
    "a number too small": ("look", "point * self.step", "point"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted(monkeypatch, name):
    method, old, new = FAULTS[name]
    plant(monkeypatch, Walk, method, old, new)
    with caught():
        Case("l2", 50, 7, 20, 3, tile=Tile(3, 2)).check(pieces=2)
        Case("l1", 50, 7, 3, 3, tile=Tile(3, 2)).check(pieces=2)
        test_limits_hold_before_anything_is_found()
        test_a_limit_of_nothing_finds_the_point_itself()
        test_fewer_points_than_neighbours()
