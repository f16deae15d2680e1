"""A confusion matrix prints its counts, shades by share, and tells each cell."""

import math

import numpy as np
import pytest

from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.pictures import matrix
from chainrule.pictures.labels import text_width

COUNTS = [[8, 2, 0], [0, 5, 0], [0, 0, 0]]
NAMES = ["Shirt", "Coat", "Bag"]


def test_counts_and_names(reader):
    picture = matrix(COUNTS, NAMES, NAMES, title="Mistakes")
    assert reader.words(picture, "count") == ["8", "2", "5"]
    assert reader.words(picture, "title") == ["Mistakes"]
    assert set(reader.words(picture, "quiet")) == {"is ↓", "called →"}
    assert [word for word in reader.words(picture) if word in NAMES] == NAMES * 2


def test_shade_is_the_share_of_the_row(reader):
    cells = reader.parts(matrix(COUNTS, NAMES, NAMES), "rect", "cell")
    assert len(cells) == 9
    opacity = [float(one.get("fill-opacity", 0)) for one in cells]
    expected = [math.sqrt(0.8), math.sqrt(0.2), 0, 0, 1, 0, 0, 0, 0]
    assert opacity == pytest.approx(expected, abs=0.01)


def test_diagonal_has_the_other_hue(reader):
    picture = matrix(COUNTS, NAMES, NAMES)
    assert len(reader.parts(picture, "rect", "right")) == 2
    assert len(reader.parts(picture, "rect", "wrong")) == 1


def test_tooltips_read_as_sentences(reader):
    told = reader.tooltips(matrix(COUNTS, NAMES, NAMES))
    assert "2 of 10 Shirt called Coat (20.0%)" in told
    assert "0 of 0 Bag called Shirt (0.0%)" in told


def test_without_the_same_labels_equal_names_are_right(reader):
    picture = matrix([[1, 2, 3], [4, 5, 6]], ["Coat", "Bag"], ["Shirt", "Bag", "Coat"])
    right = [one[0].text for one in reader.parts(picture, "rect", "right")]
    assert right == ["3 of 6 Coat called Coat (50.0%)", "5 of 15 Bag called Bag (33.3%)"]


def test_labels_that_repeat_still_have_one_diagonal(reader):
    assert len(reader.parts(matrix(np.ones((2, 2)), ["a", "a"], ["a", "a"]), "rect", "right")) == 2


def test_long_names_are_turned_and_shortened_with_a_tooltip(reader):
    long = "a very long name that has no room at all"
    picture = matrix(COUNTS, [long, "b", "c"], [long, "b", "c"])
    turned = [one for one in reader.parts(picture, "text") if one.get("transform")]
    assert len(turned) == 3
    assert turned[0].text.endswith("…")
    assert reader.tooltips(picture).count(long) == 2
    assert not [one for one in reader.parts(matrix(COUNTS, *["abc"] * 2), "text") if one.get("transform")]


@pytest.mark.parametrize("title", ["", "A title much longer than three cells are wide, truly"])
@pytest.mark.parametrize("names", [NAMES, ["a rather long class name"] * 3])
def test_everything_is_inside(reader, names, title):
    picture = matrix(COUNTS, names, names, title=title)
    root = reader.parse(picture)
    width, height = float(root.get("width")), float(root.get("height"))
    for one in reader.parts(picture, "rect"):
        x, y = float(one.get("x")), float(one.get("y"))
        assert x >= 0 and x + float(one.get("width")) <= width
        assert y >= 0 and y + float(one.get("height")) <= height
    for one in reader.parts(picture, "text", "title"):
        assert text_width(one.text, 16) <= width


@pytest.mark.parametrize("classes", [1, 2, 10, 100])
def test_from_one_class_to_a_hundred(reader, classes):
    names = [f"class {index}" for index in range(classes)]
    picture = matrix(np.eye(classes, dtype=int) * 7, names, names)
    assert len(reader.parts(picture, "rect", "right")) == classes
    assert float(reader.parse(picture).get("width")) < 900
    assert len(reader.words(picture, "count")) == (classes if classes <= 10 else 0)


def test_large_and_broken_counts(reader):
    picture = matrix([[1_234_567, 1], [0.5, 0.25]], ["a", "b"], ["a", "b"])
    assert "1,234,567 of 1,234,568 a called a (100.0%)" in reader.tooltips(picture)
    assert "0.25" in reader.words(picture, "count")


def test_text_is_escaped(reader):
    nasty = ["<script>", "</svg>", "&\x00"]
    picture = matrix(COUNTS, nasty, nasty, title="<script>", row_title="<i>", column_title="</text>")
    assert "<script" not in picture
    assert "<script>" in reader.words(picture)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: matrix([1, 2], ["a"], ["b"]), ShapeError),
        (lambda: matrix(np.zeros((0, 0)), [], []), ShapeError),
        (lambda: matrix(COUNTS, NAMES[:2], NAMES), ShapeError),
        (lambda: matrix(COUNTS, NAMES, NAMES + ["Dress"]), ShapeError),
        (lambda: matrix([["a"]], ["a"], ["a"]), DTypeError),
        (lambda: matrix([[-1]], ["a"], ["a"]), DataError),
        (lambda: matrix([[np.nan]], ["a"], ["a"]), DataError),
        (lambda: matrix([[np.inf]], ["a"], ["a"]), DataError),
    ],
)
def test_bad_input(call, kind):
    with pytest.raises(kind, match="matrix: .*expected .*try: "):
        call()
