"""Series are read, smoothed, thinned and cut as said."""

import numpy as np
import pytest

from chainrule.errors import DTypeError, ShapeError
from chainrule.pictures.lines import Line, pieces, read_series, smoothed, thinned


def line(y):
    y = np.asarray(y, float)
    return Line("a", np.arange(1.0, len(y) + 1), y)


def test_values_stand_at_one_two_three():
    (read,) = read_series("curves", {"a": np.array([5, 6, 7], np.int8)})
    assert read.x.tolist() == [1, 2, 3]
    assert read.y.tolist() == [5, 6, 7]


@pytest.mark.parametrize("pairs", [[(0, 5), (10, 6)], np.array([[0.0, 5], [10, 6]]), ((0, 5), (10, 6))])
def test_pairs_bring_their_x(pairs):
    (read,) = read_series("curves", {"a": pairs})
    assert (read.x.tolist(), read.y.tolist()) == ([0, 10], [5, 6])


@pytest.mark.parametrize("nothing", [[], np.zeros((0,)), np.zeros((0, 2))])
def test_no_values(nothing):
    assert len(read_series("curves", {"a": nothing})[0]) == 0


def test_what_has_no_place_is_a_gap():
    (read,) = read_series(
        "curves", {"a": [(0, 1), (1, np.nan), (2, np.inf), (np.nan, 3), (4, 1e300), (5, 2)]}
    )
    assert read.drawn.tolist() == [True, False, False, False, False, True]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.zeros((4, 3)), ShapeError),
        (np.zeros((1, 4, 2)), ShapeError),
        (1.0, ShapeError),
        ([(1, 2), (3,)], ShapeError),
        (["high", "low"], DTypeError),
        ([None, 1.0], DTypeError),
    ],
)
def test_refuses_with_the_name_of_the_series(values, kind):
    with pytest.raises(kind, match="curves: series 'loss'.*try"):
        read_series("curves", {"loss": values})


def test_smoothing_leaves_straight_lines_as_they_are():
    straight = line(3 - 0.01 * np.arange(300))
    np.testing.assert_allclose(smoothed(straight).y, straight.y, atol=1e-9)


def test_smoothing_calms_noise_and_follows_the_trend():
    noise = np.random.default_rng(0).normal(size=1000)
    trend = np.exp(-np.arange(1000) / 300)
    calm = smoothed(line(trend + 0.1 * noise)).y
    assert np.abs(calm - trend).max() < 0.1
    assert np.abs(np.diff(calm)).mean() < 0.05 * np.abs(np.diff(0.1 * noise)).mean()


def test_smoothing_keeps_gaps_and_ignores_them():
    y = np.linspace(1, 2, 300)
    y[100:150] = np.nan
    np.testing.assert_allclose(smoothed(line(y)).y, y)


def test_smoothing_survives_an_explosion_and_forgets_it():
    y = np.full(400, 0.5)
    y[10] = 1e30  # so near the start that a fitted slope would lead below zero
    calm = smoothed(line(y)).y
    assert calm.min() >= 0.5 and calm.max() <= 1e30
    np.testing.assert_allclose(calm[200:], 0.5)


def test_smoothing_logarithms():
    falling = line(10.0 ** -np.linspace(0, 8, 300))
    np.testing.assert_allclose(smoothed(falling, log=True).y, falling.y, rtol=1e-6)


def test_smoothing_brings_very_long_lines_down():
    long = line(np.arange(100_000) % 2)
    calm = smoothed(long)
    assert len(calm) == 2000
    np.testing.assert_allclose(calm.y, 0.5, atol=0.01)
    assert 1 <= calm.x[0] < calm.x[-1] <= 100_000


def test_smoothing_all_gaps():
    assert not smoothed(line(np.full(300, np.nan))).drawn.any()
    assert not smoothed(line(np.full(3000, np.nan))).drawn.any()


def test_thinning_keeps_extremes_and_gaps():
    y = np.zeros(10_000)
    y[5055], y[7077], y[2000] = 9, -9, np.nan
    thin = thinned(line(y), 100)
    assert len(thin) <= 301
    assert np.nanmax(thin.y) == 9 and np.nanmin(thin.y) == -9
    assert np.isnan(thin.y).sum() == 1
    assert (np.diff(thin.x) > 0).all()
    assert len(thinned(line(y[:150]), 100)) == 150


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([], []),
        ([np.nan], []),
        ([1], [[1]]),
        ([1, np.nan, np.nan, 2, 3], [[1], [2, 3]]),
        ([np.nan, 1], [[1]]),
    ],
)
def test_pieces(y, expected):
    assert [piece.y.tolist() for piece in pieces(line(y))] == expected
