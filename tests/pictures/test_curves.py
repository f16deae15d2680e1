"""Curves are well-formed SVG, draw what is there, and stay calm about what is not."""

import re

import numpy as np
import pytest

from chainrule.errors import DTypeError, SettingError, ShapeError
from chainrule.pictures import curves


def numbers(path):
    return [float(number) for number in re.findall(r"-?[\d.]+", path.get("d"))]


def test_a_line_goes_through_its_points(reader):
    picture = curves({"loss": [(0, 0.0), (1, 10.0), (2, 5.0)]})
    (path,) = reader.parts(picture, "path", "line")
    x0, y0, x1, y1, x2, y2 = numbers(path)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y1 < y2 < y0  # up is up
    assert (y0 - y2) == pytest.approx((y0 - y1) / 2, abs=0.2)


def test_title_axes_and_names(reader):
    picture = curves({"train": [1, 2], "validation": [2, 1]}, title="Loss", x_label="epoch", y_label="nats")
    assert reader.words(picture, "title") == ["Loss"]
    assert set(reader.words(picture, "quiet")) == {"epoch", "nats"}
    assert reader.words(picture, "name") == ["train", "validation"]
    assert reader.parse(picture).get("aria-label") == "Loss: train, validation"


def test_few_points_tell_their_values(reader):
    picture = curves({"train": [0.5, 0.25]}, x_label="epoch")
    told = [one for one in reader.tooltips(picture) if ":" in one]
    assert told == ["train: 0.5 at epoch 1", "train: 0.25 at epoch 2"]
    assert len(reader.parts(picture, "circle", "dot")) == 2


def test_more_points_tell_their_values_without_dots(reader):
    picture = curves({"train": np.arange(40)})
    assert len(reader.parts(picture, "circle", "hit")) == 39
    assert len(reader.parts(picture, "circle", "dot")) == 1


@pytest.mark.parametrize("series", [{}, {"a": []}, {"a": [np.nan, np.inf]}, {"a": [], "b": [np.nan]}])
def test_nothing_to_draw_says_so(reader, series):
    picture = curves(series, title="Loss")
    assert "no values yet" in reader.words(picture)
    assert not reader.parts(picture, "path")


@pytest.mark.parametrize("value", [0.0, -2.0, 1e-30, 3.4e38])
@pytest.mark.parametrize("count", [1, 5, 500])
def test_constants_and_single_points(reader, value, count):
    picture = curves({"flat": np.full(count, value)})
    assert "nan" not in picture and "inf" not in picture
    heights = {round(float(one.get("cy")), 1) for one in reader.parts(picture, "circle")}
    assert len(heights) == 1
    assert 0 < heights.pop() < 280


def test_nan_is_a_gap_and_a_lone_point_a_dot(reader):
    picture = curves({"a": [1, 2, np.nan, 3, np.nan, 4, 5]})
    (path,) = reader.parts(picture, "path", "line")
    assert path.get("d").count("M") == 3
    assert len(reader.parts(picture, "circle", "hued")) == 1


def test_many_points_are_smoothed_over_a_faint_raw_line(reader):
    y = np.random.default_rng(0).normal(size=1000)
    raw, strong = reader.parts(curves({"loss": y}), "path", "line")
    assert "cr-raw" in raw.get("class") and "cr-raw" not in strong.get("class")
    assert np.ptp(numbers(strong)[1::2]) < 0.3 * np.ptp(numbers(raw)[1::2])
    assert len(reader.parts(curves({"loss": y[:200]}), "path", "line")) == 1


def test_very_many_points_stay_a_small_picture():
    assert len(curves({"loss": np.random.default_rng(0).normal(size=200_000)})) < 60_000


def test_logarithmic_axis(reader):
    picture = curves({"lr": [1.0, 0.1, 0.01, 0.0, -1.0]}, log_y=True)
    (path,) = reader.parts(picture, "path", "line")
    y = numbers(path)[1::2]
    assert len(y) == 3  # what has no logarithm is left out
    assert y[1] - y[0] == pytest.approx(y[2] - y[1], abs=0.2)
    assert "no values yet" in reader.words(curves({"lr": [0.0, -1.0]}, log_y=True))


def test_close_ends_have_labels_apart(reader):
    picture = curves({f"s{index}": [1, 2 + index / 1000] for index in range(5)})
    heights = sorted(float(one.get("y")) for one in reader.parts(picture, "text", "name"))
    assert min(np.diff(heights)) >= 17.9


def test_many_or_long_names_go_into_a_legend(reader):
    many = curves({f"series {index}": [1, 2] for index in range(11)})
    long = curves({"a name that is much too long to stand at the end": [1, 2]})
    for picture in (many, long):
        assert reader.words(picture, "name") == []
    assert sum(word.startswith("series") for word in reader.words(many)) == 11
    assert len({one.get("class") for one in reader.parts(many, "g") if one.get("class")}) == 8
    assert len(reader.parts(many, "path", "dash")) == 2 * 3  # beyond the eighth hue: line and key


def test_hues_stay_with_their_series_when_one_is_empty(reader):
    picture = curves({"none": [], "train": [1, 2]})
    assert {one.get("class") for one in reader.parts(picture, "g") if one.get("class")} == {"cr-2"}


def test_a_line_that_ends_early_is_led_to_its_name(reader):
    picture = curves({"diverged": [(0, 1), (5, 3)], "train": [(0, 1), (20, 1)]})
    assert len(reader.parts(picture, "path", "lead")) == 1


def test_text_is_escaped(reader):
    nasty = "<script>alert(1)</script>&\x00"
    picture = curves({nasty: [1, 2]}, title=nasty, x_label=nasty, y_label=nasty)
    assert "<script" not in picture
    assert any(word.startswith("<script>") for word in reader.words(picture))


@pytest.mark.parametrize("size", [{"width": 160, "height": 120}, {"width": 1200, "height": 200}])
def test_any_size_keeps_everything_inside(reader, size):
    picture = curves({"a": [1, 2, 3], "b": [3, 2, 9]}, title="t", x_label="x", y_label="y", **size)
    height = float(reader.parse(picture).get("height"))
    assert size["height"] <= height <= size["height"] + 40
    for one in [*reader.parts(picture, "circle"), *reader.parts(picture, "text")]:
        assert 0 <= float(one.get("cx") or one.get("x")) <= size["width"]
        assert 0 <= float(one.get("cy") or one.get("y")) <= height


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: curves({"a": np.zeros((3, 3))}), ShapeError),
        (lambda: curves({"a": ["x"]}), DTypeError),
        (lambda: curves({"a": [1]}, width=10), SettingError),
        (lambda: curves({"a": [1]}, height=10), SettingError),
    ],
)
def test_bad_input(call, kind):
    with pytest.raises(kind, match="curves: .*expected .*try: "):
        call()


def test_a_long_legend_leaves_the_plot_its_room(reader):
    picture = curves({f"a rather long name, number {index}": [1, 2, 3] for index in range(20)})
    heights = [float(one.get("y1")) for one in reader.parts(picture, "line", "grid")]
    assert max(heights) - min(heights) > 20
    assert float(reader.parse(picture).get("height")) > 280
