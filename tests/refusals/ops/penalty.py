"""What the functions of `ops/penalty` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import ops
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, not_floats, not_values, refuses, tensor

W = [tensor(2, 3)]


def not_weights(penalty: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """What is not several arrays of floats."""
    return (
        *not_values(lambda x: penalty([x])),
        *not_floats(lambda x: penalty([x]), 2, 3),
        refuses(DTypeError, lambda: penalty(W[0]), "Tensor"),
        refuses(DTypeError, lambda: penalty(None), "NoneType"),
        refuses(DTypeError, lambda: penalty("weights"), "str"),
        refuses(ShapeError, lambda: penalty([]), "no weights"),
        refuses(ShapeError, lambda: penalty(w for w in ()), "no weights"),
    )


def not_a_strength(act: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """What is no finite number ≥ 0."""
    return tuple(
        refuses(SettingError, lambda value=value: act(value), f"{value!r}")
        for value in (-0.1, float("nan"), float("inf"), "strong", None)
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "l1": (*not_weights(lambda w: ops.l1(w, 0.1)), *not_a_strength(lambda s: ops.l1(W, s))),
    "l2": (*not_weights(lambda w: ops.l2(w, 0.1)), *not_a_strength(lambda s: ops.l2(W, s))),
    "elastic_net": (
        *not_weights(lambda w: ops.elastic_net(w, 0.1, 0.1)),
        *not_a_strength(lambda s: ops.elastic_net(W, s, 0.1)),
        *not_a_strength(lambda s: ops.elastic_net(W, 0.1, s)),
    ),
}
