"""What the functions of `ops/regression` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

X = tensor(2, 3)


def not_alike(loss: Callable[[Any, Any], Any]) -> tuple[Refusal, ...]:
    """What is not two arrays of floats of one shape and dtype."""
    return (
        *not_values(lambda x: loss(x, X)),
        *not_values(lambda x: loss(X, x)),
        *not_floats(lambda x: loss(x, x), 2, 3),
        refuses(ShapeError, lambda: loss(X, tensor(3)), "f32[3]"),
        refuses(ShapeError, lambda: loss(X, tensor(3, 2)), "f32[3,2]"),
        refuses(ShapeError, lambda: loss(X, tensor()), "f32[]"),
        refuses(DTypeError, lambda: loss(X, tensor(2, 3, dtype="float64")), "f64[2,3]"),
    )


def not_above_0(act: Callable[[Any], Any], name: str) -> tuple[Refusal, ...]:
    """A setting that has to be a finite number > 0."""
    return tuple(
        refuses(SettingError, lambda value=value: act(value), f"{name} {value!r}")
        for value in (0.0, -1, float("inf"), "one", True)
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "squared_error": not_alike(ops.squared_error),
    "absolute_error": not_alike(ops.absolute_error),
    "mse": not_alike(ops.mse),
    "huber": (*not_alike(ops.huber), *not_above_0(lambda v: ops.huber(X, X, delta=v), "delta")),
    "smooth_l1": (*not_alike(ops.smooth_l1), *not_above_0(lambda v: ops.smooth_l1(X, X, beta=v), "beta")),
}
