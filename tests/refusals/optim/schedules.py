"""What the schedules of `optim/schedules` refuse."""

from chainrule import optim
from chainrule.errors import SettingError

from ..parameters import not_an_optimizer, not_settings, optimizer
from ..rows import Refusal, refuses

CYCLE = {"max_lr": 0.1, "total_steps": 9}


def stepped(schedule: optim.Schedule, times: int) -> None:
    for _ in range(times):
        schedule.step()


TABLE: dict[str, tuple[Refusal, ...]] = {
    "StepLR": (
        *not_an_optimizer(lambda o: optim.StepLR(o, 3)),
        *not_settings(
            lambda **s: optim.StepLR(optimizer(), **({"step_size": 3} | s)),
            ("step_size", 0),
            ("step_size", 2.5),
            ("gamma", -1),
        ),
    ),
    "CosineAnnealingLR": (
        *not_an_optimizer(lambda o: optim.CosineAnnealingLR(o, 3)),
        *not_settings(
            lambda **s: optim.CosineAnnealingLR(optimizer(), **({"T_max": 3} | s)),
            ("T_max", 0),
            ("T_max", True),
            ("eta_min", float("nan")),
        ),
    ),
    "LinearLR": (
        *not_an_optimizer(optim.LinearLR),
        *not_settings(
            lambda **s: optim.LinearLR(optimizer(), **s),
            ("start_factor", -1),
            ("end_factor", None),
            ("total_iters", 0),
        ),
    ),
    "ExponentialLR": (
        *not_an_optimizer(lambda o: optim.ExponentialLR(o, 0.9)),
        *not_settings(
            lambda **s: optim.ExponentialLR(optimizer(), **s),
            ("gamma", -0.1),
            ("gamma", float("inf")),
            ("gamma", "0.9"),
        ),
    ),
    "InverseTimeLR": (
        *not_an_optimizer(lambda o: optim.InverseTimeLR(o, 0.1)),
        *not_settings(
            lambda **s: optim.InverseTimeLR(optimizer(), **s),
            ("decay", -0.1),
            ("decay", None),
            ("decay", True),
        ),
    ),
    "PolynomialLR": (
        *not_an_optimizer(optim.PolynomialLR),
        *not_settings(
            lambda **s: optim.PolynomialLR(optimizer(), **s),
            ("total_iters", 0),
            ("total_iters", "5"),
            ("power", -1),
            ("power", float("nan")),
        ),
    ),
    "OneCycleLR": (
        *not_an_optimizer(lambda o: optim.OneCycleLR(o, **CYCLE)),
        *not_settings(
            lambda **s: optim.OneCycleLR(optimizer(momentum=0.9), **(CYCLE | s)),
            ("max_lr", -1),
            ("total_steps", 0),
            ("pct_start", 1.0),
            ("cycle_momentum", "yes"),
            ("max_momentum", 1.5),
            ("div_factor", 0.5),
        ),
        refuses(SettingError, lambda: optim.OneCycleLR(optimizer(), **CYCLE), "no momentum"),
        refuses(SettingError, lambda: optim.OneCycleLR(optimizer(momentum=0.9), [0.1, 0.2], 9), "2 rates"),
        refuses(
            SettingError, lambda: stepped(optim.OneCycleLR(optimizer(momentum=0.9), 0.1, 3), 4), "step 4"
        ),
    ),
}
