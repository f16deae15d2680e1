"""Distributions: the same of one stream and of many; beta against its moments and its distribution function."""

import math

import numpy as np
import pytest

from chainrule.errors import SettingError
from chainrule.random import Draws, Generator, Samples


class Counted(Draws):
    """A stream that gives the words it is told."""

    def __init__(self, words):
        self.given = np.asarray(words, np.uint32)

    def words(self, count):
        taken, self.given = self.given[..., :count], self.given[..., count:]
        return taken


DRAWS = {
    "bits": lambda rng: rng.bits((3, 2)),
    "uniform": lambda rng: rng.uniform((3, 2), -1, 5),
    "float64": lambda rng: rng.uniform(6, dtype="float64"),
    "normal": lambda rng: rng.normal(5),
    "normal64": lambda rng: rng.normal((2, 2), 3.0, 2.0, "float64"),
    "beta": lambda rng: rng.beta(0.7, (2, 3)),
    "integers": lambda rng: rng.integers(-5, 100, (2, 2)),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_many_streams_draw_what_each_would_draw_alone(draw):
    rows = Generator(0).bits((4, 40))
    together = draw(Counted(rows))
    for row, numbers in zip(rows, together, strict=True):
        np.testing.assert_array_equal(draw(Counted(row)), numbers)


SINGLE = {
    "bits": lambda rng, shape: rng.bits(shape),
    "uniform": lambda rng, shape: rng.uniform(shape, -1, 5),
    "normal": lambda rng, shape: rng.normal(shape),
    "beta": lambda rng, shape: rng.beta(0.7, shape),
    "integers": lambda rng, shape: rng.integers(-5, 100, shape),
}


@pytest.mark.parametrize("draw", SINGLE.values(), ids=SINGLE)
def test_one_number_without_an_axis_is_the_first(draw):
    alone = draw(Generator(3), ())
    assert alone.shape == () and alone == draw(Generator(3), (1,))[0]
    rows = draw(Generator(3).samples([0, 1]), ())
    np.testing.assert_array_equal(rows, draw(Generator(3).samples([0, 1]), (1,))[:, 0])


@pytest.mark.parametrize("alpha", [0.05, 0.2, 0.5, 1.0, 2.0, 8.0, 400.0])
def test_beta_has_its_moments(alpha):
    x = Generator(1).beta(alpha, 200_000)
    assert x.dtype == np.float64 and x.min() >= 0 and x.max() <= 1
    variance = 0.25 / (2 * alpha + 1)
    fourth = variance**2 * 3 * (2 * alpha + 1) / (2 * alpha + 3)
    error = math.sqrt(variance / len(x))
    assert abs(x.mean() - 0.5) < 5 * error
    assert abs(x.var() - variance) < 5 * math.sqrt(fourth / len(x))
    assert abs(((x - 0.5) ** 3).mean()) < 5 * math.sqrt(variance**3 * 15 / len(x))
    assert abs(((x - 0.5) ** 4).mean() / fourth - 1) < 0.03


# Closed forms of the distribution function.
CUMULATIVE = {
    0.5: lambda x: 2 / math.pi * np.arcsin(np.sqrt(x)),
    1.0: lambda x: x,
    2.0: lambda x: x**2 * (3 - 2 * x),
    3.0: lambda x: x**3 * (10 - 15 * x + 6 * x**2),
}


@pytest.mark.parametrize("alpha", CUMULATIVE)
def test_beta_has_its_distribution(alpha):
    """The largest distance from the distribution function: 1.95 / √n is passed once in a thousand."""
    x = np.sort(Samples(2, np.arange(40_000)).beta(alpha, ()))
    steps = np.arange(len(x) + 1) / len(x)
    wanted = CUMULATIVE[alpha](x)
    assert max(np.abs(wanted - steps[1:]).max(), np.abs(wanted - steps[:-1]).max()) < 1.95 / math.sqrt(len(x))


def test_beta_at_the_ends_of_its_words():
    """u = 1 gives the middle, the least u one end, by the sign of the cosine; nothing is NaN."""
    none, all_ones = [0, 0], [2**32 - 1, 2**32 - 1]
    half = [2**31, 0]
    assert Counted([*none, *none]).beta(0.2, ()) == 0.5
    assert Counted([*all_ones, *none]).beta(0.01, ()) == 1
    assert Counted([*all_ones, *half]).beta(0.01, ()) == 0
    assert 0 <= Counted([*all_ones, 2**30, 0]).beta(1e-9, ()) <= 1


@pytest.mark.parametrize("alpha", [0, -1, math.inf, math.nan])
def test_errors_have_their_four_parts(alpha):
    with pytest.raises(SettingError) as caught:
        Generator(0).beta(alpha, 3)
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
