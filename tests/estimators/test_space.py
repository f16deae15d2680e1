"""The space of a search: ranges by decades, lists of values, and a box that closes in on the best."""

import numpy as np
import pytest

from chainrule.errors import SettingError, UsageError
from chainrule.estimators.space import NARROWER, Space
from chainrule.random import Generator


def drawn(space, count=400):
    return [space.draw(Generator(0).split("trial", number)) for number in range(count)]


def test_every_decade_is_as_likely():
    rates = np.array([params["lr"] for params in drawn(Space({"lr": (1e-4, 1.0)}))])
    assert rates.min() >= 1e-4 and rates.max() <= 1
    counts = np.histogram(np.log10(rates), 4, (-4, 0))[0]
    assert counts.min() > 75


def test_numbers_are_short_and_values_come_as_they_are():
    found = drawn(Space({"lr": (1e-4, 1.0), "metric": ["l1", "l2"]}), 50)
    assert all(float(f"{params['lr']:.3e}") == params["lr"] for params in found)
    assert {params["metric"] for params in found} == {"l1", "l2"}


def test_a_parameter_is_drawn_by_its_own_name():
    alone, together = Space({"lr": (0.1, 1.0)}), Space({"l2": (0.1, 1.0), "lr": (0.1, 1.0)})
    assert [p["lr"] for p in drawn(alone, 9)] == [p["lr"] for p in drawn(together, 9)]
    assert all(p["lr"] != p["l2"] for p in drawn(together, 9))


def test_the_box_closes_in_and_stays_inside():
    space = Space({"lr": (1e-4, 1.0)})
    low, high = space.around({"lr": 1e-2}).ranges["lr"]
    assert low * high == pytest.approx(1e-4) and np.log10(high / low) == pytest.approx(4 * NARROWER)
    for best in (1e-4, 1.0):
        inside = space.around({"lr": best})
        low, high = inside.ranges["lr"]
        assert low * (1 + 1e-9) >= 1e-4 and high <= 1 + 1e-9 and low * (1 - 1e-9) <= best <= high * (1 + 1e-9)
        narrower = inside.around({"lr": best}).ranges["lr"]
        assert np.log10(narrower[1] / narrower[0]) == pytest.approx(4 * NARROWER**2)
    assert space.ranges["lr"] == (1e-4, 1.0)


def test_the_edge_is_that_of_the_first_ranges():
    space = Space({"lr": (1e-4, 1.0), "l2": (1e-4, 1.0), "metric": ["l1"]})
    best = {"lr": 0.9, "l2": 0.01, "metric": "l1"}
    assert space.at_edge(best) == space.around(best).at_edge(best) == ["lr"]
    assert space.around(best).as_dict() == space.as_dict()


def test_combinations():
    space = Space({"k": [1, 3], "metric": ["l1", "l2"]})
    assert repr(space) == "Space({'k': [1, 3], 'metric': ['l1', 'l2']})"
    assert space.size == 4 and Space({"k": [1], "lr": (0.1, 1)}).size is None
    assert [tuple(c.values()) for c in space.combinations()] == [(1, "l1"), (1, "l2"), (3, "l1"), (3, "l2")]


@pytest.mark.parametrize(
    ("given", "came"),
    [
        ({}, "search: space: {}"),
        (None, "search: space: None"),
        ({"lr": 0.1}, "lr is 0.1; expected a list"),
        ({"lr": []}, r"lr is \[\]; expected a list"),
        ({"lr": (0.0, 1.0)}, "lr is .*0 < low < high"),
        ({"lr": (1.0, 0.1)}, "lr is .*0 < low < high"),
        ({"lr": (1.0,)}, "lr is .*0 < low < high"),
        ({"lr": (0.1, float("inf"))}, "lr is .*0 < low < high"),
        ({"lr": (True, 2)}, "lr is .*0 < low < high"),
    ],
)
def test_what_is_no_space(given, came):
    with pytest.raises(SettingError, match=came):
        Space(given)


def test_a_name_that_is_no_parameter():
    with pytest.raises(
        UsageError, match="the space has 'rate', which is no parameter of Net; .*among lr, l2"
    ):
        Space({"rate": [1]}).require_known("Net", {"lr": 0.1, "l2": 0})
