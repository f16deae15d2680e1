"""Small values number by number, large ones along directions; a direction that disagrees ends in its element."""

import numpy as np
import pytest

from chainrule.check.differences import Difference
from chainrule.check.examined import Effort, Seen, element, examined, extent, halved, signs, steepest
from chainrule.random import Generator


class Squares:
    """Σ x² of one value, and its right gradient."""

    def __init__(self, x):
        self.values, self.runs = {0: x}, 0
        self.total, self.size = float((x * x).sum()), float((x * x).sum()) or 1e-300
        self.gradient = 2 * x

    def outcome(self, changes):
        self.runs += 1
        return float((changes.get(0, self.values[0]) ** 2).sum())


def squares(*shape):
    return Squares(Generator(1).uniform(shape, 0.5, 1.5, "float64"))


def test_small_values_number_by_number():
    at = squares(3, 4)
    found = examined(at, 0, at.gradient, Effort())
    assert (found.many, found.directions, found.worst.verdict, at.runs) == (12, 0, "agrees", 24)


def test_large_values_along_directions_and_where_they_are_steep():
    at = squares(10, 10)
    found = examined(at, 0, at.gradient, Effort(directions=3, steepest=2))
    assert (found.many, found.directions, found.worst.verdict, at.runs) == (2, 3, "agrees", 10)


@pytest.mark.parametrize("index", [(0, 0), (7, 3), (9, 9)])
def test_a_direction_ends_in_the_element_that_is_wrong(index):
    at = squares(10, 10)
    at.gradient[index] *= 0.5
    found = examined(at, 0, at.gradient, Effort(directions=1, steepest=0))
    assert found.index == index and found.worst.verdict == "wrong"
    assert found.worst.backward == pytest.approx(found.worst.differences / 2)
    v = signs(Generator(0), at.values[0])
    assert halved(at, 0, at.gradient, v, 1e-5) == index


def test_the_worst_of_all_is_told():
    at = squares(4)
    at.gradient *= [1, 1.01, 1.5, 1]
    assert examined(at, 0, at.gradient, Effort()).index == (2,)


def test_a_small_fault_is_worse_than_a_large_kink():
    small, large = (
        Difference(0, 0, error, verdict, 0, 0, 0) for error, verdict in ((0.1, "wrong"), (1.0, "kink"))
    )
    assert Seen(small, (0,), None).rank > Seen(large, (1,), None).rank


def test_what_may_not_be_moved_stays():
    at = squares(4)
    at.gradient[2] = 7.0
    allowed = np.array([True, True, False, True])
    assert examined(at, 0, at.gradient, Effort(), allowed).worst.verdict == "agrees"
    wide = squares(100)
    wide.gradient[5] = 100.0
    only = np.arange(100) != 5
    assert examined(wide, 0, wide.gradient, Effort(), only).worst.verdict == "agrees"


def test_no_numbers_at_all():
    at = Squares(np.zeros((0, 3)))
    found = examined(at, 0, at.gradient, Effort())
    assert found.many == 0 and found.worst.fine


def test_where_it_is_steep():
    gradient = np.array([[1.0, -9.0], [3.0, 0.0]])
    assert list(steepest(gradient, 2, None)) == [(0, 1), (1, 0)]
    assert list(steepest(gradient, 1, gradient > 0)) == [(1, 0)]


def test_steps_are_relative_to_the_size_of_the_numbers():
    tiny = Squares(np.full(3, 1e-8))
    found = element(tiny, 0, tiny.gradient, (0,), 1e-5)
    assert found.verdict == "agrees" and found.step == pytest.approx(1e-13)
    assert extent(np.array([np.inf])) == 1.0
    v = signs(Generator(0), np.full(50, 3.0))
    assert set(np.abs(v)) == {3.0} and 0 < (v > 0).sum() < 50
