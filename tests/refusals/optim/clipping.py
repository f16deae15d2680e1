"""What `optim/clipping` refuses."""

from collections.abc import Callable
from typing import Any

from chainrule import optim
from chainrule.errors import SettingError

from ..parameters import weight
from ..rows import Refusal, refuses


def not_limits(clip: Callable[[Any, Any], Any]) -> tuple[Refusal, ...]:
    """Limits that are no numbers ≥ 0, and what holds no gradients."""
    limits = tuple(
        refuses(SettingError, lambda value=value: clip([weight()], value), f"{value!r}")
        for value in (-1, float("nan"), "short", None, True)
    )
    return (
        *limits,
        refuses(SettingError, lambda: clip(None, 1.0), "NoneType"),
        refuses(SettingError, lambda: clip([weight(), 3.0], 1.0), "float"),
        refuses(SettingError, lambda: clip("weights", 1.0), "str"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "clip_grad_norm": not_limits(optim.clip_grad_norm),
    "clip_grad_value": not_limits(optim.clip_grad_value),
}
