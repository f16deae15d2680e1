"""Tables of weights: each kind by hand, and the way back as the transpose."""

import numpy as np
import pytest

from chainrule.errors import SettingError
from chainrule.ops.resample import KINDS, Resample, check_kind, shares

from .peers import refused


def matrix(gate):
    """All weights at once, (places, pixels)."""
    places, weights, count = gate.table()
    out = np.zeros((len(count), gate.places() if gate.back else gate.size))
    for place, weight in zip(places, weights, strict=True):
        out[np.arange(len(count)), place] += weight
    return out


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (Resample(0, "nearest", 2, 4, 0.5), [[1, 0], [1, 0], [0, 1], [0, 1]]),
        (Resample(0, "linear", 2, 4, 0.5), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]),
        (Resample(0, "aligned", 2, 3), [[1, 0], [0.5, 0.5], [0, 1]]),
        (Resample(0, "aligned", 3, 1), [[1, 0, 0]]),
        (Resample(0, "mean", 3, 2), [[0.5, 0.5, 0], [0, 0.5, 0.5]]),
        (Resample(0, "shares", 3, 2), [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]),
        (Resample(0, "mean", 2, 3), [[1, 0], [0.5, 0.5], [0, 1]]),
    ],
    ids=str,
)
def test_weights_by_hand(gate, expected):
    assert np.allclose(matrix(gate), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_all_weights_of_a_place_sum_to_one(kind):
    for size in range(1, 8):
        for output in range(1, 12):
            gate = Resample(0, kind, size, output, size / output)
            assert np.allclose(matrix(gate).sum(1), 1)
            assert np.array_equal(
                matrix(Resample(0, kind, size, output, size / output, True)), matrix(gate).T
            )


def test_only_what_has_weight_is_in_the_table():
    """A pixel of weight 0 that is infinite would make NaN."""
    places, weights, count = Resample(0, "linear", 3, 6, 0.5).table()
    assert count.tolist() == [1, 2, 2, 2, 2, 1]
    assert (weights[np.arange(len(places))[:, None] < count] > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_no_step_leads_out_of_the_pixels(kind):
    """A saved step may say any: no kernel looks outside for it."""
    for step in (0.0, 3.0, 1e300):
        for back in (False, True):
            places, _, count = Resample(0, kind, 4, 5, step, back).table()
            assert places.min(initial=0) >= 0
            assert places.max(initial=0) < (Resample(0, kind, 4, 5).places() if back else 4)
            assert len(count) == (4 if back else Resample(0, kind, 4, 5).places())


def test_shares_are_made_equally_long_by_more_of_their_last_pixel():
    places, weights, count = Resample(0, "shares", 5, 3).table()
    assert places.tolist() == [[0, 1, 1, 1, 2, 3, 3, 4, 4]]
    assert (weights == 1).all() and (count == 1).all()


def test_shares_are_all_pixels_and_overlap_where_they_must():
    first, stop = shares(7, 3)
    assert (first.tolist(), stop.tolist()) == ([0, 2, 4], [3, 5, 7])
    assert [part.tolist() for part in shares(6, 3)] == [[0, 2, 4], [2, 4, 6]]


@pytest.mark.parametrize(
    "gate",
    [
        Resample(0, "cubic", 2, 4),
        Resample(0, "mean", 0, 4),
        Resample(0, "mean", 4, 0),
        Resample(0, "linear", 2, 4, float("nan")),
        Resample(0, "linear", 2, 4, -0.5),
    ],
    ids=str,
)
def test_settings_of_no_table(gate):
    refused(SettingError, lambda: check_kind(gate), "resample", "linear")
