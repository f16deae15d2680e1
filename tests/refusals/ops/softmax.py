"""What the functions of `ops/softmax` refuse."""

from chainrule import ops
from chainrule.errors import IndexingError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X = tensor(2, 3)


def scores(function) -> tuple[Refusal, ...]:
    return (
        *not_values(function),
        *not_floats(function, 3),
        refuses(ShapeError, lambda: function(tensor(2, 0), axis=1), "f32[2,0]"),
        refuses(IndexingError, lambda: function(X, axis=2), "axis 2"),
        refuses(IndexingError, lambda: function(X, axis="classes"), "classes"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "logsumexp": (
        *scores(ops.logsumexp),
        refuses(IndexingError, lambda: ops.logsumexp(X, axis=(0, 0)), "axis (0, 0)"),
        refuses(SettingError, lambda: ops.logsumexp(X, keepdims=None), "keepdims None"),
    ),
    "softmax": (*scores(ops.softmax), refuses(IndexingError, lambda: ops.softmax(X, axis=None), "axis None")),
    "log_softmax": (
        *scores(ops.log_softmax),
        refuses(IndexingError, lambda: ops.log_softmax(1.0), "axis -1 of 0 axes"),
    ),
}
