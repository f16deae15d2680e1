"""What the functions of `ops/reduction` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X, NOTHING, MASK = tensor(2, 3), tensor(2, 0), np.ones(3, bool)


def wrong_axes(function) -> tuple[Refusal, ...]:
    """Axes that x does not have, twice the same one, and what is no axis; masks."""
    return (
        *not_values(function),
        refuses(DTypeError, lambda: function(MASK), "bool[3]"),
        refuses(IndexingError, lambda: function(X, axis=2), "axis 2 of 2 axes"),
        refuses(IndexingError, lambda: function(X, axis=-3), "axis -3"),
        refuses(IndexingError, lambda: function(X, axis="rows"), "rows"),
        refuses(SettingError, lambda: function(X, axis=1, keepdims="yes"), "keepdims 'yes'"),
    )


def several(function) -> tuple[Refusal, ...]:
    return (*wrong_axes(function), refuses(IndexingError, lambda: function(X, axis=(0, 0)), "axis (0, 0)"))


def one(function) -> tuple[Refusal, ...]:
    """What the index of a winner refuses."""
    return (
        *wrong_axes(function),
        refuses(IndexingError, lambda: function(X, axis=(0, 1)), "axis (0, 1)"),
        refuses(ShapeError, lambda: function(NOTHING, axis=1), "f32[2,0]"),
        refuses(SettingError, lambda: function(X, keepdims=True), "without an axis"),
    )


def spreads(function) -> tuple[Refusal, ...]:
    """What the variance and its root refuse."""
    return (
        *several(function),
        *not_floats(function, 3),
        refuses(ShapeError, lambda: function(tensor(1), correction=1), "correction 1"),
        refuses(SettingError, lambda: function(X, correction="one"), "correction 'one'"),
        refuses(SettingError, lambda: function(X, correction=-1), "correction -1"),
        refuses(SettingError, lambda: function(X, correction=np.nan), "correction nan"),
    )


def extreme(function) -> tuple[Refusal, ...]:
    return (*several(function), refuses(ShapeError, lambda: function(NOTHING, axis=1), "f32[2,0]"))


TABLE: dict[str, tuple[Refusal, ...]] = {
    "sum": several(ops.sum),
    "mean": (*several(ops.mean), *not_floats(ops.mean, 3)),
    "var": spreads(ops.var),
    "std": spreads(ops.std),
    "max": extreme(ops.max),
    "min": extreme(ops.min),
    "argmax": one(ops.argmax),
    "argmin": one(ops.argmin),
}
