"""What the penalties of `nn/penalty` refuse."""

from collections.abc import Callable
from typing import Any

from chainrule import nn
from chainrule.errors import DTypeError, SettingError, ShapeError

from ..rows import Refusal, refuses, tensor


def not_a_strength(act: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """What is no finite number ≥ 0."""
    return tuple(
        refuses(SettingError, lambda value=value: act(value), f"{value!r}")
        for value in (-0.1, float("nan"), float("inf"), "strong", None)
    )


def not_weights(penalty: nn.Module) -> tuple[Refusal, ...]:
    """What is not several arrays of floats."""
    return (
        refuses(ShapeError, lambda: penalty([]), "no weights"),
        refuses(DTypeError, lambda: penalty(tensor(3)), "Tensor"),
        refuses(DTypeError, lambda: penalty([tensor(3, dtype="int64")]), "i64[3]"),
        refuses(DTypeError, lambda: penalty(["w"]), "str"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "L1": (*not_a_strength(nn.L1), *not_weights(nn.L1(0.1))),
    "L2": (*not_a_strength(nn.L2), *not_weights(nn.L2(0.1))),
    "ElasticNet": (
        *not_a_strength(lambda v: nn.ElasticNet(v, 0.1)),
        *not_a_strength(lambda v: nn.ElasticNet(0.1, v)),
        *not_weights(nn.ElasticNet(0.1, 0.1)),
    ),
}
