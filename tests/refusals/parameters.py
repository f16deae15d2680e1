"""What every optimizer refuses, and every schedule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import Tensor, optim
from chainrule.errors import SettingError

from .rows import Refusal, refuses


def weight(frozen: bool = False) -> Tensor:
    """A parameter."""
    return Tensor([1.0, 2.0], requires_grad=not frozen)


def optimizer(**settings: Any) -> optim.Optimizer:
    """One of one weight."""
    return optim.SGD([weight()], lr=0.1, **settings)


def not_parameters(rule: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """What an optimizer cannot train."""
    w = weight()
    return (
        refuses(SettingError, lambda: rule([]), "an empty list"),
        refuses(SettingError, lambda: rule(w), "Tensor"),
        refuses(SettingError, lambda: rule(None), "NoneType"),
        refuses(SettingError, lambda: rule([1.0]), "float"),
        refuses(SettingError, lambda: rule([w, w]), "twice"),
        refuses(SettingError, lambda: rule([w * 2]), "multiply"),
        refuses(SettingError, lambda: rule([weight(frozen=True)]), "frozen"),
        refuses(SettingError, lambda: rule([w, {"params": [weight()]}]), "mixed"),
        refuses(SettingError, lambda: rule([{"params": [w], "speed": 1}]), "speed"),
        refuses(SettingError, lambda: rule([{"lr": 0.1}]), "without 'params'"),
        refuses(SettingError, lambda: rule([{"params": [w], "l1": -1}]), "l1 = -1"),
        refuses(SettingError, lambda: rule([{"params": [w], "max_norm": "short"}]), "'short'"),
    )


def not_settings(make: Callable[..., Any], *given: tuple[str, Any]) -> tuple[Refusal, ...]:
    """Names of settings, each with a value that it cannot have."""
    return tuple(
        refuses(SettingError, lambda name=name, value=value: make(**{name: value}), name, f"{value!r}")
        for name, value in given
    )


def not_an_optimizer(schedule: Callable[[Any], Any]) -> tuple[Refusal, ...]:
    """What a schedule has no rate to set of."""
    return (
        refuses(SettingError, lambda: schedule(None), "NoneType"),
        refuses(SettingError, lambda: schedule(0.1), "float"),
        refuses(SettingError, lambda: schedule([weight()]), "list"),
    )
