"""Bounds: no larger than what they stand for, on data made to break them; and tight enough to be of use."""

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.estimators import bounds as module
from chainrule.estimators import plain
from chainrule.estimators.bounds import DIRECTIONS, Bounds
from chainrule.estimators.distances import exact
from tests.kernels.machines import plant

METRICS = ["l2", "l1", "cosine"]


def normal(n, d, rng):
    return rng.standard_normal((n, d))


def offset(n, d, rng):
    return normal(n, d, rng) + 1e4


def far_clusters(n, d, rng):
    return normal(n, d, rng) * 1e-3 + rng.integers(0, 2, (n, 1)) * 100.0


def one_outlier(n, d, rng):
    x = normal(n, d, rng)
    x[n // 2] *= 1e6
    return x


def sparse_bytes(n, d, rng):
    return (rng.integers(0, 256, (n, d)) * (rng.random((n, d)) < 0.2)).astype(np.uint8)


def tiny(n, d, rng):
    return normal(n, d, rng) * 1e-30


def alike(n, d, rng):
    return np.repeat(normal(1, d, rng), n, 0)


def parallel(n, d, rng):
    """Samples that only differ in length, nearly."""
    return normal(1, d, rng) * rng.random((n, 1)) + 1e-9 * normal(n, d, rng)


DATA = [normal, offset, far_clusters, one_outlier, sparse_bytes, tiny, alike, parallel]


def apart(points, queries, metric, short):
    """(Q, P) by how much each bound is above what its distance allows (nowhere more than 0), and a size to judge by."""
    bounds = Bounds(points, metric)
    held, asked = bounds.points(points, short), bounds.queries(queries, short)
    found = plain.bounds(asked, held, metric).astype(np.float64)
    pairs = np.repeat(queries, len(points), 0), np.tile(points, (len(queries), 1))
    distances = exact(*pairs, metric).reshape(len(queries), -1)
    return found - (distances * bounds.rise(short) + asked.number[:, None]), distances * bounds.rise(short)


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("data", DATA)
def test_a_bound_is_never_above_what_its_distance_allows(data, metric, short):
    rng = np.random.default_rng(0)
    for dtype in ("float32", "float64"):
        x = data(100, 150, rng)
        x = x if x.dtype == np.uint8 else x.astype(dtype)
        queries = np.concatenate([x[:12], x[20:32] + x[40:52] // 2, -x[:3], x[:3] * 0])
        above, _ = apart(x, queries.astype(x.dtype), metric, short)
        assert (above <= 0).all()


@pytest.mark.parametrize("metric", METRICS)
def test_whole_bounds_are_nearly_their_distances(metric):
    x = normal(200, 300, np.random.default_rng(1)).astype("f4")
    above, size = apart(x, x[:50], metric, short=False)
    assert (above > -2e-3 * np.median(size)).all()


def test_short_bounds_of_data_within_few_directions_are_nearly_their_distances():
    rng = np.random.default_rng(2)
    x = normal(200, DIRECTIONS // 2, rng) @ normal(DIRECTIONS // 2, 300, rng)
    for metric in ("l2", "cosine"):
        above, size = apart(x, x[:50], metric, short=True)
        assert (above > -1e-2 * np.median(size)).all()
    steps = np.repeat(normal(100, 30, rng), 8, 1)
    above, size = apart(steps, steps[:50], "l1", short=True)
    assert (above > -1e-3 * np.median(size)).all()


def test_queries_from_another_world_are_allowed_everything():
    x = normal(50, 200, np.random.default_rng(3))
    for metric, size in (("l2", 1e30), ("l1", 1e30), ("l2", 1e200)):
        asked = Bounds(x, metric).queries(x[:2] * size, short=True)
        assert np.isinf(asked.number).all() and not asked.rows.any()


def test_how_long_rows_are():
    x = normal(10, 201, np.random.default_rng(4))
    assert Bounds(x, "l2").width(True) == DIRECTIONS + 1 and Bounds(x, "l2").width(False) == 201
    assert Bounds(x, "l1").width(True) == 26
    assert not Bounds(x[:, : module.WIDE], "l2").short and Bounds(x, "l2").short


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_squares_that_leave_float64_are_refused(size):
    x = normal(10, 3, np.random.default_rng(5)) * size
    with pytest.raises(
        DataError, match=r"points as far as .* from their mean; .*divide X by its largest number"
    ):
        Bounds(x, "l2")


# --- faults that have to be found -----------------------------------------------------------------------

FAULTS = {
    "no room for rounding": ("_share", "n / (1 - n)", "0.0"),
    "a rest that is too short": ("_lengths", "+ SLACK * squares", "- 1e-3 * squares"),
    "not centred in one way": ("_moved", "wide -= self.centre", "wide -= self.centre * (len(samples) > 50)"),
    "groups overlap": ("_sums", "rows[...] = made", "rows[...] = made * 1.001"),
    "a scale that is not that of the rise": ("rise", "self.scale**2", "self.scale**3"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted(monkeypatch, name):
    plant(monkeypatch, Bounds, *FAULTS[name])
    with pytest.raises(AssertionError):
        for data in DATA:
            for metric in METRICS:
                for short in (False, True):
                    test_a_bound_is_never_above_what_its_distance_allows(data, metric, short)
