"""Every value of every network is watched over fifty steps, and not one bit of the state is another."""

import numpy as np
import pytest

from .trial import SHAPES, Trial

STEPS = 50


@pytest.mark.parametrize("name", SHAPES)
def test_every_value_over_fifty_steps(name):
    """In each step every fiftieth value is copied, and of every other fiftieth statistics are taken: all have been both
    in the end.
    """
    trial = Trial(name)
    start, paths = trial.state(), list(trial.step.values(*trial.batch()))
    expected = [trial.step(*trial.batch(seed)).numpy().tobytes() for seed in range(STEPS)]
    end = trial.state()
    trial.set(start)
    copied, said = set(), set()
    for seed in range(STEPS):
        one, other = paths[seed::STEPS], paths[STEPS - 1 - seed :: STEPS]
        with (
            trial.step.watch(*(one or ["loss"])) as seen,
            trial.step.watch(*(other or ["loss"]), statistics=True) as found,
        ):
            assert trial.step(*trial.batch(seed)).numpy().tobytes() == expected[seed], (seed, one, other)
        copied |= set(seen)
        said |= set(found)
        assert all(np.isfinite(array).all() for (array,) in seen.values())
    assert trial.is_in(end) and not trial.is_in(start)
    assert copied == said == set(paths)
