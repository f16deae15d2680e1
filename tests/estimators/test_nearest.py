"""The whole search against NumPy in float64: metrics, dtypes, shapes, ties, duplicates, data made to break it."""

from contextlib import contextmanager

import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.estimators import native, nearest
from chainrule.estimators.nearest import Search
from chainrule.kernels.threads import set_threads
from tests.kernels.machines import plant

from .test_bounds import DATA

METRICS = ["l2", "l1", "cosine"]


def brute(points, queries, metric, k):
    """(Q, k) distances and numbers by NumPy, as plainly as can be: everything in float64, nothing left out."""
    x, q = points.astype(np.float64), queries.astype(np.float64)
    if metric == "cosine":
        lengths = np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(x, axis=1)
        far = 1 - np.divide(q @ x.T, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    elif metric == "l1":
        far = np.stack([np.abs(x - one).sum(1) for one in q]) if len(q) else np.zeros((0, len(x)))
    else:
        far = np.stack([np.sqrt(((x - one) ** 2).sum(1)) for one in q]) if len(q) else np.zeros((0, len(x)))
    order = np.argsort(far, 1, kind="stable")[:, :k]
    return np.take_along_axis(far, order, 1), order, far


def holds(points, queries, metric, k, exactly=False):
    """What was found is what NumPy finds; where rounding may decide, distances as near as that, in order."""
    distances, numbers = Search(points, metric).nearest(queries, k)
    expected, order, far = brute(points, queries, metric, k)
    assert distances.dtype == np.float64 and numbers.dtype == np.int64
    if exactly:
        assert np.array_equal(distances, expected) and np.array_equal(numbers, order)
        return
    scale = 1.0 if metric == "cosine" else expected
    assert (np.abs(distances - expected) <= 1e-13 * scale + 1e-300).all()
    assert (np.abs(np.take_along_axis(far, numbers, 1) - distances) <= 1e-13 * scale + 1e-300).all()
    assert all(len(set(row)) == k for row in numbers.tolist())
    same = distances[:, 1:] == distances[:, :-1]
    assert (distances[:, 1:] >= distances[:, :-1]).all() and (np.diff(numbers, axis=1)[same] > 0).all()


@contextmanager
def small_blocks(patch):
    """Blocks, seeds and queries that are few, so that small data go through all that large data do."""
    with patch.context() as patched:
        for name, value in {"BLOCK": 1 << 14, "SEEDS": 40, "FEW": 1}.items():
            patched.setattr(nearest, name, value)
        yield patched


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("data", DATA)
def test_data_made_to_break_it(monkeypatch, data, metric, compiled):
    rng = np.random.default_rng(0)
    with small_blocks(monkeypatch) as patched:
        if not compiled:
            patched.setattr(native, "can_compile", lambda: False)
        for dtype in ("f4", "f8"):
            x = data(400, 150, rng)
            x = x if x.dtype == np.uint8 else x.astype(dtype)
            holds(x[:370], x[355:], metric, 5)


@pytest.mark.parametrize("dtypes", [("u1", "u1"), ("u1", "f4"), ("f8", "u1"), ("f4", "f8")], ids=str)
@pytest.mark.parametrize("metric", ["l2", "l1"])
def test_whole_numbers_are_exact_to_the_bit_with_all_their_ties(monkeypatch, metric, dtypes):
    rng = np.random.default_rng(1)
    x, q = (rng.integers(0, 3, (n, 140)).astype(d) for n, d in zip((500, 60), dtypes, strict=True))
    x[100:200] = x[:100]
    q[:20] = x[:20].astype(dtypes[1])
    holds(x, q, metric, 12, exactly=True)
    with small_blocks(monkeypatch):
        holds(x, q, metric, 12, exactly=True)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("shape", [(1, 1, 1), (9, 1, 7), (40, 5, 1), (33, 128, 17), (50, 129, 3)], ids=str)
def test_shapes(metric, shape):
    n, d, q = shape
    rng = np.random.default_rng(2)
    x, asked = rng.standard_normal((n, d)), rng.standard_normal((q, d))
    if metric != "cosine" or d > 1:
        for k in {1, min(n, 3), n}:
            holds(x, asked, metric, k)


def test_no_query():
    distances, numbers = Search(np.eye(3), "l2").nearest(np.zeros((0, 3)), 2)
    assert distances.shape == numbers.shape == (0, 2)


def test_rows_that_are_not_contiguous():
    rng = np.random.default_rng(3)
    x, q = rng.standard_normal((200, 300))[::2, ::2], rng.standard_normal((150, 20)).T
    holds(x, q, "l2", 4)
    holds(np.asfortranarray(x), q, "l1", 4)


def test_distances_that_float32_cannot_tell_apart():
    """Steps of 10⁻⁹ along one axis, shuffled: only exact distances have the right order."""
    steps = np.random.default_rng(4).permutation(300)
    x = np.ones((300, 150))
    x[:, 7] += steps * 1e-9
    for metric in ("l2", "l1"):
        _, numbers = Search(x, metric).nearest(np.ones((1, 150)), 300)
        assert np.array_equal(steps[numbers[0]], np.arange(300))


@pytest.mark.parametrize("metric", METRICS)
def test_any_number_of_threads_gives_the_same_bits(monkeypatch, metric):
    rng = np.random.default_rng(5)
    x, q = rng.standard_normal((700, 160)).astype("f4"), rng.standard_normal((90, 160)).astype("f4")
    found = set()
    try:
        with small_blocks(monkeypatch) as patched:
            for count in (1, 2, 3):
                set_threads(count)
                found.add(tuple(part.tobytes() for part in Search(x, metric).nearest(q, 6)))
            patched.setattr(native, "can_compile", lambda: False)
            found.add(tuple(part.tobytes() for part in Search(x, metric).nearest(q, 6)))
    finally:
        set_threads(None)
    assert len(found) == 1


def test_queries_whose_short_bounds_say_little_go_by_whole_rows(monkeypatch):
    rng = np.random.default_rng(6)
    x, noise = rng.standard_normal((900, 160)), rng.standard_normal((30, 160))
    ways = []
    for name in ("_by_short", "_by_whole"):
        real = getattr(Search, name)

        def spy(self, asked, *rest, name=name, real=real):
            ways.append((name, len(asked)))
            return real(self, asked, *rest)

        monkeypatch.setattr(Search, name, spy)
    with small_blocks(monkeypatch) as patched:
        patched.setattr(nearest, "BLOCK", 1 << 20)
        patched.setattr(nearest, "SEEDS", 450)
        holds(x, np.concatenate([x[:40:2] + 1e-3, noise]), "l2", 1)
    counts = {name: sum(n for way, n in ways if way == name) for name in ("_by_short", "_by_whole")}
    assert counts["_by_whole"] >= 25 and counts["_by_short"] >= 15


def test_memory_is_that_of_blocks(monkeypatch):
    """No array of all pairs, of all points in float64, or of all queries' rows."""
    sizes = []

    def spy(asked, held, best, *rest):
        sizes.append((asked.rows.nbytes, held.rows.nbytes, best.distances.nbytes))
        return native.look(asked, held, best, *rest)

    with small_blocks(monkeypatch) as patched:
        patched.setattr(nearest, "native", type("Spy", (), {"look": spy, "can_compile": lambda: True}))
        x = np.random.default_rng(7).standard_normal((3000, 100)).astype("f4")
        holds(x, x[:500], "l2", 20)
    assert len(sizes) > 100 and max(max(size) for size in sizes) <= 1 << 14


def test_distances_beyond_float64_are_refused():
    with pytest.raises(DataError, match="distances that float64 cannot hold; .*divide points and queries"):
        Search(np.eye(3), "l2").nearest(np.full((1, 3), 1e200), 1)
    found, _ = Search(np.eye(3), "l1").nearest(np.full((1, 3), 1e200), 1)
    assert found[0, 0] == 3e200


# --- faults that have to be found -----------------------------------------------------------------------

FAULTS = {
    "seeds are kept as neighbours": ("_block", "Best.none(int(which.sum()), k, best.last[which])", "best"),
    "limits of the nearest": ("_block", "best.last[which]", "best.kept[0][which, 0]"),
    "a block of points is left out": (
        "_by_short",
        "range(part.start, part.stop)",
        "range(part.stop, part.stop)",
    ),
    "the first rows again": ("_by_whole", "self.points[part]", "self.points[: part.stop - part.start]"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted(monkeypatch, name):
    x = np.random.default_rng(8).standard_normal((500, 140))
    with small_blocks(monkeypatch) as patched:
        for loose in (-1.0, 2.0):  # all queries by whole rows, or none
            patched.setattr(nearest, "LOOSE", loose)
            holds(x[:450], x[430:], "l2", 7)
        with pytest.raises((AssertionError, IndexError, ValueError)):
            for loose in (-1.0, 2.0):
                patched.setattr(nearest, "LOOSE", loose)
                with patched.context() as planted:
                    plant(planted, Search, *FAULTS[name])
                    holds(x[:450], x[430:], "l2", 7)
