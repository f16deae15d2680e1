"""Scales place values, and their ticks are round and tell values apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.pictures.scales import Scale, padded


def test_linear_and_logarithmic_places():
    assert Scale(0, 10, 100, 0)(2.5) == 75
    assert Scale(0.01, 100, 0, 400, log=True)(1.0) == pytest.approx(200)
    assert Scale(0, 2, 0, 10).pixels(np.array([0.0, 1.0, 2.0])).tolist() == [0, 5, 10]


@pytest.mark.parametrize(
    ("low", "high", "count", "expected"),
    [
        (0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 2.42, 4, [0, 0.5, 1, 1.5, 2]),
        (-1, 1, 4, [-1, -0.5, 0, 0.5, 1]),
        (0.7, 0.94, 4, [0.7, 0.75, 0.8, 0.85, 0.9]),
        (0, 47_000, 5, [0, 10_000, 20_000, 30_000, 40_000]),
    ],
)
def test_round_ticks(low, high, count, expected):
    assert Scale(low, high, 0, 1).ticks(count) == expected


def test_whole_ticks():
    assert Scale(1, 3, 0, 1).ticks(5, whole=True) == [1, 2, 3]
    assert Scale(1, 12, 0, 1).ticks(5, whole=True) == [2, 4, 6, 8, 10, 12]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.05, 200, [0.1, 1, 10, 100]),
        (1e-7, 1.0, [1e-6, 1e-4, 1e-2, 1]),
        (1.5, 7, [2, 5]),
        (1.05, 1.32, [1.05, 1.1, 1.15, 1.2, 1.25, 1.3]),
    ],
)
def test_logarithmic_ticks(low, high, expected):
    assert Scale(low, high, 0, 1, log=True).ticks(4) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([0.0, 0.5, 1.0], ["0", "0.5", "1.0"]),
        ([-1.0, 0.0, 1.0], ["−1", "0", "1"]),
        ([200.0, 400.0, 1000.0], ["200", "400", "1,000"]),
        ([0.0, 5000.0, 10000.0], ["0", "5k", "10k"]),
        ([0.0, 2e6, 4e6], ["0", "2M", "4M"]),
        ([1e6, 1.5e6], ["1.0M", "1.5M"]),
        ([0.0, 2e-8, 4e-8], ["0", "2e−8", "4e−8"]),
        ([1e12, 2e12], ["1e12", "2e12"]),
        ([1.0], ["1"]),
        ([], []),
    ],
)
def test_tick_labels(ticks, labels):
    assert Scale(0, 1, 0, 1).tick_labels(ticks) == labels


def test_logarithmic_labels():
    assert Scale(1, 2, 0, 1, log=True).tick_labels([1e-6, 0.01, 1.0, 20.0, 1e9]) == [
        "10⁻⁶",
        "0.01",
        "1",
        "20",
        "10⁹",
    ]


@given(st.floats(-1e200, 1e200), st.floats(-1e200, 1e200), st.booleans())
def test_any_range_has_ticks_inside_that_read_differently(one, other, log):
    if log:
        one, other = abs(one) + 1e-200, abs(other) + 1e-200
    low, high = padded(min(one, other), max(one, other), log)
    assert low < high
    assert low <= min(one, other) <= max(one, other) <= high
    scale = Scale(low, high, 0, 100, log)
    ticks = scale.ticks(5)
    assert len(ticks) <= 12
    assert len(set(scale.tick_labels(ticks))) == len(ticks)
    slack = (high - low) * 1e-6
    assert all(low - slack <= tick <= high + slack for tick in ticks)


def test_padding():
    assert padded(0.3, 2.3, log=False)[0] == 0  # near zero: show it
    assert padded(0.8, 0.9, log=False) == pytest.approx((0.795, 0.905))
    assert padded(0.0, 0.0, log=False) == (-1, 1)
    assert padded(5.0, 5.0, log=True) == pytest.approx((2.5, 10))
