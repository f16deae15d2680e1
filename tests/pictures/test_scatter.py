"""A scatter: marks where their numbers are, shapes by group, shades as opacity, the best ringed, failures crossed."""

import numpy as np
import pytest

from chainrule.errors import DataError, DTypeError, SettingError, ShapeError
from chainrule.pictures import Box, scatter

X, Y = [1e-3, 1e-2, 1e-1], [1e-4, 1e-3, 1e-2]


def test_marks_stand_on_logarithmic_axes(reader):
    picture = scatter(X, Y, [1, 1, 1], x_label="lr", y_label="l2", title="Trials")
    circles = reader.parts(picture, "circle", "mark")
    across, down = ([float(c.get(k)) for c in circles] for k in ("cx", "cy"))
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.1)
    assert down[0] - down[1] == pytest.approx(down[1] - down[2], abs=0.1) and down[0] > down[1]
    assert reader.words(picture, "title") == ["Trials"] and set(reader.words(picture, "quiet")) == {
        "lr",
        "l2",
    }


def test_shades_are_opacity_and_the_fullest_lie_on_top(reader):
    circles = reader.parts(scatter(X, Y, [0.5, 1.0, 0.0]), "circle", "mark")
    full = [float(c.get("fill-opacity")) for c in circles]
    assert full == sorted(full) and full[-1] == 1 and 0 < full[0] < 0.1


def test_groups_have_shapes_and_failures_are_crosses(reader):
    picture = scatter(
        X, Y, [0.5, np.nan, 0.7], groups=["round 1", "round 1", "round 2"], keys=[("80 %", 0.3)]
    )
    assert len(reader.parts(picture, "circle", "mark")) == 3  # one trial, one of the legend, one key
    assert len(reader.parts(picture, "path", "mark")) == 2
    assert len(reader.parts(picture, "path", "bars")) == 2
    words = reader.words(picture)
    assert {"round 1", "round 2", "80 %", "failed"} <= set(words)


def test_the_best_has_a_ring_and_its_name(reader):
    names = ["one", "two", "three, which is long"]
    picture = scatter(X, Y, [1, 1, 1], names=names, best=2, best_name="the best by far")
    (ring,) = reader.parts(picture, "circle", "ring")
    assert ring.get("cx") == max((c.get("cx") for c in reader.parts(picture, "circle", "mark")), key=float)
    (name,) = reader.parts(picture, "text", "name")
    assert name.text == "the best by far" and name.get("text-anchor") == "end"  # no room to the right
    assert reader.tooltips(picture) == names


def test_boxes_widen_the_axes(reader):
    (box,) = reader.parts(scatter(X, Y, [1, 1, 1], boxes=[Box((1e-5, 1), (1e-6, 1))]), "rect", "box")
    assert float(box.get("width")) > 700 and float(box.get("height")) > 300


@pytest.mark.parametrize(
    ("given", "kind", "came"),
    [
        ({"x": [0.0, 1, 2]}, DataError, "x has numbers that are not above 0"),
        ({"y": [1, 2, np.inf]}, DataError, "y has numbers"),
        ({"y": [1, 2]}, ShapeError, "2 y for 3"),
        ({"shades": [0, 1, 2]}, DataError, "shades outside"),
        ({"shades": ["a", "b", "c"]}, DTypeError, "shades has dtype"),
        ({"groups": ["a"]}, ShapeError, "1 groups for 3"),
        ({"names": ["a"]}, ShapeError, "1 names for 3"),
        ({"width": 90}, SettingError, "90 x 460"),
        ({"x": [], "y": [], "shades": []}, ShapeError, "empty"),
    ],
)
def test_what_is_refused(given, kind, came):
    with pytest.raises(kind, match=came):
        scatter(**{"x": X, "y": Y, "shades": [1, 1, 1], **given})
