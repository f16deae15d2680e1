"""What the functions of `ops/scan` refuse."""

import numpy as np

from chainrule import ops
from chainrule.errors import DTypeError, IndexingError, SettingError

from ..rows import Refusal, not_values, refuses, tensor

X = tensor(2, 3)

TABLE: dict[str, tuple[Refusal, ...]] = {
    "cumulative_sum": (
        *not_values(ops.cumulative_sum),
        refuses(DTypeError, lambda: ops.cumulative_sum(np.ones(3, bool)), "bool[3]"),
        refuses(SettingError, lambda: ops.cumulative_sum(X), "2 axes"),
        refuses(SettingError, lambda: ops.cumulative_sum(1.0), "0 axes"),
        refuses(IndexingError, lambda: ops.cumulative_sum(X, axis=2), "axis 2"),
        refuses(IndexingError, lambda: ops.cumulative_sum(X, axis=(0, 1)), "axis (0, 1)"),
        refuses(IndexingError, lambda: ops.cumulative_sum(X, axis="rows"), "rows"),
        refuses(
            SettingError, lambda: ops.cumulative_sum(X, axis=0, include_initial=0.0), "include_initial 0.0"
        ),
    ),
}
