"""Bars are as long as their values."""

import numpy as np
import pytest

from chainrule.errors import DTypeError, SettingError, ShapeError
from chainrule.pictures import bars

NAMES = ["Shirt", "Coat", "Bag"]


def lengths(reader, picture):
    return [float(one.get("width")) for one in reader.parts(picture, "rect", "bar")]


def test_lengths_words_and_tooltips(reader):
    picture = bars(NAMES, [0.5, 0.25, 0.0], title="Softmax")
    half, quarter, none = lengths(reader, picture)
    assert half == pytest.approx(2 * quarter, abs=0.02)
    assert none == 0
    assert reader.words(picture, "tick") == ["50.0 %", "25.0 %", "0.0 %"]
    assert "Coat: 25.0 %" in reader.tooltips(picture)
    assert reader.words(picture, "title") == ["Softmax"]


def test_the_names_are_all_there(reader):
    assert [word for word in reader.words(bars(["a", "b"], [1, 2])) if word in "ab"] == ["a", "b"]


def test_limit(reader):
    assert lengths(reader, bars(NAMES, [1, 2, 9], percent=False, limit=4))[1:] == pytest.approx(
        [lengths(reader, bars(NAMES, [1, 2, 9], percent=False, limit=4))[0] * factor for factor in (2, 4)],
        abs=0.05,
    )
    full = lengths(reader, bars(["a"], [1.0]))
    assert lengths(reader, bars(["a"], [0.5])) == pytest.approx([full[0] / 2], abs=6)  # of 1, not of itself


def test_negative_values_run_to_the_left(reader):
    picture = bars(["a", "b"], [-1.0, 2.0], percent=False)
    left, right = reader.parts(picture, "rect", "bar")
    zero = float(right.get("x"))
    assert float(left.get("x")) + float(left.get("width")) == pytest.approx(zero, abs=0.02)
    assert float(right.get("width")) == pytest.approx(2 * float(left.get("width")), abs=0.02)
    assert reader.words(picture, "tick") == ["−1", "2"]


def test_what_is_not_finite_is_said_in_words(reader):
    picture = bars(["a", "b", "c", "d"], [np.nan, np.inf, -np.inf, 0.5])
    assert reader.words(picture, "tick") == ["none", "∞", "−∞", "50.0 %"]
    assert lengths(reader, picture)[:3] == [0, 0, 0]
    assert "nan" not in picture


def test_emphasis_mutes_the_others(reader):
    picture = bars(NAMES, [0.1, 0.2, 0.7], emphasis=[2])
    assert [one.get("class").split()[-1] for one in reader.parts(picture, "rect")] == ["cr-muted"] * 2 + [
        "cr-right"
    ]
    assert len(reader.parts(bars(NAMES, [0.1, 0.2, 0.7]), "rect", "right")) == 3


@pytest.mark.parametrize("values", [[0.0, 0.0], [np.nan, np.nan], [1e300, -1e300], [1e-300, 0.0]])
def test_extreme_values_stay_inside(reader, values):
    picture = bars(["a", "b"], values, percent=False)
    assert all(0 <= length <= 440 for length in lengths(reader, picture))


def test_text_is_escaped(reader):
    picture = bars(["<script>", "&\x00"], [1, 2], title="</svg><script>")
    assert "<script" not in picture
    assert "<script>" in reader.words(picture)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: bars([], []), ShapeError),
        (lambda: bars(["a"], [[1]]), ShapeError),
        (lambda: bars(["a"], [1, 2]), ShapeError),
        (lambda: bars(["a"], ["b"]), DTypeError),
        (lambda: bars(["a"], [1], limit=0), SettingError),
        (lambda: bars(["a"], [1], limit=float("nan")), SettingError),
        (lambda: bars(["a"], [1], width=50), SettingError),
    ],
)
def test_bad_input(call, kind):
    with pytest.raises(kind, match="bars: .*expected .*try: "):
        call()
