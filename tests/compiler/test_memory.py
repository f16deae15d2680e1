"""The arena: values that live at the same time never share a byte."""

import numpy as np
import pytest

from chainrule.compiler.memory import LINE, PAGE, Life, padded, place, released


def random_lives(rng, count=60):
    firsts = rng.integers(0, 40, count)
    spans = rng.integers(0, 12, count)
    sizes = rng.choice([0, 1, 4, 63, 64, 65, 1000, 4096], count)
    pairs = zip(sizes, firsts, spans, strict=True)
    return [Life(k, int(n), int(a), int(a + b)) for k, (n, a, b) in enumerate(pairs)]


@pytest.mark.parametrize("seed", range(30))
def test_lives_that_meet_do_not_overlap(seed):
    lives = random_lives(np.random.default_rng(seed))
    offsets, peak = place(lives)
    assert set(offsets) == {life.number for life in lives}
    for life in lives:
        start, stop = offsets[life.number], offsets[life.number] + life.bytes
        assert start % LINE == 0 and stop <= peak
        for other in lives:
            meet = life.first <= other.last and other.first <= life.last
            if life.number < other.number and meet:
                begin, end = offsets[other.number], offsets[other.number] + other.bytes
                assert stop <= begin or end <= start, (life, other)


@pytest.mark.parametrize("seed", range(10))
def test_the_peak_is_near_what_lives_at_once(seed):
    lives = random_lives(np.random.default_rng(seed))
    _, peak = place(lives)
    needed = max(sum(padded(x.bytes) for x in lives if x.first <= t <= x.last) for t in range(60))
    assert needed <= peak <= 1.6 * needed
    assert peak < sum(padded(life.bytes) for life in lives)


def test_the_same_lives_get_the_same_places():
    lives = random_lives(np.random.default_rng(1))
    assert place(lives) == place(lives)
    assert place([]) == ({}, 0)


def test_a_value_is_reused_only_after_its_last_reader():
    offsets, peak = place([Life(0, 64, 0, 3), Life(1, 64, 3, 4), Life(2, 64, 4, 5)])
    assert offsets[0] != offsets[1] and offsets[2] == offsets[0] and peak == 128


def test_gaps_join_their_neighbours():
    assert released([(0, 64), (128, 64)], 64, 64) == [(0, 192)]
    assert released([(0, 64)], 192, 64) == [(0, 64), (192, 64)]


def test_large_values_begin_at_different_cache_sets():
    lives = [Life(k, 2 * PAGE, 0, 1) for k in range(12)]
    offsets, _ = place(lives)
    assert len({offset % PAGE for offset in offsets.values()}) == len(lives)
