"""What the functions of `ops/order` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_values, refuses, tensor

X = tensor(2, 3)


def in_order(function) -> tuple[Refusal, ...]:
    return (
        *not_values(function),
        refuses(DTypeError, lambda: function(np.ones(3, bool)), "bool[3]"),
        refuses(IndexingError, lambda: function(X, axis=2), "axis 2"),
        refuses(IndexingError, lambda: function(X, axis=None), "axis None"),
        refuses(IndexingError, lambda: function(1.0), "axis -1 of 0 axes"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "sort": (
        *in_order(ops.sort),
        refuses(SettingError, lambda: ops.sort(X, descending="no"), "descending 'no'"),
    ),
    "argsort": (
        *in_order(ops.argsort),
        refuses(SettingError, lambda: ops.argsort(X, descending=-1), "descending -1"),
    ),
    "top_k": (
        *in_order(lambda x, **settings: ops.top_k(x, 1, **settings)),
        refuses(ShapeError, lambda: ops.top_k(X, 4), "k 4 of 3 numbers"),
        refuses(SettingError, lambda: ops.top_k(X, -1), "k -1"),
        refuses(SettingError, lambda: ops.top_k(X, 1.0), "k 1.0"),
        refuses(SettingError, lambda: ops.top_k(X, True), "k True"),
        refuses(SettingError, lambda: ops.top_k(X, 1, largest=0), "largest 0"),
        refuses(SettingError, lambda: ops.top_k(X, 1, sorted=None), "sorted None"),
    ),
}
