"""Curves whose slopes are known, and what is thought of a slope that backward gives for them."""

import math

import numpy as np
import pytest

from chainrule.check.differences import compared, relative, settled


def judged(curve, backward, size=1.0, noise=1.0, **more):
    return compared(curve, curve(0.0), backward, size, noise, 1e-5, **more)


@pytest.mark.parametrize("curve", [math.sin, lambda t: math.exp(t) + t, lambda t: t / 3 + t**3])
def test_a_smooth_curve(curve):
    slope = (curve(1e-6) - curve(-1e-6)) / 2e-6
    assert judged(curve, slope).verdict == "agrees"
    for factor in (0.5, 1.001, -1.0, 0.0):
        found = judged(curve, slope * factor)
        assert found.verdict == "wrong" and not found.fine
        assert found.error == pytest.approx(relative(slope * factor, slope), rel=1e-3)


@pytest.mark.parametrize("backward", [0.0, 1.0, 0.3])
def test_a_corner_has_every_slope_between_its_sides(backward):
    found = judged(lambda t: max(t, 0.0), backward)
    assert found.verdict == "kink" and found.fine and (found.left, found.right) == (0.0, 1.0)


@pytest.mark.parametrize("backward", [-0.1, 1.2, 5.0])
def test_and_no_other(backward):
    assert judged(lambda t: max(t, 0.0), backward).verdict == "wrong"


@pytest.mark.parametrize("distance", [3e-6, 3e-7, 3e-8])
def test_a_corner_beside_the_point_is_stepped_around(distance):
    found = judged(lambda t: 2.0 * max(t - distance, 0.0) + t, 1.0)
    assert found.verdict == "agrees" and found.step < distance
    assert judged(lambda t: 2.0 * max(t - distance, 0.0) + t, 1.5).verdict == "wrong"


def test_a_strong_curve_takes_a_small_step_and_a_large_outcome_a_large_one():
    assert judged(lambda t: math.sin(3e3 * t) / 3e3 + t, 2.0).step < 1e-5
    large = judged(lambda t: 1e8 + 3.0 * t, 3.0, noise=1e8, size=1.0)
    assert large.verdict == "agrees"


def test_a_slope_that_rounding_hides_is_as_good_as_none():
    assert judged(lambda t: 1.0 + 1e-9 * t, 0.0).verdict == "agrees"
    assert judged(lambda t: 1.0 + 1e-2 * t, 0.0).verdict == "wrong"


def test_a_rough_curve_is_not_decided():
    def rough(t):
        return float(np.float32((1.3 + t) ** 2))

    assert judged(rough, 2.6).verdict == "precision"
    assert judged(rough, 1.3).verdict == "wrong"


def test_a_curve_that_stands_still():
    assert judged(lambda t: 3.0, 0.0).verdict == "agrees" and judged(lambda t: 3.0, 1.0).verdict == "wrong"


def test_three_steps_in_a_row():
    assert settled([9.0, 2.0, 2.0, 2.01], 3.0) and not settled([2.0, 2.0, 9.0, 2.0], 3.0)
    assert not settled([2.0, 2.0, 2.1], 2.05)


@pytest.mark.parametrize(("a", "n", "floor", "error"), [(2, 1, 0, 0.5), (1e-9, 0, 1e-3, 1e-6), (0, 0, 0, 0)])
def test_the_relative_error(a, n, floor, error):
    assert relative(a, n, floor) == pytest.approx(error)
