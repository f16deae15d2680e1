"""Pictures go onto any axis that behaves as matplotlib's; only `new_axes` needs the library."""

import subprocess
import sys

import numpy as np
import pytest

from chainrule.errors import DTypeError, MissingExtraError, SettingError, ShapeError
from chainrule.pictures import diverging, new_axes, plot_curves, show_on


class Recorder:
    """An axis that writes down what is asked of it."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *args, **settings: self.calls.append((name, args, settings))

    def named(self, name):
        return [call for call in self.calls if call[0] == name]


def test_show_on_paints_the_exact_pixels():
    ax = Recorder()
    show_on(ax, np.array([[0, 128, 255]], np.uint8))
    ((_, (shown,), settings),) = ax.named("imshow")
    assert shown.tolist() == [[[0, 0, 0, 255], [128, 128, 128, 255], [255, 255, 255, 255]]]
    assert settings == {"interpolation": "nearest"}
    assert ax.named("set_axis_off")


def test_show_on_takes_images():
    ax = Recorder()
    image = diverging([[-1.0, 1.0]])
    show_on(ax, image)
    assert ax.named("imshow")[0][1][0][..., :3].tolist() == np.asarray(image).tolist()


def test_plot_curves_names_lines_and_keeps_gaps():
    ax = Recorder()
    plot_curves(ax, {"train": [1.0, np.nan, 3.0], "validation": [(5, 1), (6, 2)]})
    plots = ax.named("plot")
    assert [settings["label"] for _, _, settings in plots] == ["train", "validation"]
    np.testing.assert_array_equal(plots[0][1][1], [1, np.nan, 3])
    np.testing.assert_array_equal(plots[1][1][0], [5, 6])
    assert ax.named("legend")


def test_plot_curves_of_many_points_draws_raw_and_smooth():
    ax = Recorder()
    plot_curves(ax, {"loss": np.random.default_rng(0).normal(size=500)})
    (_, (_, raw), faint), (_, (_, calm), strong) = ax.named("plot")
    assert np.ptp(calm) < 0.5 * np.ptp(raw)
    assert faint["alpha"] < 1 and "label" not in faint
    assert faint["color"] == strong["color"]


def test_plot_curves_of_nothing():
    ax = Recorder()
    plot_curves(ax, {})
    assert ax.calls == []


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: show_on(None, np.zeros((2, 2))), SettingError),
        (lambda: plot_curves("ax", {}), SettingError),
        (lambda: show_on(Recorder(), np.zeros((2, 2, 2))), ShapeError),
        (lambda: show_on(Recorder(), [["a"]]), DTypeError),
        (lambda: plot_curves(Recorder(), {"a": np.zeros((2, 3))}), ShapeError),
    ],
)
def test_bad_input(call, kind):
    with pytest.raises(kind, match="expected .*try: "):
        call()


def test_without_matplotlib_there_is_an_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'chainrule\[plot\]'"):
        new_axes()


def test_importing_the_room_does_not_import_matplotlib():
    code = "import sys, chainrule.pictures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_with_matplotlib(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    ax = new_axes(3, 2)
    plot_curves(ax, {"loss": np.arange(300.0), "flat": [1.0, 2.0]})
    assert len(ax.lines) == 3
    show_on(ax, np.zeros((3, 4, 5)))
    assert ax.images[0].get_array().shape == (4, 5, 4)
    ax.figure.canvas.draw()
    pyplot.close(ax.figure)
