"""What the losses of `nn/regression` refuse."""

from chainrule import nn
from chainrule.errors import DataError, DTypeError, SettingError, ShapeError

from ..rows import Refusal, refuses, tensor
from .loss import EMPTY, not_settings

X = tensor(2, 3)


def not_alike(loss: type[nn.Module]) -> tuple[Refusal, ...]:
    """Inputs that do not fit, and reductions that there are not."""
    return (
        *not_settings(loss),
        refuses(ShapeError, lambda: loss()(X, tensor(3)), "f32[3]"),
        refuses(DTypeError, lambda: loss()(X, tensor(2, 3, dtype="float64")), "f64[2,3]"),
        refuses(DTypeError, lambda: loss()(X, "far"), "str"),
        refuses(DataError, lambda: loss()(EMPTY, EMPTY), "an empty batch"),
    )


TABLE: dict[str, tuple[Refusal, ...]] = {
    "MSELoss": not_alike(nn.MSELoss),
    "L1Loss": not_alike(nn.L1Loss),
    "HuberLoss": (
        *not_alike(nn.HuberLoss),
        refuses(SettingError, lambda: nn.HuberLoss(delta=0), "delta 0"),
        refuses(SettingError, lambda: nn.HuberLoss(delta=None), "delta None"),
    ),
    "SmoothL1Loss": (
        *not_alike(nn.SmoothL1Loss),
        refuses(SettingError, lambda: nn.SmoothL1Loss(beta=0), "beta 0"),
        refuses(SettingError, lambda: nn.SmoothL1Loss(beta=float("nan")), "beta nan"),
    ),
}
