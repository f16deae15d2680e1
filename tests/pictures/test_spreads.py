"""Means with their spread: every sample is there, bars reach one deviation, ticks stand at the places of x."""

import re

import numpy as np
import pytest

from chainrule.errors import DataError, DTypeError, SettingError, ShapeError
from chainrule.pictures import Samples, spreads

Y = np.array([[80.0, 82.0], [85.0, 91.0], [70.0, 70.0]])


def test_samples_means_and_bars(reader):
    picture = spreads([Samples("l2", [1, 10, 100], Y)], x_label="k", y_label="% right")
    faint, dots = reader.parts(picture, "circle", "faint"), reader.parts(picture, "circle", "dot")
    assert len(faint) == 6 and len(dots) == 3
    down = [float(dot.get("cy")) for dot in dots]
    assert down[1] < down[0] < down[2]
    ends = [re.findall(r"[\d.]+", bar.get("d")) for bar in reader.parts(picture, "path", "bars")]
    reach = [float(dot) - float(end[1]) for dot, end in zip(down, ends, strict=True)]
    below = [float(end[5]) - float(dot) for dot, end in zip(down, ends, strict=True)]
    assert below == pytest.approx(reach, abs=0.2)
    scale = (down[0] - down[1]) / (88 - 81)
    assert reach == pytest.approx(np.std(Y, axis=1, ddof=1) * scale, abs=0.2)
    assert "l2, k 10: 88 ± 4.2" in reader.tooltips(picture)


def test_ticks_stand_at_the_places(reader):
    assert [w for w in reader.words(spreads([Samples("l2", [1, 3, 7], Y)]), "tick") if w in "137"] == list(
        "137"
    )
    crowded = spreads([Samples("l2", np.arange(1, 301), np.ones((300, 2)))], width=300)
    assert 3 < len(reader.words(crowded, "tick")) < 40


def test_several_lines_are_named(reader):
    two = [Samples("l2", [1, 3, 7], Y), Samples("cosine", [1, 3, 7], Y - 3)]
    assert {"l2", "cosine"} <= set(reader.words(spreads(two), "ink"))
    assert not reader.words(spreads(two[:1]), "ink")


def test_the_best_is_ringed(reader):
    picture = spreads([Samples("l2", [1, 3, 7], Y)], best=(0, 1))
    assert len(reader.parts(picture, "circle", "ring")) == 1
    assert reader.words(picture, "name") == ["3: 88.0 ± 4.2"]


def test_what_is_missing_leaves_a_gap(reader):
    gap = Y.copy()
    gap[1, 0] = np.nan
    picture = spreads([Samples("l2", [1, 3, 7], gap)])
    assert (
        len(reader.parts(picture, "circle", "faint")) == 5
        and len(reader.parts(picture, "circle", "dot")) == 2
    )
    assert len(reader.parts(spreads([Samples("one", [1.0], [[5.0]])]), "circle", "dot")) == 1


@pytest.mark.parametrize(
    ("series", "kind", "came"),
    [
        ([], DataError, "no line"),
        ([Samples("a", [1, 1, 2], Y)], DataError, "does not rise"),
        ([Samples("a", [0, 1, 2], Y)], DataError, "does not rise from above 0"),
        ([Samples("a", [1, 2], Y)], ShapeError, "2 places of x for 3"),
        ([Samples("a", [1, 2, 3], Y[0])], ShapeError, "y has shape"),
        ([Samples("a", [1, 2, 3], Y.astype(str))], DTypeError, "dtype"),
    ],
)
def test_what_is_refused(series, kind, came):
    with pytest.raises(kind, match=came):
        spreads(series)


def test_a_size_too_small():
    with pytest.raises(SettingError, match="20 x 400"):
        spreads([Samples("a", [1, 2, 3], Y)], width=20)
