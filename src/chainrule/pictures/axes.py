"""Pictures on a matplotlib axis, for people who have one. Matplotlib is needed by `new_axes` alone."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from ..errors import MissingExtraError, SettingError
from .images import picture
from .lines import Series, read_series, smoothed


class Axes(Protocol):
    """What is asked of an axis: matplotlib's has it, and so may anything else.

    >>> hasattr(Axes, "imshow")
    True
    """

    def imshow(self, *args: Any, **settings: Any) -> Any: ...

    def plot(self, *args: Any, **settings: Any) -> Any: ...

    def legend(self, *args: Any, **settings: Any) -> Any: ...

    def set_axis_off(self) -> Any: ...


def show_on(ax: Axes, image: Image.Image | ArrayLike) -> None:
    """Show an image, or an array as `picture` paints it, with crisp pixels and without ticks.

    ax:     a matplotlib axis
    image:  a Pillow image, or an array (H, W), (1, H, W) or (3, H, W)
    Raises ShapeError, DTypeError as `picture` does; SettingError if ax is no axis.

    >>> from unittest.mock import Mock
    >>> ax = Mock()  # or new_axes()
    >>> show_on(ax, np.zeros((2, 3)))
    >>> ax.imshow.call_args.args[0].shape
    (2, 3, 4)
    """
    _check("show_on", ax, "imshow", "set_axis_off")
    shown = image if isinstance(image, Image.Image) else picture(image)
    # RGBA, because matplotlib would paint a grey image in its own colours.
    ax.imshow(np.asarray(shown.convert("RGBA")), interpolation="nearest")
    ax.set_axis_off()


def plot_curves(ax: Axes, series: Series) -> None:
    """Plot named lines as `curves` draws them: a gap at NaN, long lines smoothed over their raw values.

    ax:      a matplotlib axis
    series:  name → (N,) values at x = 1, 2, 3 …, or (N, 2) pairs (x, y)
    Raises ShapeError, DTypeError for series that are no lines; SettingError if ax is no axis.

    >>> from unittest.mock import Mock
    >>> ax = Mock()  # or new_axes()
    >>> plot_curves(ax, {"train": [2.3, 0.9], "validation": [2.1, 1.0]})
    >>> ax.plot.call_count
    2
    """
    _check("plot_curves", ax, "plot", "legend")
    lines = read_series("plot_curves", series)
    for index, line in enumerate(lines):
        colour = f"C{index % 10}"
        if line.many:
            ax.plot(line.x, line.y, color=colour, alpha=0.25, linewidth=0.8)
            line = smoothed(line)
        ax.plot(line.x, line.y, color=colour, label=line.name)
    if lines:
        ax.legend(frameon=False)


def new_axes(width: float = 6.4, height: float = 4.0) -> Any:
    """Return a new matplotlib axis on a figure of its own.

    width, height:  inches
    Raises MissingExtraError where matplotlib is not installed.
    Example: `plot_curves(new_axes(), {"loss": [2.3, 0.9, 0.5]})`.
    """
    try:
        # By name, so that type checkers need not have what is optional.
        pyplot = importlib.import_module("matplotlib.pyplot")
    except ImportError as missing:
        hint = "pip install 'chainrule[plot]'"
        raise MissingExtraError(
            "new_axes", "matplotlib is not installed", "the extra 'plot'", hint
        ) from missing
    return pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def _check(who: str, ax: object, *methods: str) -> None:
    if not all(hasattr(ax, method) for method in methods):
        hint = "pass ax=new_axes(), or one of matplotlib's subplots()"
        raise SettingError(who, f"ax is a {type(ax).__name__}", "a matplotlib axis", hint)
