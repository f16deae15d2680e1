"""The streams that stand on Philox: moments, independence, resuming."""

import json
import math

import numpy as np
import pytest

from chainrule import random
from chainrule.errors import ChainruleError, DTypeError, SettingError, ShapeError, StateError
from chainrule.random import Generator, chosen, philox, random_bits

from .scalar import scalar_bits


def chi_square(counts):
    """Σ (n - expected)² / expected, less its mean, in its standard deviations: far from 0 is not uniform."""
    counts = np.asarray(counts, np.float64)
    expected, freedom = counts.sum() / counts.size, counts.size - 1
    return (((counts - expected) ** 2 / expected).sum() - freedom) / math.sqrt(2 * freedom)


def test_generator_never_counts_where_random_bits_does():
    assert Generator(9).bits(5).tolist() == [scalar_bits(9, 2**32 - 1, 2**32 - 1, i) for i in range(5)]
    with pytest.raises(SettingError):
        random_bits(9, 2**32 - 1, 2**32 - 1, 5)


def test_drawing_in_pieces_is_drawing_at_once():
    pieces, whole = Generator(1), Generator(1)
    drawn = np.concatenate([pieces.bits(n) for n in (3, 1, 0, 6, 9)])
    np.testing.assert_array_equal(drawn, whole.bits(19))


def test_bits_are_uniform():
    bits = Generator(2).bits(200_000)
    assert abs(chi_square(np.bincount(bits >> 24, minlength=256))) < 5
    assert abs(chi_square(np.bincount(bits & 255, minlength=256))) < 5
    ones = (bits[:, np.newaxis] >> np.arange(32, dtype=np.uint32) & 1).mean(0)
    np.testing.assert_allclose(ones, 0.5, atol=0.006)
    pairs = (bits[::2] >> 28) * 16 + (bits[1::2] >> 28)
    assert abs(chi_square(np.bincount(pairs, minlength=256))) < 5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform(dtype):
    x = Generator(3).uniform((400, 500), -2.0, 6.0, dtype)
    assert x.shape == (400, 500) and x.dtype == dtype
    assert x.min() >= -2 and x.max() < 6
    assert abs(x.mean() - 2) < 0.03 and abs(x.var() - 64 / 12) < 0.05
    assert abs(chi_square(np.histogram(x, 64, (-2, 6))[0])) < 5


def test_uniform_stays_below_high_where_rounding_would_reach_it():
    # 16,777,217 = 2²⁴ + 1: float32 steps by 2 there, and (1 - 2⁻²⁴) · 2 rounds up.
    x = Generator(0).uniform(100_000, 2.0**24, 2.0**24 + 2)
    assert set(np.unique(x).tolist()) == {2.0**24}
    assert Generator(0).uniform(3, 5.0, 5.0).tolist() == [5, 5, 5]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal(dtype):
    z = Generator(4).normal((401, 501), 3.0, 2.0, dtype)
    assert z.shape == (401, 501) and z.dtype == dtype
    unit = (z.astype(np.float64).ravel() - 3) / 2
    moments = [np.mean(unit**k) for k in (1, 2, 3, 4)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.05)
    # Pr(|z| < 1), < 2, < 3: error function of the multiple of √½.
    inside = [np.mean(np.abs(unit) < k) for k in (1, 2, 3)]
    np.testing.assert_allclose(inside, [math.erf(k / math.sqrt(2)) for k in (1, 2, 3)], atol=0.003)


def test_halves_of_normal_do_not_depend_on_each_other():
    first, second = Generator(5).normal((2, 100_000))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.015
    assert abs(np.corrcoef(first**2, second**2)[0, 1]) < 0.015


def test_normal_of_the_smallest_and_largest_bits_is_finite(monkeypatch):
    for bits in (0, 2**32 - 1):
        monkeypatch.setattr(Generator, "bits", lambda self, shape, bits=bits: np.full(shape, bits, np.uint32))
        for dtype in ("float32", "float64"):
            assert np.isfinite(Generator(0).normal(4, dtype=dtype)).all()


def test_integers():
    dice = Generator(6).integers(1, 7, (300, 400))
    assert dice.shape == (300, 400) and dice.dtype == np.int64
    assert set(np.unique(dice).tolist()) == {1, 2, 3, 4, 5, 6}
    assert abs(chi_square(np.bincount(dice.ravel())[1:])) < 5
    assert Generator(6).integers(-3, -2, 2).tolist() == [-3, -3]


def test_integers_of_the_widest_span_are_the_first_words():
    wide = Generator(7).integers(-5, 2**32 - 5, 100)
    np.testing.assert_array_equal(wide + 5, Generator(7).bits((100, 2))[:, 0])
    exact = [(int(h) << 32 | int(l)) * (2**32 - 1) >> 64 for h, l in Generator(7).bits((100, 2))]
    assert Generator(7).integers(0, 2**32 - 1, 100).tolist() == exact
    assert Generator(7).integers(2**63 - 1, 2**63, 1).tolist() == [2**63 - 1]


