"""Exact distances: the numbers, the order of their sums, and lengths that cannot be."""

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.estimators.distances import exact, in_lanes, inverse_lengths


@pytest.mark.parametrize("depth", [1, 15, 16, 17, 100])
def test_against_numpy(depth):
    rng = np.random.default_rng(depth)
    q, x = rng.standard_normal((2, 9, depth))
    np.testing.assert_allclose(exact(q, x, "l2"), ((q - x) ** 2).sum(1), rtol=1e-14)
    np.testing.assert_allclose(exact(q, x, "l1"), np.abs(q - x).sum(1), rtol=1e-14)
    cosine = 1 - (q * x).sum(1) / np.linalg.norm(q, axis=1) / np.linalg.norm(x, axis=1)
    np.testing.assert_allclose(exact(q, x, "cosine"), cosine, atol=1e-14)


def test_bytes_do_not_wrap_round():
    q, x = np.full((1, 20), 255, np.uint8), np.zeros((1, 20), np.uint8)
    assert exact(q, x, "l2")[0] == 20 * 255**2 and exact(x, q, "l1")[0] == 20 * 255


def test_the_order_of_sums():
    """Lane by lane, then 8, 4, 2, 1; another order gives other bits."""
    terms = np.random.default_rng(0).standard_normal((8, 40))
    lanes = np.zeros((8, 16))
    for i in range(40):
        lanes[:, i % 16] += terms[:, i]
    for half in (8, 4, 2, 1):
        lanes = lanes[:, :half] + lanes[:, half:]
    assert np.array_equal(in_lanes(terms), lanes[:, 0])
    assert (in_lanes(terms) != [sum(row) for row in terms.tolist()]).any()


def test_of_cosine_a_sample_is_at_no_distance_from_itself_and_zeros_at_1_from_all():
    x = np.random.default_rng(1).standard_normal((50, 30))
    assert exact(x, x, "cosine").max() < 1e-15 and exact(x, x, "cosine").min() >= 0
    zeros = np.zeros_like(x)
    assert (exact(zeros, x, "cosine") == 1).all() and (exact(zeros, zeros, "cosine") == 1).all()
    np.testing.assert_allclose(exact(x, -x, "cosine"), 2, rtol=1e-15)


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_lengths_that_cannot_be(size):
    x = np.ones((3, 4))
    x[1] *= size
    with pytest.raises(DataError, match=r"sample 1 has a length .*; try: divide the sample by"):
        inverse_lengths(x)
