"""Sides of a search, and blocks."""

import numpy as np
import pytest

from chainrule.estimators.sides import Side, blocks


@pytest.mark.parametrize(
    "which", [slice(1, 4), slice(None, None, 2), np.array([0, 1, 1, 0, 1], bool)], ids=str
)
def test_a_part_of_all_that_it_has(which):
    samples, rows = np.arange(15).reshape(5, 3), np.arange(10, dtype="f4").reshape(5, 2)
    side = Side(samples, rows, np.arange(5.0), np.arange(5.0) * 2)
    part = side.part(which)
    assert len(side) == 5 and len(part) == len(samples[which])
    for whole, some in zip(
        (samples, rows, side.number, side.inverse),
        (part.samples, part.rows, part.number, part.inverse),
        strict=True,
    ):
        assert np.array_equal(some, whole[which]) and some.flags.c_contiguous
    assert Side(samples, rows, np.arange(5.0)).part(which).inverse is None


def test_a_stretch_is_not_copied():
    samples = np.zeros((5, 3))
    assert np.shares_memory(Side(samples, samples, samples[:, 0]).part(slice(1, 3)).samples, samples)


def test_blocks_cover_all_once():
    for count, most in ((0, 4), (7, 3), (8, 4), (5, 0), (5, 100)):
        found = [i for part in blocks(count, most) for i in range(part.start, part.stop)]
        assert found == list(range(count))
        assert all(0 < part.stop - part.start <= max(1, most) for part in blocks(count, most))