def test_permutation():
    rng = Generator(8)
    for n in (0, 1, 2, 1000):
        order = rng.permutation(n)
        assert order.dtype == np.int64 and sorted(order.tolist()) == list(range(n))
    firsts = np.bincount([rng.permutation(5)[0] for _ in range(2000)], minlength=5)
    assert abs(chi_square(firsts)) < 5


def test_equal_keys_are_ordered_by_index(monkeypatch):
    monkeypatch.setattr(Generator, "bits", lambda self, shape: np.zeros(shape, np.uint32))
    assert Generator(0).permutation(100).tolist() == list(range(100))


def test_split_is_named_and_does_not_advance_the_parent():
    rng = Generator(9)
    child = rng.split("epoch", 3)
    rng.bits(10)
    assert rng.state()["position"] == 10
    np.testing.assert_array_equal(rng.split("epoch", 3).bits(8), child.bits(8))


def test_children_differ_from_each_other_and_their_parent():
    rng = Generator(10)
    keys = [
        (1,),
        ("1",),
        ("a",),
        ("a", "b"),
        ("ab",),
        ("asb",),
        ("a", 1),
        ("a1",),
        (1, 1),
        (11,),
        (-1,),
        ("",),
        ("s1",),
    ]
    seeds = (
        {rng.split(*key).seed for key in keys} | {rng.seed} | {Generator(11).split(*key).seed for key in keys}
    )
    assert len(seeds) == 2 * len(keys) + 1
    a, b = rng.split("a").uniform(50_000), rng.split("b").uniform(50_000)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.02


def test_state_resumes_exactly():
    rng = Generator(11)
    rng.normal(3), rng.bits(2)
    state = json.loads(json.dumps(rng.state()))
    expected = rng.uniform(7), rng.integers(0, 9, 3)
    resumed = Generator.from_state(state)
    np.testing.assert_array_equal(resumed.uniform(7), expected[0])
    np.testing.assert_array_equal(resumed.integers(0, 9, 3), expected[1])
    assert resumed.state() == rng.state()


def test_without_a_seed_the_operating_system_gives_one():
    first, second = Generator(), Generator()
    assert first.seed != second.seed
    np.testing.assert_array_equal(Generator(first.seed).bits(3), first.bits(3))


def test_seeded_sets_and_restores_the_current_generator():
    outside = random.current(), random.current()
    assert outside[0].seed != outside[1].seed
    with random.seeded(1) as outer:
        assert random.current() is outer and outer.seed == 1
        with pytest.raises(KeyError), random.seeded(2) as inner:
            assert random.current() is inner
            raise KeyError
        assert random.current() is outer
    assert random.current() is not outer


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (SettingError, lambda: Generator(-1)),
        (SettingError, lambda: Generator(2**64)),
        (SettingError, lambda: Generator(0.5)),
        (SettingError, lambda: random_bits(0, -1, 0, 1)),
        (SettingError, lambda: random_bits(0, 0, -1, 1)),
        (SettingError, lambda: random_bits(0, 0, 0, -1)),
        (SettingError, lambda: Generator(0).bits(-1)),
        (SettingError, lambda: Generator(0).bits((2, 1.5))),
        (SettingError, lambda: Generator(0).uniform(1, 2.0, 1.0)),
        (SettingError, lambda: Generator(0).uniform(1, 0.0, math.inf)),
        (SettingError, lambda: Generator(0).normal(1, 0.0, -1.0)),
        (SettingError, lambda: Generator(0).normal(1, math.nan)),
        (SettingError, lambda: Generator(0).integers(3, 3, 1)),
        (SettingError, lambda: Generator(0).integers(0, 2**32 + 1, 1)),
        (SettingError, lambda: Generator(0).integers(2**63, 2**63 + 1, 1)),
        (SettingError, lambda: Generator(0).integers(0, 1.5, 1)),
        (SettingError, lambda: Generator(0).permutation(-1)),
        (SettingError, lambda: Generator(0).split()),
        (SettingError, lambda: chosen(0)),
        (SettingError, lambda: chosen(np.random.default_rng(0))),
        (DTypeError, lambda: Generator(0).split(1.5)),
        (DTypeError, lambda: Generator(0).uniform(1, dtype="float16")),
        (DTypeError, lambda: Generator(0).normal(1, dtype="int64")),
        (DTypeError, lambda: philox(np.zeros(4, np.int64), np.zeros(2, np.uint32))),
        (ShapeError, lambda: philox(np.zeros(3, np.uint32), np.zeros(2, np.uint32))),
        (ShapeError, lambda: philox(np.zeros(4, np.uint32), np.zeros(4, np.uint32))),
        (StateError, lambda: Generator.from_state({"seed": 1})),
        (SettingError, lambda: Generator.from_state({"seed": 1, "position": -1})),
    ],
)
def test_errors_have_their_four_parts(error, call):
    with pytest.raises(error) as caught:
        call()
    assert isinstance(caught.value, ChainruleError)
    assert all((caught.value.who, caught.value.came, caught.value.expected, caught.value.hint))
