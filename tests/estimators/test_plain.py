"""The search in NumPy: the same best as all exact distances have, whatever the blocks."""

import numpy as np
import pytest

from chainrule.estimators import plain
from chainrule.estimators.best import Best
from chainrule.estimators.bounds import Bounds
from chainrule.estimators.distances import exact


def sides(metric, short, seed=0):
    rng = np.random.default_rng(seed)
    x, q = rng.integers(0, 5, (300, 130)).astype("f4"), rng.integers(0, 5, (9, 130)).astype("f4")
    bounds = Bounds(x, metric)
    return bounds.queries(q, short), bounds.points(x, short), bounds.rise(short)


def expected(asked, held, metric, k):
    count = len(held)
    pairs = np.repeat(asked.samples, count, 0), np.tile(held.samples, (len(asked), 1))
    distances = exact(*pairs, metric).reshape(-1, count)
    order = np.argsort(distances, 1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, 1), order


@pytest.mark.parametrize("room", [1, 4 * 9 * 100, 1 << 23])
@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("metric", ["l2", "l1", "cosine"])
def test_the_nearest(monkeypatch, metric, short, room):
    monkeypatch.setattr(plain, "ROOM", room)
    asked, held, rise = sides(metric, short)
    best = Best.none(9, 6)
    plain.look(asked, held, best, rise, range(7, 7 + 2 * 300, 2), metric)
    distances, order = expected(asked, held, metric, 6)
    assert np.array_equal(best.kept[0], distances) and np.array_equal(best.kept[1], 7 + 2 * order)


def test_limits_hold():
    asked, held, rise = sides("l1", False)
    limits = expected(asked, held, "l1", 4)[0][:, -1]
    free, bound = Best.none(9, 4), Best.none(9, 4, limits)
    for best in (free, bound):
        plain.look(asked, held, best, rise, range(300), "l1")
    assert np.array_equal(free.kept[1], bound.kept[1])
    assert bound.looked.sum() < free.looked.sum()


def test_blocks_grow():
    assert [s.stop - s.start for s in plain.growing(1000, 300)] == [64, 128, 256, 300, 252]
    assert [s.stop - s.start for s in plain.growing(3, 0)] == [1, 1, 1]
