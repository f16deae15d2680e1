"""The best so far: in order, of equal distances the one that came first."""

import numpy as np

from chainrule.estimators.best import Best


def test_points_in_any_number_of_turns_are_one():
    rng = np.random.default_rng(0)
    distances = rng.integers(0, 6, (4, 60)).astype(float)
    best = Best.none(4, 7)
    for start in range(0, 60, 13):
        there = np.zeros((4, 60), bool)
        there[:, start : start + 13] = rng.random((4, len(range(start, min(start + 13, 60))))) < 2
        queries, numbers = np.nonzero(there)
        best.add(queries, distances[queries, numbers], numbers)
    order = np.argsort(distances, 1, kind="stable")[:, :7]
    assert np.array_equal(best.kept[1], order)
    assert np.array_equal(best.kept[0], np.take_along_axis(distances, order, 1))
    assert (best.looked == 60).all() and np.array_equal(best.last, best.kept[0][:, -1])


def test_queries_without_new_points_stay():
    best = Best.none(3, 2)
    best.add(np.array([1]), np.array([4.0]), np.array([9]))
    assert best.kept[0].tolist() == [[np.inf] * 2, [4, np.inf], [np.inf] * 2]
    assert best.kept[1][1, 0] == 9 and best.looked.tolist() == [0, 1, 0]


def test_what_is_allowed_is_rounded_upward():
    """As float32 it is no smaller than it is in float64, whatever its sign."""
    rng = np.random.default_rng(1)
    best = Best.none(1000, 1, rng.standard_normal(1000) ** 2)
    shift = -2 * rng.standard_normal(1000) ** 2
    wide = best.limits * 0.5 + shift
    assert (best.allowed(0.5, shift) >= wide).all() and (wide < 0).any() and (wide > 0).any()
    assert np.isinf(Best.none(2, 1).allowed(0.5, np.array([-1.0, 1.0]))).all()
